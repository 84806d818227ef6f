//! Staying signed in: what a cookie is good for, and for how long.

use crate::bench::{APP_URL, Answer, Bench, Browser, from_site, request};
use http::{StatusCode, header};
use std::time::Duration;

const ADA: &str = "ada@example.com";
const DAY: Duration = Duration::from_hours(24);

async fn ada(bench: &Bench) -> Browser {
    bench.customer(ADA).await;
    bench.browser(ADA).await
}

/// The session ended, and the browser is to forget it.
fn is_over(answer: &Answer) -> bool {
    answer.status == StatusCode::UNAUTHORIZED && answer.cookie().is_empty()
}

#[tokio::test]
async fn a_sign_in_leaves_a_cookie_that_neither_scripts_nor_other_sites_can_use() {
    let bench = Bench::new();
    bench.customer(ADA).await;
    let answer = bench.sign_in(ADA, crate::bench::PASSWORD).await;
    let set = answer.header(header::SET_COOKIE).to_owned();
    let attributes = "; Path=/; Secure; HttpOnly; SameSite=Strict; Max-Age=1209600";
    assert!(set.starts_with("__Host-refresh=usr_") && set.ends_with(attributes), "{set}");
    let secret = answer.cookie().rsplit_once('.').unwrap().1.to_owned();
    assert_eq!(secret.len(), 43, "32 bytes in base64url");
    assert!(!format!("{:?}", bench.api.sessions).contains(&secret), "stored as a hash only");
    assert!(!format!("{:?}", answer.headers).contains(&secret), "not for logs");
}

#[tokio::test]
async fn a_cookie_gets_the_next_token_and_the_next_cookie() {
    let bench = Bench::new();
    let mut browser = ada(&bench).await;
    for _ in 0..5 {
        bench.api.clock.advance(Duration::from_mins(15));
        assert!(!bench.opens(&browser.token).await, "it has run out");
        let answer = bench.refresh(&browser.cookie).await;
        assert_eq!(
            (answer.status, answer.body["expires_in_s"].as_u64()),
            (StatusCode::OK, Some(900))
        );
        assert_ne!(answer.cookie(), browser.cookie);
        browser = Browser { token: answer.text("access_token"), cookie: answer.cookie() };
        assert!(bench.opens(&browser.token).await);
    }
}

/// Two tabs ask at once. Whichever answer comes last, the browser keeps a good cookie.
#[tokio::test]
async fn two_tabs_get_the_same_cookie() {
    let bench = Bench::new();
    let browser = ada(&bench).await;
    let (one, other) = tokio::join!(bench.refresh(&browser.cookie), bench.refresh(&browser.cookie));
    assert_eq!((one.status, other.status), (StatusCode::OK, StatusCode::OK));
    assert_eq!(one.cookie(), other.cookie());
    assert!(bench.opens(&one.text("access_token")).await);
    assert!(bench.opens(&other.text("access_token")).await);
    bench.api.clock.advance(DAY);
    assert_eq!(bench.refresh(&one.cookie()).await.status, StatusCode::OK);
}

/// The store made the change and its answer got lost, or ours did. The client repeats with the
/// cookie that it has, and must come out with a session that lasts.
#[tokio::test]
async fn a_lost_answer_does_not_end_a_session() {
    let bench = Bench::new();
    let browser = ada(&bench).await;
    bench.api.sessions.lost_answers.begin(1);
    let lost = bench.refresh(&browser.cookie).await;
    assert_eq!(lost.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(lost.header(header::SET_COOKIE), "", "the browser keeps what it has");

    bench.api.clock.advance(Duration::from_secs(5));
    let again = bench.refresh(&browser.cookie).await;
    assert_eq!(again.status, StatusCode::OK);
    assert!(bench.opens(&again.text("access_token")).await);
    bench.api.clock.advance(DAY);
    let later = bench.refresh(&again.cookie()).await;
    assert_eq!(later.status, StatusCode::OK, "the repeated answer's cookie lasts");
}

#[tokio::test]
async fn nothing_happens_to_a_session_while_the_store_is_away() {
    for down in 0..3 {
        let bench = Bench::new();
        let browser = ada(&bench).await;
        match down {
            0 => bench.api.sessions.outage.begin(1),
            1 => bench.api.accounts.outage.begin(1),
            _ => bench.api.sessions.outage.begin_after(1, 1),
        }
        let answer = bench.refresh(&browser.cookie).await;
        assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE, "{down}");
        assert_eq!(answer.header(header::SET_COOKIE), "", "{down}");
        bench.api.clock.advance(DAY);
        assert_eq!(bench.refresh(&browser.cookie).await.status, StatusCode::OK, "{down}");
    }
}

