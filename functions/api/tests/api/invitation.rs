//! From a letter to a place in somebody's tenant.

use crate::bench::{Answer, Bench, Customer};
use contracts::mail::Letter;
use http::{StatusCode, header};
use serde_json::{Value, json};
use std::time::Duration;

const BOB: &str = "bob@example.com";
const DAY: Duration = Duration::from_hours(24);

async fn start() -> (Bench, Customer, Customer) {
    let bench = Bench::new();
    let (ada, bob) = (bench.customer("ada@example.com").await, bench.customer(BOB).await);
    (bench, ada, bob)
}

async fn invite(bench: &Bench, by: &Customer, email: &str, role: &str) -> Answer {
    let asked = json!({ "email": email, "role": role });
    bench.post("/api/invitations", Some(&by.token), &asked).await
}

async fn accept(bench: &Bench, by: &Customer, token: &str) -> Answer {
    let body = json!({ "token": token });
    bench.post("/api/invitations/accept", Some(&by.token), &body).await
}

fn is_spent(answer: &Answer) -> bool {
    (answer.status, answer.fields()) == (StatusCode::BAD_REQUEST, vec!["token"])
}

#[tokio::test]
async fn an_invitation_is_a_letter_and_waits_for_its_answer() {
    let (bench, ada, bob) = start().await;
    let invited = invite(&bench, &ada, "Bob@Example.com", "member").await;
    assert_eq!(invited.status, StatusCode::CREATED);
    let expected = json!({
        "id": invited.text("id"), "email": BOB, "role": "member",
        "created_at": "2026-11-21T12:00:00Z", "expires_at": "2026-11-28T12:00:00Z",
    });
    assert_eq!(invited.body, expected);
    let waiting = bench.get("/api/invitations", Some(&ada.token)).await;
    assert_eq!(waiting.body, json!([expected]));
    let Some(Letter::Invitation { to, token, tenant_name, invited_by }) =
        bench.api.letters.sent().pop()
    else {
        panic!("it is an invitation");
    };
    assert_eq!((to.as_str(), tenant_name.as_str()), (BOB, "ada"));
    assert_eq!(invited_by, "ada@example.com");

    let accepted = accept(&bench, &bob, &token).await;
    assert_eq!((accepted.status, accepted.text("tenant_id")), (StatusCode::OK, ada.tenant.clone()));
    let waiting = bench.get("/api/invitations", Some(&ada.token)).await;
    assert_eq!(waiting.body, json!([]));
    let members = bench.get("/api/members", Some(&ada.token)).await;
    assert_eq!(members.body.as_array().map(Vec::len), Some(2));
}

#[tokio::test]
async fn an_invitation_lasts_a_week() {
    for (days, good) in [(6, true), (7, false)] {
        let (bench, ada, _) = start().await;
        invite(&bench, &ada, BOB, "member").await;
        let token = bench.mailed_token();
        bench.api.clock.advance(days * DAY);
        let (ada, bob) = (bench.signed_in("ada@example.com").await, bench.signed_in(BOB).await);
        let waiting = bench.get("/api/invitations", Some(&ada.token)).await;
        assert_eq!(waiting.body.as_array().map(Vec::len), Some(usize::from(good)), "{days} days");
        let answer = accept(&bench, &bob, &token).await;
        assert_eq!(answer.status.is_success(), good, "{days} days");
        assert_eq!(is_spent(&answer), !good, "{days} days");
    }
}

#[tokio::test]
async fn only_who_was_asked_comes_in() {
    let (bench, ada, bob) = start().await;
    invite(&bench, &ada, BOB, "owner").await;
    let token = bench.mailed_token();
    let eve = bench.customer("eve@example.com").await;
    assert!(is_spent(&accept(&bench, &eve, &token).await), "forwarded, or stolen");
    let other_secret = format!("{}x", &token[..token.len() - 1]);
    for broken in ["", "noise", &other_secret, &token.replace('.', "")] {
        assert!(is_spent(&accept(&bench, &bob, broken).await), "{broken}");
    }
    assert_eq!(accept(&bench, &bob, &token).await.status, StatusCode::OK);
    assert!(is_spent(&accept(&bench, &eve, &token).await), "it was used");
}

