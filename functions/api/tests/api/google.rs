//! Signing in with Google: who gets in, as whom, and everybody who tries otherwise.

use crate::bench::{Answer, Bench, PASSWORD, request};
use contracts::mail::Letter;
use domain::{email::EmailAddress, id::UserId};
use http::{StatusCode, header};
use ports::{
    accounts::Accounts,
    identities::{Identities, PendingSignIn},
    identity_provider::Claims,
};
use serde_json::{Value, json};
use std::time::Duration;
use testkit::identity_provider::identity;

const ADA: &str = "ada@gmail.com";
const CODE: &str = "4/code";

/// A browser that left for Google.
struct Away {
    cookie: String,
    state: String,
    pending: PendingSignIn,
}

fn place(answer: &Answer) -> &str {
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{answer:?}");
    answer.header(header::LOCATION)
}

/// The cookies that an answer sets, by name.
fn cookies(answer: &Answer) -> Vec<(String, String)> {
    let lines = answer.headers.get_all(header::SET_COOKIE).iter();
    let pairs = lines.map(|it| it.to_str().expect("text").split_once('=').expect("a pair"));
    pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

fn cookie(answer: &Answer, name: &str) -> Option<String> {
    let found = cookies(answer).into_iter().find(|it| it.0 == name);
    found.map(|(_, value)| value.split(';').next().unwrap_or_default().to_owned())
}

fn email(address: &str) -> EmailAddress {
    EmailAddress::try_from(address.to_owned()).expect("an address")
}

fn claims(subject: &str, address: &str) -> Claims {
    Claims {
        identity: identity(subject),
        email: Some(email(address)),
        email_verified: true,
        organisation: None,
    }
}

async fn leave(bench: &Bench, path: &str) -> Away {
    let answer = bench.get(path, None).await;
    assert!(place(&answer).starts_with("https://issuer.test/authorize?"), "{answer:?}");
    away(bench, &answer, place(&answer))
}

fn away(bench: &Bench, answer: &Answer, url: &str) -> Away {
    let value = |name: &str| {
        let pairs = url.split(['?', '&']).filter_map(|it| it.split_once('='));
        pairs.filter(|it| it.0 == name).map(|it| it.1).next().expect("it is asked")
    };
    let (state, nonce) = (value("state"), value("nonce"));
    let pending = bench.api.accounts.pending_sign_ins();
    let pending =
        pending.into_iter().find(|it| it.proof.nonce == nonce).expect("it is written down");
    let cookie = cookie(answer, "__Host-oauth").expect("a cookie");
    Away { cookie, state: state.to_owned(), pending }
}

/// What the callback answers to a browser with this cookie.
async fn come_back(bench: &Bench, cookie: &str, query: &str) -> Answer {
    let mut request = request("GET", &format!("/api/google/callback?{query}"), None, "");
    let cookie = format!("theme=dark; __Host-oauth={cookie}").parse().expect("text");
    request.headers_mut().insert(header::COOKIE, cookie);
    bench.send(request).await
}

impl Away {
    /// Google says `claims`, and the browser comes back with them.
    async fn returns(self, bench: &Bench, claims: Claims) -> Answer {
        bench.api.google.put_code(CODE, &self.pending.proof, claims);
        self.returns_with(bench, &format!("code={CODE}")).await
    }

    async fn returns_with(self, bench: &Bench, query: &str) -> Answer {
        come_back(bench, &self.cookie, &format!("state={}&{query}", self.state)).await
    }
}

async fn sign_in(bench: &Bench, claims: Claims) -> Answer {
    leave(bench, "/api/google/start").await.returns(bench, claims).await
}

/// Whoever the answer lets in.
async fn me(bench: &Bench, answer: &Answer) -> Value {
    assert_eq!(place(answer), "https://app.test/projects");
    let mut request = request("POST", "/api/session/refresh", None, "");
    let cookie = format!("__Host-refresh={}", cookie(answer, "__Host-refresh").expect("a cookie"));
    request.headers_mut().insert(header::COOKIE, cookie.parse().expect("text"));
    request.headers_mut().insert(header::ORIGIN, "https://app.test".parse().expect("text"));
    let session = bench.send(request).await;
    assert_eq!(session.status, StatusCode::OK, "{session:?}");
    bench.get("/api/me", Some(&session.text("access_token"))).await.body
}

fn nobody_got_in(answer: &Answer, word: &str) {
    assert_eq!(place(answer), format!("https://app.test/sign-in?google={word}"));
    assert_eq!(cookie(answer, "__Host-refresh"), None);
    assert_eq!(cookie(answer, "__Host-oauth").as_deref(), Some(""), "forgotten");
}

async fn user_of(bench: &Bench, address: &str) -> Option<UserId> {
    let found = bench.api.accounts.find_credentials(&email(address)).await.expect("it answers");
    found.map(|it| it.user)
}

fn told(bench: &Bench) -> usize {
    let letters = bench.api.letters.sent();
    letters.iter().filter(|it| matches!(it, Letter::GoogleLinked { .. })).count()
}

#[tokio::test]
async fn a_first_sign_in_opens_an_account_without_a_password() {
    let bench = Bench::new();
    let answer = sign_in(&bench, claims("1", ADA)).await;
    let me = me(&bench, &answer).await;
    assert_eq!((&me["email"], &me["google"]), (&json!(ADA), &json!(true)));
    assert_eq!((&me["has_password"], &me["tenants"][0]["role"]), (&json!(false), &json!("owner")));
    assert_eq!(bench.api.letters.sent(), vec![], "nobody has to confirm anything");
    let guess = bench.sign_in(ADA, PASSWORD).await;
    assert_eq!(guess.status, StatusCode::UNAUTHORIZED, "there is no password to guess");
}

#[tokio::test]
async fn the_same_identity_is_the_same_user_whatever_its_address() {
    let bench = Bench::new();
    let first = sign_in(&bench, claims("1", ADA)).await;
    let first = me(&bench, &first).await;
    for address in [ADA, "lovelace@gmail.com"] {
        let unverified = Claims { email_verified: false, ..claims("1", address) };
        let again = sign_in(&bench, unverified).await;
        assert_eq!(me(&bench, &again).await["user_id"], first["user_id"], "{address}");
    }
    assert_eq!(user_of(&bench, "lovelace@gmail.com").await, None);
}

#[tokio::test]
async fn the_cookie_of_a_departure_can_come_back_from_another_site() {
    let bench = Bench::new();
    let answer = bench.get("/api/google/start", None).await;
    let set = cookies(&answer);
    let [(name, value)] = &set[..] else { panic!("{set:?}") };
    assert_eq!(name, "__Host-oauth");
    let attributes = "; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=600";
    assert!(value.ends_with(attributes), "{value}");
    let waiting = bench.api.accounts.pending_sign_ins().pop().unwrap();
    assert!(!format!("{waiting:?}").contains(value.trim_end_matches(attributes)), "only its hash");
}

#[tokio::test]
async fn one_lands_where_one_wanted_to_go() {
    let bench = Bench::new();
    let path = "/api/google/start?return_to=%2Fprojects%2Fprj_1%3Ftab%3Dchat";
    let answer = leave(&bench, path).await.returns(&bench, claims("1", ADA)).await;
    assert_eq!(place(&answer), "https://app.test/projects/prj_1?tab=chat");
}

#[tokio::test]
async fn nobody_is_led_to_another_site() {
    let bench = Bench::new();
    for evil in
        ["//evil.test", "/%5Cevil.test", "https:evil.test", "https://evil.test", "/%09/evil"]
    {
        let answer = bench.get(&format!("/api/google/start?return_to={evil}"), None).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{evil}");
        assert_eq!(answer.fields(), ["return_to"], "{evil}");
    }
    assert_eq!(bench.api.accounts.pending_sign_ins(), vec![]);
}

/// Somebody signs up with a stranger's address and a password of their own, and waits.
#[tokio::test]
async fn a_sign_up_that_waits_cannot_get_into_an_account_that_google_opened() {
    let bench = Bench::new();
    bench.sign_up(ADA, "the attacker's own").await;
    let waiting = bench.mailed_token();
    let ada = sign_in(&bench, claims("1", ADA)).await;
    let ada = me(&bench, &ada).await;

    let late = bench.confirm(&waiting).await;
    assert_eq!((late.status, late.fields()), (StatusCode::BAD_REQUEST, vec!["token"]));
    let attacker = bench.sign_in(ADA, "the attacker's own").await;
    assert_eq!(attacker.status, StatusCode::UNAUTHORIZED);
    let again = sign_in(&bench, claims("1", ADA)).await;
    let again = me(&bench, &again).await;
    assert_eq!((&again["user_id"], &again["has_password"]), (&ada["user_id"], &json!(false)));

    bench.sign_up(ADA, "the attacker's own").await;
    let letter = bench.api.letters.sent().pop();
    assert_eq!(letter, Some(Letter::AddressKnown { to: ADA.to_owned() }));
}

#[tokio::test]
async fn a_confirmed_account_is_linked_and_its_owner_is_told() {
    let managed = Claims { organisation: Some("acme.com".into()), ..claims("1", "ada@acme.com") };
    for claims in [claims("1", ADA), managed] {
        let bench = Bench::new();
        let address = claims.email.clone().unwrap().to_string();
        bench.customer(&address).await;
        let owner = user_of(&bench, &address).await.unwrap();
        let answer = sign_in(&bench, claims.clone()).await;
        let me = me(&bench, &answer).await;
        assert_eq!(me["user_id"], owner.as_str());
        assert_eq!((&me["has_password"], &me["google"]), (&json!(true), &json!(true)));
        let letter = bench.api.letters.sent().pop();
        assert_eq!(letter, Some(Letter::GoogleLinked { to: address.clone() }));
        bench.signed_in(&address).await;

        sign_in(&bench, claims).await;
        assert_eq!(told(&bench), 1, "once is enough");
    }
}

/// Whoever had the address when Google looked need not have it today.
#[tokio::test]
async fn an_address_that_google_cannot_vouch_for_takes_a_password() {
    let unverified = Claims { email_verified: false, ..claims("1", ADA) };
    let nameless = Claims { email: None, ..claims("1", ADA) };
    for claims in [claims("1", "ada@example.com"), unverified, nameless] {
        let bench = Bench::new();
        nobody_got_in(&sign_in(&bench, claims.clone()).await, "link_needed");
        assert_eq!(user_of(&bench, ADA).await, None, "{claims:?}");

        bench.customer("ada@example.com").await;
        bench.customer(ADA).await;
        nobody_got_in(&sign_in(&bench, claims.clone()).await, "link_needed");
        assert_eq!(bench.api.accounts.find_identity(&claims.identity).await.unwrap(), None);
        assert_eq!(told(&bench), 0);
    }
}

/// A domain was sold, and its new owner made the address anew.
#[tokio::test]
async fn another_identity_with_the_same_address_is_a_conflict() {
    let bench = Bench::new();
    let managed = |subject: &str| Claims {
        organisation: Some("acme.com".into()),
        ..claims(subject, "ada@acme.com")
    };
    sign_in(&bench, managed("1")).await;
    let owner = user_of(&bench, "ada@acme.com").await.unwrap();
    nobody_got_in(&sign_in(&bench, managed("2")).await, "failed");
    let linked = bench.api.accounts.find_linked(&owner).await.unwrap();
    assert_eq!(linked, Some(identity("1")));
}

#[tokio::test]
async fn a_browser_that_did_not_leave_cannot_come_back() {
    let bench = Bench::new();
    let away = leave(&bench, "/api/google/start").await;
    bench.api.google.put_code(CODE, &away.pending.proof, claims("1", ADA));
    let other = leave(&bench, "/api/google/start").await;
    let states = [
        ("no state", away.cookie.clone(), format!("code={CODE}")),
        ("no cookie", String::new(), format!("state={}&code={CODE}", away.state)),
        ("another browser's", other.cookie.clone(), format!("state={}&code={CODE}", away.state)),
        ("a state of nobody", "x".to_owned(), format!("state=x&code={CODE}")),
        ("two states", away.cookie.clone(), format!("state=x&state={}&code={CODE}", away.state)),
    ];
    for (case, cookie, query) in states {
        let answer = come_back(&bench, &cookie, &query).await;
        assert!(place(&answer).ends_with("/sign-in?google=failed"), "{case}");
        nobody_got_in(&answer, "failed");
    }
    let query = format!("code={CODE}");
    let answer = away.returns_with(&bench, &query).await;
    assert_eq!(place(&answer), "https://app.test/projects", "none of it did any harm");
}

#[tokio::test]
async fn a_departure_leads_back_once_and_within_ten_minutes() {
    let bench = Bench::new();
    let away = leave(&bench, "/api/google/start").await;
    let (cookie, state) = (away.cookie.clone(), away.state.clone());
    let proof = away.pending.proof.clone();
    away.returns(&bench, claims("1", ADA)).await;
    bench.api.google.put_code(CODE, &proof, claims("1", ADA));
    let again = come_back(&bench, &cookie, &format!("state={state}&code={CODE}")).await;
    nobody_got_in(&again, "failed");

    for (minutes, word) in [(9, None), (10, Some("failed"))] {
        let away = leave(&bench, "/api/google/start").await;
        bench.api.clock.advance(Duration::from_mins(minutes));
        let answer = away.returns(&bench, claims("1", ADA)).await;
        match word {
            None => assert_eq!(place(&answer), "https://app.test/projects", "{minutes}"),
            Some(word) => nobody_got_in(&answer, word),
        }
    }
}

#[tokio::test]
async fn whatever_goes_wrong_at_google_ends_on_a_page() {
    let bench = Bench::new();
    let cancelled = leave(&bench, "/api/google/start").await;
    nobody_got_in(&cancelled.returns_with(&bench, "error=access_denied").await, "cancelled");
    bench.api.google.put_forgery("forged");
    for query in ["error=server_error", "code=forged", "code=unknown", "", "code=a&error=b"] {
        let away = leave(&bench, "/api/google/start").await;
        nobody_got_in(&away.returns_with(&bench, query).await, "failed");
    }
    let away = leave(&bench, "/api/google/start").await;
    bench.api.google.outage.begin(1);
    nobody_got_in(&away.returns(&bench, claims("1", ADA)).await, "failed");
}

#[tokio::test]
async fn a_table_that_is_away_ends_on_a_page_and_leaves_nothing_half_done() {
    // Each call of a first sign-in and of a link fails once.
    for known in [false, true] {
        for calls in 0..6 {
            let bench = Bench::new();
            if known {
                bench.customer(ADA).await;
            }
            let away = leave(&bench, "/api/google/start").await;
            bench.api.accounts.outage.begin_after(calls, 1);
            let answer = away.returns(&bench, claims("1", ADA)).await;
            bench.api.accounts.outage.begin(0);
            if place(&answer) != "https://app.test/projects" {
                nobody_got_in(&answer, "failed");
            }
            let again = sign_in(&bench, claims("1", ADA)).await;
            assert_eq!(me(&bench, &again).await["email"], ADA, "{known} {calls}");
        }
    }
}

#[tokio::test]
async fn an_owner_who_cannot_be_told_is_not_linked() {
    let bench = Bench::new();
    bench.customer(ADA).await;
    let away = leave(&bench, "/api/google/start").await;
    bench.api.letters.outage.begin(1);
    nobody_got_in(&away.returns(&bench, claims("1", ADA)).await, "failed");
    assert_eq!(bench.api.accounts.find_identity(&identity("1")).await.unwrap(), None);
}

async fn ask_to_link(bench: &Bench, token: &str, password: &str) -> Answer {
    bench.post("/api/google/link", Some(token), &json!({ "password": password })).await
}

/// `token`'s owner links `claims`.
async fn link(bench: &Bench, token: &str, claims: Claims) -> Answer {
    let answer = ask_to_link(bench, token, PASSWORD).await;
    assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
    let away = away(bench, &answer, &answer.text("url"));
    away.returns(bench, claims).await
}

#[tokio::test]
async fn a_link_takes_the_password_and_then_any_address_will_do() {
    let bench = Bench::new();
    let ada = bench.customer("ada@example.com").await;
    let owner = user_of(&bench, "ada@example.com").await.unwrap();
    let wrong = ask_to_link(&bench, &ada.token, "wrong password").await;
    assert_eq!((wrong.status, wrong.fields()), (StatusCode::BAD_REQUEST, vec!["password"]));
    assert_eq!(bench.api.accounts.pending_sign_ins(), vec![]);

    let foreign = Claims { email_verified: false, ..claims("1", "lovelace@example.org") };
    let answer = link(&bench, &ada.token, foreign.clone()).await;
    assert_eq!(place(&answer), "https://app.test/settings?google=linked");
    assert_eq!(cookie(&answer, "__Host-refresh"), None, "there is a session already");
    let letter = bench.api.letters.sent().pop();
    assert_eq!(letter, Some(Letter::GoogleLinked { to: "ada@example.com".to_owned() }));

    let answer = sign_in(&bench, foreign).await;
    assert_eq!(me(&bench, &answer).await["user_id"], owner.as_str());
    let again = ask_to_link(&bench, &ada.token, PASSWORD).await;
    assert_eq!(again.status, StatusCode::CONFLICT, "one at a time");
}

#[tokio::test]
async fn a_link_is_asked_for_by_somebody_and_guesses_are_counted() {
    let bench = Bench::new();
    let body = json!({ "password": PASSWORD });
    let nobody = bench.post("/api/google/link", None, &body).await;
    assert_eq!(nobody.status, StatusCode::UNAUTHORIZED);
    let ada = bench.customer(ADA).await;
    for _ in 0..10 {
        let wrong = ask_to_link(&bench, &ada.token, "wrong password").await;
        assert_eq!(wrong.status, StatusCode::BAD_REQUEST);
    }
    let right = ask_to_link(&bench, &ada.token, PASSWORD).await;
    assert_eq!(right.status, StatusCode::TOO_MANY_REQUESTS);
}

#[tokio::test]
async fn what_is_another_users_is_not_linked() {
    let bench = Bench::new();
    sign_in(&bench, claims("1", "bob@gmail.com")).await;
    let bob = user_of(&bench, "bob@gmail.com").await.unwrap();
    let ada = bench.customer(ADA).await;
    let answer = link(&bench, &ada.token, claims("1", "bob@gmail.com")).await;
    assert_eq!(place(&answer), "https://app.test/settings?google=taken");
    assert_eq!(bench.api.accounts.find_identity(&identity("1")).await.unwrap(), Some(bob));
    assert_eq!(told(&bench), 0);
}

#[tokio::test]
async fn a_link_that_comes_to_nothing_ends_where_it_began() {
    let bench = Bench::new();
    let ada = bench.customer(ADA).await;
    for (query, word) in [("error=access_denied", "cancelled"), ("code=unknown", "failed")] {
        let answer = ask_to_link(&bench, &ada.token, PASSWORD).await;
        let away = away(&bench, &answer, &answer.text("url"));
        let answer = away.returns_with(&bench, query).await;
        assert_eq!(place(&answer), format!("https://app.test/settings?google={word}"));
    }
}

async fn unlink(bench: &Bench, token: Option<&str>) -> StatusCode {
    bench.send(request("DELETE", "/api/google", token, "")).await.status
}

#[tokio::test]
async fn google_can_be_unlinked_only_if_a_password_is_left() {
    let bench = Bench::new();
    assert_eq!(unlink(&bench, None).await, StatusCode::UNAUTHORIZED);
    let ada = bench.customer(ADA).await;
    link(&bench, &ada.token, claims("1", "other@gmail.com")).await;
    for _ in 0..2 {
        assert_eq!(unlink(&bench, Some(&ada.token)).await, StatusCode::NO_CONTENT, "repeatable");
        let me = bench.get("/api/me", Some(&ada.token)).await;
        assert_eq!(me.body["google"], false);
    }
    assert_eq!(bench.api.accounts.find_identity(&identity("1")).await.unwrap(), None);
    bench.signed_in(ADA).await;

    let answer = sign_in(&bench, claims("2", "bob@gmail.com")).await;
    let secret = cookie(&answer, "__Host-refresh").unwrap();
    let mut refresh = request("POST", "/api/session/refresh", None, "");
    let kept = format!("__Host-refresh={secret}").parse().unwrap();
    refresh.headers_mut().insert(header::COOKIE, kept);
    refresh.headers_mut().insert(header::ORIGIN, "https://app.test".parse().unwrap());
    let bob = bench.send(refresh).await.text("access_token");
    assert_eq!(unlink(&bench, Some(&bob)).await, StatusCode::CONFLICT);
    assert_eq!(bench.get("/api/me", Some(&bob)).await.body["google"], true);
}