#[tokio::test]
async fn the_cookie_before_counts_for_a_moment_only() {
    for (after, ends) in [(Duration::from_secs(19), false), (Duration::from_secs(20), true)] {
        let bench = Bench::new();
        let browser = ada(&bench).await;
        let next = bench.refresh(&browser.cookie).await;
        bench.api.clock.advance(after);
        let again = bench.refresh(&browser.cookie).await;
        assert_eq!(is_over(&again), ends, "after {after:?}");
        assert_eq!(bench.opens(&next.text("access_token")).await, !ends, "after {after:?}");
        assert_eq!(is_over(&bench.refresh(&next.cookie()).await), ends, "after {after:?}");
    }
}

#[tokio::test]
async fn two_steps_back_is_too_far_even_at_once() {
    let bench = Bench::new();
    let browser = ada(&bench).await;
    let second = bench.refresh(&browser.cookie).await;
    let third = bench.refresh(&second.cookie()).await;
    assert!(is_over(&bench.refresh(&browser.cookie).await));
    assert!(!bench.opens(&third.text("access_token")).await);
}

/// A thief copies the cookie. Whoever of the two comes second ends the session for both.
#[tokio::test]
async fn a_stolen_cookie_ends_the_session_for_thief_and_owner() {
    for thief_first in [true, false] {
        let bench = Bench::new();
        let browser = ada(&bench).await;
        let elsewhere = bench.browser(ADA).await;
        let stolen = browser.cookie.clone();
        bench.api.clock.advance(Duration::from_mins(10));
        // One of them goes on with the session, again and again.
        let mut first = bench.refresh(&stolen).await;
        for _ in 0..3 {
            bench.api.clock.advance(Duration::from_mins(15));
            first = bench.refresh(&first.cookie()).await;
            assert_eq!(first.status, StatusCode::OK);
        }
        // The other one still has the copy.
        let second = bench.refresh(&browser.cookie).await;
        assert!(is_over(&second), "thief first: {thief_first}");
        assert!(!bench.opens(&first.text("access_token")).await, "thief first: {thief_first}");
        assert!(is_over(&bench.refresh(&first.cookie()).await), "thief first: {thief_first}");
        let other = bench.refresh(&elsewhere.cookie).await;
        assert_eq!(other.status, StatusCode::OK, "other sessions are none of it");
    }
}

#[tokio::test]
async fn a_session_ends_when_nobody_uses_it() {
    for (idle, ends) in [(13 * DAY, false), (14 * DAY, true)] {
        let bench = Bench::new();
        let browser = ada(&bench).await;
        bench.api.clock.advance(idle);
        assert_eq!(is_over(&bench.refresh(&browser.cookie).await), ends, "{idle:?}");
    }
}

#[tokio::test]
async fn no_session_lasts_longer_than_ninety_days() {
    let bench = Bench::new();
    let mut cookie = ada(&bench).await.cookie;
    for _ in 0..8 {
        bench.api.clock.advance(11 * DAY);
        cookie = bench.refresh(&cookie).await.cookie();
    }
    // After 88 days: two are left, whatever is asked for.
    bench.api.clock.advance(Duration::from_mins(2 * 24 * 60 - 1));
    let last = bench.refresh(&cookie).await;
    assert_eq!(last.body["expires_in_s"], 60, "no token outlives its session");
    assert!(last.header(header::SET_COOKIE).ends_with("Max-Age=60"));
    bench.api.clock.advance(Duration::from_mins(1));
    assert!(!bench.opens(&last.text("access_token")).await);
    assert!(is_over(&bench.refresh(&last.cookie()).await));
}

