//! New passwords, and what they end.

use crate::bench::{Bench, Browser, PASSWORD, TRIES_PER_NETWORK, request, through_front_door};
use contracts::mail::Letter;
use http::{StatusCode, header};
use serde_json::{Value, json};
use std::time::Duration;

const ADA: &str = "ada@example.com";
const NEW: &str = "another horse battery";
const MINUTE: Duration = Duration::from_mins(1);

async fn forgot(bench: &Bench, email: &str) -> crate::bench::Answer {
    bench.post("/api/password/forgot", None, &json!({ "email": email })).await
}

async fn reset(bench: &Bench, token: &str, password: &str) -> crate::bench::Answer {
    let body = json!({ "token": token, "password": password });
    bench.post("/api/password/reset", None, &body).await
}

async fn change(bench: &Bench, token: &str, current: &str, password: &str) -> StatusCode {
    let body = json!({ "current_password": current, "password": password });
    bench.post("/api/password/change", Some(token), &body).await.status
}

async fn is_password(bench: &Bench, password: &str) -> bool {
    bench.sign_in(ADA, password).await.status == StatusCode::OK
}

async fn ada(bench: &Bench) -> Browser {
    bench.customer(ADA).await;
    bench.browser(ADA).await
}

#[tokio::test]
async fn a_letter_sets_a_new_password_and_ends_every_session() {
    let bench = Bench::new();
    let browser = ada(&bench).await;
    assert_eq!(forgot(&bench, "Ada@Example.com").await.status, StatusCode::ACCEPTED);
    let token = bench.mailed_token();
    assert_ne!(bench.api.accounts.resets()[0].token.0, token, "stored as a hash");
    assert!(bench.opens(&browser.token).await, "asking ends nothing");

    let answer = reset(&bench, &token, NEW).await;
    assert_eq!((answer.status, answer.body), (StatusCode::OK, json!({ "reset": true })));
    assert!(!bench.opens(&browser.token).await);
    assert_eq!(bench.refresh(&browser.cookie).await.status, StatusCode::UNAUTHORIZED);
    assert!(!is_password(&bench, PASSWORD).await && is_password(&bench, NEW).await);
    let told = bench.api.letters.sent().pop();
    assert_eq!(told, Some(Letter::PasswordChanged { to: ADA.to_owned() }));
}

#[tokio::test]
async fn a_letter_works_once_and_for_an_hour() {
    for (after, status) in [(59 * MINUTE, StatusCode::OK), (60 * MINUTE, StatusCode::BAD_REQUEST)] {
        let bench = Bench::new();
        ada(&bench).await;
        forgot(&bench, ADA).await;
        let token = bench.mailed_token();
        bench.api.clock.advance(after);
        assert_eq!(reset(&bench, &token, NEW).await.status, status, "{after:?}");
        let again = reset(&bench, &token, "a third battery").await;
        assert_eq!((again.status, again.fields()), (StatusCode::BAD_REQUEST, vec!["token"]));
        assert_eq!(is_password(&bench, NEW).await, status == StatusCode::OK, "{after:?}");
    }
}

#[tokio::test]
async fn of_two_who_use_a_letter_at_once_one_sets_the_password() {
    let bench = Bench::new();
    ada(&bench).await;
    forgot(&bench, ADA).await;
    let token = bench.mailed_token();
    let (one, other) =
        tokio::join!(reset(&bench, &token, NEW), reset(&bench, &token, "a third battery"));
    let mut both = [one.status, other.status];
    both.sort();
    assert_eq!(both, [StatusCode::OK, StatusCode::BAD_REQUEST]);
    assert_eq!(is_password(&bench, NEW).await, one.status == StatusCode::OK);
    assert_eq!(is_password(&bench, "a third battery").await, other.status == StatusCode::OK);
}

/// Whoever read the mailbox once must not come back with an older letter.
#[tokio::test]
async fn a_new_password_voids_every_older_letter() {
    let bench = Bench::new();
    let browser = ada(&bench).await;
    let mut letters = vec![];
    for _ in 0..3 {
        forgot(&bench, ADA).await;
        letters.push(bench.mailed_token());
    }
    assert_eq!(reset(&bench, &letters[1], NEW).await.status, StatusCode::OK);
    assert_eq!(reset(&bench, &letters[0], "a third battery").await.status, StatusCode::BAD_REQUEST);
    assert!(!bench.opens(&browser.token).await);
    let browser = {
        let answer = bench.sign_in(ADA, NEW).await;
        Browser { token: answer.text("access_token"), cookie: answer.cookie() }
    };
    assert_eq!(change(&bench, &browser.token, NEW, PASSWORD).await, StatusCode::NO_CONTENT);
    assert_eq!(reset(&bench, &letters[2], NEW).await.status, StatusCode::BAD_REQUEST);
}

