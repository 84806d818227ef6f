//! Keys for programs.

use crate::bench::{Answer, Bench, Customer};
use http::StatusCode;
use serde_json::{Value, json};
use std::time::Duration;

const HOME: &str = "/api/projects";

async fn start() -> (Bench, Customer) {
    let bench = Bench::new();
    let ada = bench.customer("ada@example.com").await;
    (bench, ada)
}

async fn create(bench: &Bench, by: &Customer, days: u32) -> Answer {
    let body = json!({ "name": " ci ", "scope": "read", "expires_in_days": days });
    bench.post("/api/access-tokens", Some(&by.token), &body).await
}

async fn list(bench: &Bench, by: &Customer) -> Vec<Value> {
    let answer = bench.get("/api/access-tokens", Some(&by.token)).await;
    answer.body.as_array().expect("a list").clone()
}

#[tokio::test]
async fn a_token_is_shown_once_and_recognised_later() {
    let (bench, ada) = start().await;
    let made = create(&bench, &ada, 30).await;
    assert_eq!(made.status, StatusCode::CREATED);
    let token = made.text("token");
    assert!(token.starts_with("1mins_pat_"), "{token}");
    let expected = json!({
        "id": made.text("id"), "name": "ci", "scope": "read", "last_used_at": null,
        "created_at": "2026-11-21T12:00:00Z", "expires_at": "2026-12-21T12:00:00Z",
        "last4": token[token.len() - 4..],
    });
    assert_eq!(list(&bench, &ada).await, [expected]);
    let stored = bench.api.access_tokens.tokens();
    assert_eq!(stored[0].hash.0.len(), 64);
    let secret = token.rsplit('_').next().unwrap();
    assert!(!format!("{stored:?}").contains(secret), "hashed");
}

#[tokio::test]
async fn a_token_lives_as_long_as_it_was_made_for() {
    let (bench, ada) = start().await;
    let token = create(&bench, &ada, 2).await.text("token");
    bench.api.clock.advance(Duration::from_secs(2 * 86_400 - 1));
    assert_eq!(bench.get(HOME, Some(&token)).await.status, StatusCode::OK);
    bench.api.clock.advance(Duration::from_secs(1));
    assert_eq!(bench.get(HOME, Some(&token)).await.status, StatusCode::UNAUTHORIZED);
    let ada = bench.signed_in("ada@example.com").await;
    assert!(list(&bench, &ada).await.is_empty());
}