#[tokio::test]
async fn a_repeat_finds_oneself_inside() {
    let (bench, ada, bob) = start().await;
    invite(&bench, &ada, BOB, "member").await;
    let token = bench.mailed_token();
    bench.api.tenants.lost_answers.begin(1);
    let lost = accept(&bench, &bob, &token).await;
    assert_eq!(lost.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(accept(&bench, &bob, &token).await.status, StatusCode::OK);
    let members = bench.get("/api/members", Some(&ada.token)).await;
    assert_eq!(members.body.as_array().map(Vec::len), Some(2));
}

#[tokio::test]
async fn used_once_it_leads_nobody_back_in() {
    let (bench, ada, bob) = start().await;
    invite(&bench, &ada, BOB, "member").await;
    let token = bench.mailed_token();
    accept(&bench, &bob, &token).await;
    let there = bench.switched(&bob, &ada.tenant).await;
    let path = format!("/api/members/{}", there.user);
    bench.call("DELETE", &path, Some(&ada.token), &Value::Null).await;
    let again = accept(&bench, &there, &token).await;
    assert!(is_spent(&again), "{again:?}");
}

#[tokio::test]
async fn asking_again_sends_another_letter_and_ends_the_first() {
    let (bench, ada, bob) = start().await;
    bench.api.tenants.lost_answers.begin(1);
    let lost = invite(&bench, &ada, BOB, "member").await;
    assert_eq!(lost.status, StatusCode::SERVICE_UNAVAILABLE);
    bench.api.letters.outage.begin(1);
    let unsent = invite(&bench, &ada, BOB, "member").await;
    assert_eq!(unsent.status, StatusCode::SERVICE_UNAVAILABLE);
    invite(&bench, &ada, BOB, "member").await;
    let first = bench.mailed_token();
    invite(&bench, &ada, BOB, "owner").await;
    let second = bench.mailed_token();
    let waiting = bench.get("/api/invitations", Some(&ada.token)).await;
    assert_eq!(waiting.body.as_array().map(Vec::len), Some(1), "one for each address");
    assert!(is_spent(&accept(&bench, &bob, &first).await));
    assert_eq!(accept(&bench, &bob, &second).await.status, StatusCode::OK);
    let there = bench.switched(&bob, &ada.tenant).await;
    let owners = bench.get("/api/invitations", Some(&there.token)).await;
    assert_eq!(owners.status, StatusCode::OK, "the later role counts");
}

#[tokio::test]
async fn a_withdrawn_invitation_is_worth_nothing() {
    let (bench, ada, bob) = start().await;
    let id = invite(&bench, &ada, BOB, "member").await.text("id");
    let path = format!("/api/invitations/{id}");
    bench.api.tenants.lost_answers.begin(1);
    let statuses = [
        StatusCode::SERVICE_UNAVAILABLE,
        // The repeat finds none any more: there is nothing left to take back.
        StatusCode::NOT_FOUND,
    ];
    for status in statuses {
        let answer = bench.call("DELETE", &path, Some(&ada.token), &Value::Null).await;
        assert_eq!(answer.status, status);
    }
    assert!(is_spent(&accept(&bench, &bob, &bench.mailed_token()).await));
    invite(&bench, &ada, BOB, "member").await;
    let answer = bench.call("DELETE", &path, Some(&ada.token), &Value::Null).await;
    assert_eq!(answer.status, StatusCode::NO_CONTENT);
}

#[tokio::test]
async fn members_are_not_asked_again() {
    let (bench, ada, _) = start().await;
    let itself = invite(&bench, &ada, "ada@example.com", "member").await;
    assert_eq!(itself.status, StatusCode::CONFLICT);
}

#[tokio::test]
async fn nobodys_mailbox_is_filled_through_invitations() {
    let (bench, ada, _) = start().await;
    let email = "stranger@example.com";
    for _ in 0..5 {
        assert_eq!(invite(&bench, &ada, email, "member").await.status, StatusCode::CREATED);
    }
    let sent = bench.api.letters.sent().len();
    let refused = invite(&bench, &ada, email, "member").await;
    assert_eq!(refused.status, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(refused.header(header::RETRY_AFTER), "3600");
    assert_eq!(bench.api.letters.sent().len(), sent);
}

#[tokio::test]
async fn a_tenant_has_room_for_fifty_people() {
    let (bench, ada, _) = start().await;
    for number in 1..50 {
        let email = format!("guest{number}@example.com");
        let answer = invite(&bench, &ada, &email, "member").await;
        assert_eq!(answer.status, StatusCode::CREATED, "{email}");
    }
    let full = invite(&bench, &ada, "late@example.com", "member").await;
    assert_eq!(full.status, StatusCode::CONFLICT);
    let again = invite(&bench, &ada, "guest1@example.com", "member").await;
    assert_eq!(again.status, StatusCode::CREATED, "they have their place already");
}

#[tokio::test]
async fn tokens_are_stored_as_hashes_only() {
    let (bench, ada, _) = start().await;
    invite(&bench, &ada, BOB, "member").await;
    let token = bench.mailed_token();
    let stored = bench.api.tenants.invitations();
    assert_eq!(stored[0].token.0.len(), 64);
    assert!(!format!("{stored:?}").contains(&token));
    assert!(!format!("{:?}", bench.api.letters.sent()).contains(&token));
}