/// The store made the change and its answer got lost: every session is over all the same.
#[tokio::test]
async fn whatever_fails_after_a_password_was_set_the_old_sessions_are_over() {
    let bench = Bench::new();
    let browser = ada(&bench).await;
    forgot(&bench, ADA).await;
    let token = bench.mailed_token();
    bench.api.accounts.lost_answers.begin(1);
    assert_eq!(reset(&bench, &token, NEW).await.status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(!bench.opens(&browser.token).await);
    assert!(is_password(&bench, NEW).await);

    let bench = Bench::new();
    let browser = ada(&bench).await;
    forgot(&bench, ADA).await;
    let token = bench.mailed_token();
    bench.api.letters.outage.begin(1);
    bench.api.sessions.outage.begin(1);
    assert_eq!(reset(&bench, &token, NEW).await.status, StatusCode::OK, "tidying can wait");
    assert!(!bench.opens(&browser.token).await);
    assert_eq!(bench.refresh(&browser.cookie).await.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn a_change_keeps_the_session_that_asked_and_ends_the_others() {
    let bench = Bench::new();
    let (here, there) = (ada(&bench).await, bench.browser(ADA).await);
    assert_eq!(change(&bench, &here.token, "wrong", NEW).await, StatusCode::BAD_REQUEST);
    assert!(bench.opens(&there.token).await);
    assert_eq!(change(&bench, &here.token, PASSWORD, NEW).await, StatusCode::NO_CONTENT);
    assert!(bench.opens(&here.token).await && !bench.opens(&there.token).await);
    assert_eq!(bench.refresh(&there.cookie).await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(bench.refresh(&here.cookie).await.status, StatusCode::OK);
    assert!(!is_password(&bench, PASSWORD).await && is_password(&bench, NEW).await);
    let told = Letter::PasswordChanged { to: ADA.to_owned() };
    assert!(bench.api.letters.sent().contains(&told));
}

/// The others end even if nobody gets to delete them.
#[tokio::test]
async fn a_change_ends_the_others_though_tidying_fails() {
    let bench = Bench::new();
    let (here, there) = (ada(&bench).await, bench.browser(ADA).await);
    bench.api.sessions.outage.begin_after(1, 1);
    assert_eq!(change(&bench, &here.token, PASSWORD, NEW).await, StatusCode::NO_CONTENT);
    assert!(bench.opens(&here.token).await && !bench.opens(&there.token).await);
    assert_eq!(bench.refresh(&there.cookie).await.status, StatusCode::UNAUTHORIZED);
    let listed = bench.get("/api/sessions", Some(&here.token)).await;
    assert_eq!(listed.body.as_array().unwrap().len(), 1, "what is over is not listed");
}

#[tokio::test]
async fn a_session_that_refreshes_during_a_change_ends_all_the_same() {
    let bench = Bench::new();
    let (here, there) = (ada(&bench).await, bench.browser(ADA).await);
    let (status, refreshed) =
        tokio::join!(change(&bench, &here.token, PASSWORD, NEW), bench.refresh(&there.cookie));
    assert_eq!(status, StatusCode::NO_CONTENT);
    if refreshed.status == StatusCode::OK {
        assert!(!bench.opens(&refreshed.text("access_token")).await);
        assert_eq!(bench.refresh(&refreshed.cookie()).await.status, StatusCode::UNAUTHORIZED);
    }
}

/// A sign-in that checked the old password a moment before, and records its session a moment after.
#[tokio::test]
async fn a_sign_in_with_the_old_password_is_over_before_it_is_used() {
    use ports::{
        accounts::{Accounts, PasswordHash, TokenHash},
        clock::Clock,
        sessions::Sessions,
    };
    let bench = Bench::new();
    let browser = ada(&bench).await;
    let mut parts = browser.cookie.split('.');
    let (user, session) =
        (parts.next().unwrap().parse().unwrap(), parts.next().unwrap().parse().unwrap());
    let late = bench.api.sessions.find(&user, &session).await.unwrap().unwrap();
    forgot(&bench, ADA).await;
    let token = bench.api.accounts.resets()[0].token.clone();
    let hash = PasswordHash("new".to_owned());
    bench.api.accounts.reset_password(&token, &hash, bench.api.clock.now()).await.unwrap();
    // It was opened under the generation that was read with the password.
    bench.api.sessions.record(&late).await.unwrap();
    assert!(!bench.opens(&browser.token).await);
    assert_ne!(late.refresh.current, TokenHash(String::new()));
    assert_eq!(bench.refresh(&browser.cookie).await.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn of_two_changes_at_once_one_is_made() {
    let bench = Bench::new();
    let (here, there) = (ada(&bench).await, bench.browser(ADA).await);
    let (one, other) = tokio::join!(
        change(&bench, &here.token, PASSWORD, NEW),
        change(&bench, &there.token, PASSWORD, "a third battery")
    );
    let made = [one, other].into_iter().filter(|it| *it == StatusCode::NO_CONTENT).count();
    assert_eq!(made, 1, "{one} {other}");
    assert_ne!(bench.opens(&here.token).await, bench.opens(&there.token).await);
    assert_eq!(is_password(&bench, NEW).await, one == StatusCode::NO_CONTENT);
}

#[tokio::test]
async fn nobody_learns_by_a_forgotten_password_who_has_an_account() {
    let bench = Bench::new();
    ada(&bench).await;
    let seen = async |email: &str| {
        let (before, resets) = (bench.api.letters.sent().len(), bench.api.accounts.resets().len());
        let counts: u32 = bench.api.throttles.counts().values().sum();
        let answer = forgot(&bench, email).await;
        let letters = bench.api.letters.sent().len() - before;
        let resets = bench.api.accounts.resets().len() - resets;
        let counted = bench.api.throttles.counts().values().sum::<u32>() - counts;
        (answer.status, format!("{:?}", answer.headers), answer.body, letters, resets, counted)
    };
    let known = seen(ADA).await;
    assert_eq!((known.0, known.3, known.4), (StatusCode::ACCEPTED, 1, 1));
    assert_eq!(seen("nobody@example.com").await, known, "the same answer and the same work");
    let letter = bench.api.letters.sent().pop();
    assert_eq!(letter, Some(Letter::NoAccount { to: "nobody@example.com".to_owned() }));
}

#[tokio::test]
async fn nobodys_mailbox_is_filled_with_letters_about_passwords() {
    let bench = Bench::new();
    for email in [ADA, "nobody@example.com"] {
        let before = bench.api.letters.sent().len();
        for _ in 0..9 {
            assert_eq!(forgot(&bench, email).await.status, StatusCode::ACCEPTED);
        }
        assert_eq!(bench.api.letters.sent().len() - before, 5, "{email}");
    }
}

#[tokio::test]
async fn a_session_is_no_way_to_guess_the_password() {
    let bench = Bench::new();
    let browser = ada(&bench).await;
    for _ in 0..10 {
        assert_eq!(change(&bench, &browser.token, "wrong", NEW).await, StatusCode::BAD_REQUEST);
    }
    let status = change(&bench, &browser.token, PASSWORD, NEW).await;
    assert_eq!(status, StatusCode::TOO_MANY_REQUESTS);
    assert!(is_password(&bench, PASSWORD).await);
}

#[tokio::test]
async fn a_network_tries_only_so_often_whatever_it_says_of_itself() {
    let body = json!({ "token": "wrong", "password": "short" });
    let doors: [(&str, Value); 3] = [
        ("/api/sign-up", json!({ "email": "x@example.com", "password": PASSWORD })),
        ("/api/password/forgot", json!({ "email": "x@example.com" })),
        ("/api/sign-in", json!({ "email": "x@example.com", "password": PASSWORD })),
    ];
    assert_eq!(Bench::new().post("/api/password/reset", None, &body).await.fields(), ["password"]);
    for (path, body) in doors {
        let bench = Bench::new();
        let key = "network#".to_owned() + &path[5..].replace("password/", "").replace('-', "_");
        let throttle =
            ports::throttles::Throttle { key: format!("{key}#203.0.113.7"), window: 15 * MINUTE };
        for _ in 0..TRIES_PER_NETWORK {
            use ports::{clock::Clock, throttles::Throttles};
            bench.api.throttles.count_try(&throttle, bench.api.clock.now()).await.unwrap();
        }
        let ask = async |address: &str, lie: &str| {
            let mut asked =
                through_front_door(request("POST", path, None, &body.to_string()), address);
            asked.headers_mut().insert("x-forwarded-for", lie.parse().unwrap());
            bench.send(asked).await
        };
        for lie in ["", "1.1.1.1", "8.8.8.8, 9.9.9.9"] {
            let answer = ask("203.0.113.7", lie).await;
            assert_eq!(answer.status, StatusCode::TOO_MANY_REQUESTS, "{path}: {lie}");
            assert_eq!(answer.header(header::RETRY_AFTER), "900", "{path}");
        }
        let other = ask("203.0.113.8", "").await;
        assert_ne!(other.status, StatusCode::TOO_MANY_REQUESTS, "{path}: others are none of it");
    }
}