#[tokio::test]
async fn a_cookie_that_is_none_of_ours_gets_nothing() {
    let bench = Bench::new();
    let browser = ada(&bench).await;
    let (owner, secret) = browser.cookie.rsplit_once('.').unwrap();
    let session = owner.split_once('.').unwrap().1;
    let cases = [
        ("noise", "noise".to_owned()),
        ("nothing", String::new()),
        ("another user's", format!("usr_eve.{session}.{secret}")),
        ("another session's", format!("{}.ses_other.{secret}", owner.split_once('.').unwrap().0)),
    ];
    for (case, cookie) in cases {
        assert!(is_over(&bench.refresh(&cookie).await), "{case}");
    }
    assert!(is_over(&bench.send(from_site("POST", "/api/session/refresh", None, None)).await));
    assert_eq!(bench.refresh(&browser.cookie).await.status, StatusCode::OK, "it came to no harm");
}

/// The cookie comes by itself: the request must show that our own site sent it.
#[tokio::test]
async fn a_cookie_is_read_for_our_own_site_only() {
    let cases = [
        ("our own page", vec![(header::ORIGIN, APP_URL)], StatusCode::OK),
        ("a program of ours", vec![(program(), "1mins")], StatusCode::OK),
        ("nobody says", vec![], StatusCode::FORBIDDEN),
        ("any other program", vec![(program(), "XMLHttpRequest")], StatusCode::FORBIDDEN),
        ("another site", vec![(header::ORIGIN, "https://eve.test")], StatusCode::FORBIDDEN),
        (
            "another site that knows the header",
            vec![(header::ORIGIN, "https://eve.test"), (program(), "1mins")],
            StatusCode::FORBIDDEN,
        ),
        ("a page without a name", vec![(header::ORIGIN, "null")], StatusCode::FORBIDDEN),
    ];
    for (case, headers, status) in cases {
        for (path, good) in
            [("/api/session/refresh", StatusCode::OK), ("/api/sign-out", StatusCode::NO_CONTENT)]
        {
            let bench = Bench::new();
            let browser = ada(&bench).await;
            let mut asked = request("POST", path, None, "");
            let cookie = format!("__Host-refresh={}", browser.cookie);
            asked.headers_mut().insert(header::COOKIE, cookie.parse().unwrap());
            for (name, value) in &headers {
                asked.headers_mut().insert(name, value.parse().unwrap());
            }
            let answer = bench.send(asked).await;
            let expected = if status == StatusCode::OK { good } else { status };
            assert_eq!(answer.status, expected, "{case}: {path}");
            if expected == StatusCode::FORBIDDEN {
                assert_eq!(answer.body["type"], "urn:1mins:problem:wrong-origin", "{case}");
                assert!(bench.opens(&browser.token).await, "{case}: nothing happened");
            }
        }
    }
}

fn program() -> header::HeaderName {
    header::HeaderName::from_static("x-requested-with")
}

#[tokio::test]
async fn other_sites_pages_change_nothing() {
    let bench = Bench::new();
    let browser = ada(&bench).await;
    for (method, path) in [
        ("POST", "/api/sign-in"),
        ("POST", "/api/sign-up"),
        ("POST", "/api/password/forgot"),
        ("POST", "/api/projects"),
        ("DELETE", "/api/sessions"),
    ] {
        let mut asked = request(method, path, Some(&browser.token), "{}");
        asked.headers_mut().insert(header::ORIGIN, "https://eve.test".parse().unwrap());
        assert_eq!(bench.send(asked).await.status, StatusCode::FORBIDDEN, "{method} {path}");
    }
    assert!(bench.opens(&browser.token).await);
}

#[tokio::test]
async fn somebody_who_was_sent_away_is_at_home_after_the_next_refresh() {
    use ports::accounts::Role;
    let bench = Bench::new();
    let browser = ada(&bench).await;
    let user = browser.cookie.split_once('.').unwrap().0.parse().unwrap();
    let elsewhere = "ten_elsewhere".parse().unwrap();
    bench.api.accounts.put_membership(&user, &elsewhere, Role::Member);
    let answer = bench.refresh(&browser.cookie).await;
    assert_eq!(answer.text("tenant_id"), "ten_elsewhere");
    assert!(bench.opens(&answer.text("access_token")).await);
    assert!(!bench.opens(&browser.token).await, "the old token names another tenant");
}