#[tokio::test]
async fn only_the_whole_token_opens_the_door() {
    let (bench, ada) = start().await;
    let token = create(&bench, &ada, 2).await.text("token");
    let shorter = &token[..token.len() - 1];
    let changed = format!("{shorter}{}", if token.ends_with('0') { '1' } else { '0' });
    for wrong in [shorter, &changed, &format!("{token}0"), &token.to_uppercase()] {
        let answer = bench.get(HOME, Some(wrong)).await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{wrong}");
    }
    assert_eq!(bench.get(HOME, Some(&token)).await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_revoked_token_is_over_with_the_next_request() {
    let (bench, ada) = start().await;
    let program = bench.access_token(&ada, "write").await;
    let path = format!("/api/access-tokens/{}", program.id);
    bench.api.access_tokens.lost_answers.begin(1);
    for status in [StatusCode::SERVICE_UNAVAILABLE, StatusCode::NOT_FOUND] {
        let answer = bench.call("DELETE", &path, Some(&ada.token), &Value::Null).await;
        assert_eq!(answer.status, status);
        let shut = bench.get(HOME, Some(&program.token)).await;
        assert_eq!(shut.status, StatusCode::UNAUTHORIZED);
    }
}

#[tokio::test]
async fn colleagues_have_their_own_tokens() {
    let (bench, ada) = start().await;
    let bob = bench.member(&ada, "bob@example.com", "owner").await;
    let program = bench.access_token(&ada, "read").await;
    assert!(list(&bench, &bob).await.is_empty());
    let path = format!("/api/access-tokens/{}", program.id);
    let answer = bench.call("DELETE", &path, Some(&bob.token), &Value::Null).await;
    assert_eq!(answer.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_token_stays_in_the_tenant_it_was_made_in() {
    let (bench, ada) = start().await;
    let project = bench.project(&ada).await;
    let bob = bench.member(&ada, "bob@example.com", "member").await;
    let program = bench.access_token(&bob, "read").await;
    let home = bench.signed_in("bob@example.com").await;
    assert!(list(&bench, &home).await.is_empty());
    let path = format!("/api/access-tokens/{}", program.id);
    let answer = bench.call("DELETE", &path, Some(&home.token), &Value::Null).await;
    assert_eq!(answer.status, StatusCode::NOT_FOUND);
    let seen = bench.get(HOME, Some(&program.token)).await;
    assert_eq!(seen.body[0]["id"], project, "wherever its user's sessions are");
}

#[tokio::test]
async fn the_last_use_is_written_once_an_hour() {
    let (bench, ada) = start().await;
    let program = bench.access_token(&ada, "read").await;
    for _ in 0..6 {
        assert_eq!(bench.get(HOME, Some(&program.token)).await.status, StatusCode::OK);
        bench.api.clock.advance(Duration::from_mins(20));
    }
    assert_eq!(bench.api.access_tokens.recorded_uses(), 2, "in two hours");
    let ada = bench.signed_in("ada@example.com").await;
    assert_eq!(list(&bench, &ada).await[0]["last_used_at"], "2026-11-21T13:00:00Z");
}

#[tokio::test]
async fn a_use_that_cannot_be_written_is_no_reason_to_refuse() {
    let (bench, ada) = start().await;
    let program = bench.access_token(&ada, "read").await;
    bench.api.access_tokens.outage.begin_after(1, 1);
    assert_eq!(bench.get(HOME, Some(&program.token)).await.status, StatusCode::OK);
    assert_eq!(bench.api.access_tokens.recorded_uses(), 0);
    bench.api.access_tokens.outage.begin(1);
    let shut = bench.get(HOME, Some(&program.token)).await;
    assert_eq!(shut.status, StatusCode::SERVICE_UNAVAILABLE, "but a token that cannot be read is");
}

#[tokio::test]
async fn a_lost_answer_leaves_a_token_that_can_be_revoked() {
    let (bench, ada) = start().await;
    bench.api.access_tokens.lost_answers.begin(1);
    assert_eq!(create(&bench, &ada, 1).await.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(create(&bench, &ada, 1).await.status, StatusCode::CREATED);
    for token in list(&bench, &ada).await {
        let path = format!("/api/access-tokens/{}", token["id"].as_str().unwrap());
        let answer = bench.call("DELETE", &path, Some(&ada.token), &Value::Null).await;
        assert_eq!(answer.status, StatusCode::NO_CONTENT);
    }
    assert!(bench.api.access_tokens.tokens().is_empty());
}

#[tokio::test]
async fn a_member_has_twenty_tokens() {
    let (bench, ada) = start().await;
    for _ in 0..20 {
        assert_eq!(create(&bench, &ada, 1).await.status, StatusCode::CREATED);
    }
    assert_eq!(create(&bench, &ada, 1).await.status, StatusCode::CONFLICT);
}

#[tokio::test]
async fn every_mistake_has_its_field() {
    let (bench, ada) = start().await;
    let body = json!({ "name": "a\nb", "scope": "all", "expires_in_days": 366 });
    let wrong = bench.post("/api/access-tokens", Some(&ada.token), &body).await;
    assert_eq!(wrong.status, StatusCode::BAD_REQUEST);
    assert_eq!(wrong.fields(), ["name", "scope", "expires_in_days"]);
    for days in [json!(0), json!(1.5), json!("1"), json!(-1), Value::Null] {
        let body = json!({ "name": "ci", "scope": "read", "expires_in_days": days });
        let wrong = bench.post("/api/access-tokens", Some(&ada.token), &body).await;
        assert_eq!(wrong.fields(), ["expires_in_days"], "{body}");
    }
}
