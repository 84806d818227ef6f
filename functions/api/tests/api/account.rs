//! From a sign-up to a session, and everybody who tries without.

use crate::bench::{Answer, Bench, PASSWORD};
use contracts::mail::Letter;
use http::{StatusCode, header};
use std::time::Duration;

const ADA: &str = "ada@example.com";
const HOUR: Duration = Duration::from_hours(1);

#[tokio::test]
async fn only_a_confirmed_address_signs_in() {
    let bench = Bench::new();
    bench.sign_up(ADA, PASSWORD).await;
    assert_eq!(bench.sign_in(ADA, PASSWORD).await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(bench.confirm(&bench.mailed_token()).await.status, StatusCode::OK);
    let answer = bench.sign_in("Ada@Example.COM", PASSWORD).await;
    assert_eq!(answer.status, StatusCode::OK, "addresses know no case");
    assert_eq!(answer.body["expires_in_s"], 900);
    assert!(answer.text("user_id").starts_with("usr_"));
    assert!(answer.text("tenant_id").starts_with("ten_"));
}

#[tokio::test]
async fn a_confirmation_works_once() {
    let bench = Bench::new();
    bench.sign_up(ADA, PASSWORD).await;
    let token = bench.mailed_token();
    assert_eq!(bench.confirm(&token).await.status, StatusCode::OK);
    let again = bench.confirm(&token).await;
    assert_eq!((again.status, again.fields()), (StatusCode::BAD_REQUEST, vec!["token"]));
}

#[tokio::test]
async fn a_confirmation_lasts_a_day() {
    for (hours, status) in [(23, StatusCode::OK), (24, StatusCode::BAD_REQUEST)] {
        let bench = Bench::new();
        bench.sign_up(ADA, PASSWORD).await;
        bench.api.clock.advance(hours * HOUR);
        assert_eq!(bench.confirm(&bench.mailed_token()).await.status, status, "{hours} h");
    }
}

/// Whoever signs up with somebody else's address must not have a password to their account later.
#[tokio::test]
async fn an_account_has_the_password_of_the_sign_up_that_was_confirmed() {
    let bench = Bench::new();
    bench.sign_up(ADA, "the attacker's own").await;
    let attackers = bench.mailed_token();
    bench.sign_up(ADA, PASSWORD).await;
    let adas = bench.mailed_token();
    assert_ne!(attackers, adas);
    assert_eq!(bench.confirm(&adas).await.status, StatusCode::OK);

    let late = bench.confirm(&attackers).await;
    assert_eq!(late.status, StatusCode::BAD_REQUEST, "the address is taken by now");
    let attacker = bench.sign_in(ADA, "the attacker's own").await;
    assert_eq!(attacker.status, StatusCode::UNAUTHORIZED);
    assert_eq!(bench.sign_in(ADA, PASSWORD).await.status, StatusCode::OK);
}

#[tokio::test]
async fn signing_up_again_changes_nothing_for_a_confirmed_account() {
    let bench = Bench::new();
    bench.customer(ADA).await;
    bench.sign_up(ADA, "another password").await;
    let letter = bench.api.letters.sent().pop();
    assert_eq!(letter, Some(Letter::AddressKnown { to: ADA.to_owned() }));
    let attacker = bench.sign_in(ADA, "another password").await;
    assert_eq!(attacker.status, StatusCode::UNAUTHORIZED);
    assert_eq!(bench.sign_in(ADA, PASSWORD).await.status, StatusCode::OK);
}

/// All that an outsider sees.
fn seen(answer: &Answer) -> (StatusCode, String, String) {
    (answer.status, format!("{:?}", answer.headers), answer.body.to_string())
}

#[tokio::test]
async fn nobody_learns_who_has_an_account() {
    let bench = Bench::new();
    bench.customer(ADA).await;
    bench.sign_up("bob@example.com", PASSWORD).await;

    let nobody = seen(&bench.sign_up("new@example.com", PASSWORD).await);
    for known in [ADA, "bob@example.com"] {
        assert_eq!(seen(&bench.sign_up(known, PASSWORD).await), nobody, "sign-up of {known}");
    }
    let nobody = seen(&bench.sign_in("eve@example.com", "wrong password").await);
    for known in [ADA, "bob@example.com"] {
        let guess = seen(&bench.sign_in(known, "wrong password").await);
        assert_eq!(guess, nobody, "sign-in of {known}");
    }
    let unconfirmed = bench.sign_in("bob@example.com", PASSWORD).await;
    assert_eq!(seen(&unconfirmed), nobody, "the right password of an unconfirmed address");
}

#[tokio::test]
async fn guessing_ends_and_starts_again_later() {
    let bench = Bench::new();
    bench.customer(ADA).await;
    for email in [ADA, "nobody@example.com"] {
        for guess in 1..=10 {
            let answer = bench.sign_in(email, "wrong password").await;
            assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{email}: guess {guess}");
        }
        let answer = bench.sign_in(email, PASSWORD).await;
        assert_eq!(answer.status, StatusCode::TOO_MANY_REQUESTS, "{email}");
        assert_eq!(answer.header(header::RETRY_AFTER), "900", "{email}");
    }
    bench.api.clock.advance(Duration::from_secs(901));
    assert_eq!(bench.sign_in(ADA, PASSWORD).await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_good_sign_in_forgets_the_bad_guesses() {
    let bench = Bench::new();
    bench.customer(ADA).await;
    for _ in 0..3 {
        for _ in 0..9 {
            bench.sign_in(ADA, "wrong password").await;
        }
        assert_eq!(bench.sign_in(ADA, PASSWORD).await.status, StatusCode::OK);
    }
}

#[tokio::test]
async fn nobodys_mailbox_is_filled() {
    let bench = Bench::new();
    for _ in 0..9 {
        assert_eq!(bench.sign_up(ADA, PASSWORD).await.status, StatusCode::ACCEPTED);
    }
    assert_eq!(bench.api.letters.sent().len(), 5);
    bench.api.clock.advance(2 * HOUR);
    bench.sign_up(ADA, PASSWORD).await;
    assert_eq!(bench.api.letters.sent().len(), 6);
}

#[tokio::test]
async fn a_letter_that_cannot_be_queued_is_asked_for_again() {
    let bench = Bench::new();
    bench.api.letters.outage.begin(1);
    let answer = bench.sign_up(ADA, PASSWORD).await;
    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(answer.header(header::RETRY_AFTER), "5");
    bench.sign_up(ADA, PASSWORD).await;
    assert_eq!(bench.confirm(&bench.mailed_token()).await.status, StatusCode::OK);
}

#[tokio::test]
async fn tokens_and_passwords_are_stored_as_hashes_only() {
    let bench = Bench::new();
    bench.sign_up(ADA, PASSWORD).await;
    let token = bench.mailed_token();
    assert_eq!(token.len(), 43, "32 bytes in base64url");
    let sign_ups = bench.api.accounts.sign_ups();
    assert_eq!(sign_ups[0].token.0.len(), 64);
    assert_ne!(sign_ups[0].token.0, token);
    assert!(sign_ups[0].password.0.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"));
    assert!(!format!("{sign_ups:?}").contains("argon2id"), "a hash is not for logs");
}
