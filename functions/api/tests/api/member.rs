//! Who belongs to a tenant, and that somebody always owns it.

use crate::bench::{Answer, Bench, Customer, Guest};
use domain::tenant::Role;
use http::StatusCode;
use serde_json::{Value, json};

async fn start() -> (Bench, Customer, Guest) {
    let bench = Bench::new();
    let ada = bench.customer("ada@example.com").await;
    let bob = bench.member(&ada, "bob@example.com", "member").await;
    (bench, ada, bob)
}

async fn user_of(bench: &Bench, customer: &Customer) -> String {
    let members = bench.get("/api/members", Some(&customer.token)).await;
    let members = members.body.as_array().expect("members").clone();
    let you = members.iter().find(|it| it["you"] == true).expect("it is there");
    you["user_id"].as_str().expect("an id").to_owned()
}

async fn make(bench: &Bench, by: &Customer, user: &str, role: &str) -> Answer {
    let path = format!("/api/members/{user}");
    bench.call("PATCH", &path, Some(&by.token), &json!({ "role": role })).await
}

async fn remove(bench: &Bench, by: &Customer, user: &str) -> Answer {
    bench.call("DELETE", &format!("/api/members/{user}"), Some(&by.token), &Value::Null).await
}

fn owners(bench: &Bench, customer: &Customer) -> usize {
    let members = bench.api.tenants.members(&customer.tenant.parse().expect("an id"));
    members.iter().filter(|it| it.role == Role::Owner).count()
}

#[tokio::test]
async fn everybody_sees_everybody_and_oneself() {
    let (bench, ada, bob) = start().await;
    let seen = bench.get("/api/members", Some(&bob.token)).await;
    let ada_id = user_of(&bench, &ada).await;
    let mut expected = vec![
        json!({ "user_id": ada_id, "email": "ada@example.com", "role": "owner", "you": false }),
        json!({ "user_id": bob.user, "email": "bob@example.com", "role": "member", "you": true }),
    ];
    // They came at the same moment, as far as this clock can tell.
    expected.sort_by_key(|it| it["user_id"].to_string());
    assert_eq!(seen.body, Value::from(expected));
}

#[tokio::test]
async fn a_role_counts_from_the_next_request() {
    let (bench, ada, bob) = start().await;
    let invitations = "/api/invitations";
    let before = bench.get(invitations, Some(&bob.token)).await;
    assert_eq!(before.body["type"], "urn:1mins:problem:owner-needed");
    bench.api.tenants.lost_answers.begin(1);
    let lost = make(&bench, &ada, &bob.user, "owner").await;
    assert_eq!(lost.status, StatusCode::SERVICE_UNAVAILABLE);
    let again = make(&bench, &ada, &bob.user, "owner").await;
    assert_eq!((again.status, again.text("role")), (StatusCode::OK, "owner".to_owned()));
    assert_eq!(bench.get(invitations, Some(&bob.token)).await.status, StatusCode::OK);
    assert_eq!(make(&bench, &bob, &bob.user, "member").await.status, StatusCode::OK);
    let after = bench.get(invitations, Some(&bob.token)).await;
    assert_eq!(after.status, StatusCode::FORBIDDEN);
    let odd = make(&bench, &ada, &bob.user, "king").await;
    assert_eq!((odd.status, odd.fields()), (StatusCode::BAD_REQUEST, vec!["role"]));
}

#[tokio::test]
async fn the_last_owner_neither_steps_down_nor_leaves() {
    let (bench, ada, bob) = start().await;
    let ada_id = user_of(&bench, &ada).await;
    for answer in [make(&bench, &ada, &ada_id, "member").await, remove(&bench, &ada, &ada_id).await]
    {
        assert_eq!(answer.status, StatusCode::CONFLICT);
        assert_eq!(answer.body["type"], "urn:1mins:problem:last-owner");
    }
    assert_eq!(make(&bench, &ada, &ada_id, "owner").await.status, StatusCode::OK, "as it is");
    make(&bench, &ada, &bob.user, "owner").await;
    assert_eq!(remove(&bench, &ada, &ada_id).await.status, StatusCode::NO_CONTENT);
    assert_eq!(owners(&bench, &ada), 1);
    let last = remove(&bench, &bob, &bob.user).await;
    assert_eq!(last.body["type"], "urn:1mins:problem:last-owner");
}

#[tokio::test]
async fn of_two_owners_who_leave_at_once_one_stays() {
    let (bench, ada, bob) = start().await;
    let ada_id = user_of(&bench, &ada).await;
    make(&bench, &ada, &bob.user, "owner").await;
    let (one, other) = tokio::join!(remove(&bench, &ada, &ada_id), remove(&bench, &bob, &bob.user));
    let mut statuses = [one.status, other.status];
    statuses.sort();
    assert_eq!(statuses, [StatusCode::NO_CONTENT, StatusCode::CONFLICT]);
    assert_eq!(owners(&bench, &ada), 1);
}

#[tokio::test]
async fn members_leave_and_do_not_put_others_out() {
    let (bench, ada, bob) = start().await;
    let ada_id = user_of(&bench, &ada).await;
    let refused = remove(&bench, &bob, &ada_id).await;
    assert_eq!(refused.body["type"], "urn:1mins:problem:owner-needed");
    assert_eq!(remove(&bench, &bob, &bob.user).await.status, StatusCode::NO_CONTENT);
    let out = bench.get("/api/members", Some(&bob.token)).await;
    assert_eq!(out.body["type"], "urn:1mins:problem:not-a-member");
    let home = bench.signed_in("bob@example.com").await;
    assert_ne!(home.tenant, ada.tenant);
}

#[tokio::test]
async fn a_removal_whose_answer_was_lost_finds_nobody_again() {
    let (bench, ada, bob) = start().await;
    bench.api.tenants.lost_answers.begin(1);
    let lost = remove(&bench, &ada, &bob.user).await;
    assert_eq!(lost.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(remove(&bench, &ada, &bob.user).await.status, StatusCode::NOT_FOUND);
    let members = bench.get("/api/members", Some(&ada.token)).await;
    assert_eq!(members.body.as_array().map(Vec::len), Some(1));
}

/// An old letter, or an old program, must not lead back in.
#[tokio::test]
async fn who_comes_back_starts_anew() {
    let (bench, ada, bob) = start().await;
    let program = bench.access_token(&bob, "read").await.token;
    remove(&bench, &ada, &bob.user).await;
    bench.api.clock.advance(std::time::Duration::from_mins(1));
    let home = bench.signed_in("bob@example.com").await;
    let asked = json!({ "email": "bob@example.com", "role": "member" });
    bench.post("/api/invitations", Some(&ada.token), &asked).await;
    let token = json!({ "token": bench.mailed_token() });
    let back = bench.post("/api/invitations/accept", Some(&home.token), &token).await;
    assert_eq!(back.status, StatusCode::OK);
    let old = bench.get("/api/projects", Some(&program)).await;
    assert_eq!(old.status, StatusCode::UNAUTHORIZED);
}
