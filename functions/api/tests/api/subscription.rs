//! What pays for a project, as its people see it.

use crate::bench::{Bench, Customer};
use domain::{
    plan::PlanId,
    subscription::{Seen, Status},
};
use http::StatusCode;
use serde_json::{Value, json};

async fn start() -> (Bench, Customer, String) {
    let bench = Bench::new();
    let customer = bench.customer("ada@example.com").await;
    let id = bench.subscribed_project(&customer).await;
    (bench, customer, id)
}

async fn shown(bench: &Bench, customer: &Customer, id: &str) -> Value {
    let answer =
        bench.get(&format!("/api/projects/{id}/subscription"), Some(&customer.token)).await;
    assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
    answer.body
}

#[tokio::test]
async fn a_project_that_nobody_paid_for_has_none() {
    let (bench, customer, _) = start().await;
    let id = bench.project(&customer).await;
    let mut body = shown(&bench, &customer, &id).await;
    body.as_object_mut().expect("an object").retain(|_, it| !it.is_null());
    assert_eq!(body, json!({ "standing": "none", "plan": "standard" }));
}

/// Each standing for itself is tried beside the view.
#[tokio::test]
async fn our_own_records_answer_while_the_provider_is_away() {
    let (bench, customer, id) = start().await;
    let held = Seen { status: Status::OnHold, ..bench.booked().await };
    bench.becomes(&held);
    bench.api.payments.outage.begin(u32::MAX);
    let body = shown(&bench, &customer, &id).await;
    assert_eq!((&body["standing"], &body["why"]), (&json!("suspended"), &json!("unpaid")));
    bench.api.subscriptions.outage.begin(1);
    let path = format!("/api/projects/{id}/subscription");
    let away = bench.get(&path, Some(&customer.token)).await;
    assert_eq!(away.status, StatusCode::SERVICE_UNAVAILABLE);
}

#[tokio::test]
async fn a_member_and_a_program_may_look() {
    let (bench, ada, id) = start().await;
    let bob = bench.member(&ada, "bob@example.com", "member").await;
    assert_eq!(shown(&bench, &bob, &id).await["standing"], "paid");
    let token = bench.access_token(&ada, "read").await.token;
    let program = Customer { token, ..ada };
    assert_eq!(shown(&bench, &program, &id).await["standing"], "paid");
}

/// Billing has noted the change, and the saga `resize` is not at its end yet.
#[tokio::test]
async fn a_change_that_is_being_applied_is_shown() {
    let (bench, customer, id) = start().await;
    let pro = Seen { plan: Some(PlanId::Pro), price_minor: Some(6_500), ..bench.booked().await };
    bench.becomes(&pro);
    let body = shown(&bench, &customer, &id).await;
    assert_eq!(body["plan"], "standard", "the instance has what it had");
    assert_eq!(body["plan_change"]["plan"], "pro");
    assert_eq!(body["recurring_minor"], 6_500);
}
