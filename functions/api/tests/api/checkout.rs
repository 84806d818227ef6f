//! Paying: one page at a time, and nobody pays twice.

use crate::bench::{Answer, Bench, Customer};
use http::{StatusCode, header};
use ports::payments::CheckoutState;
use serde_json::Value;
use std::time::Duration;

async fn checkout(bench: &Bench, customer: &Customer, id: &str) -> Answer {
    let path = format!("/api/projects/{id}/checkout");
    bench.post(&path, Some(&customer.token), &Value::Null).await
}

async fn start() -> (Bench, Customer, String) {
    let bench = Bench::new();
    let customer = bench.customer("ada@example.com").await;
    let id = bench.project(&customer).await;
    (bench, customer, id)
}

#[tokio::test]
async fn an_order_names_the_customer_the_tenant_and_the_project() {
    let (bench, customer, id) = start().await;
    let answer = checkout(&bench, &customer, &id).await;
    assert_eq!(answer.status, StatusCode::OK);
    assert_eq!(answer.body["checkout_url"], "https://checkout.test/session/cks_1");
    let orders = bench.api.payments.orders();
    assert_eq!(orders[0].project.as_str(), id);
    assert_eq!(orders[0].tenant.as_str(), customer.tenant);
    assert_eq!(orders[0].customer, "cus_1");
    assert_eq!(orders[0].return_url, format!("https://app.test/projects/{id}"));
}

#[tokio::test]
async fn asking_twice_opens_one_page() {
    let (bench, customer, id) = start().await;
    let first = checkout(&bench, &customer, &id).await;
    let second = checkout(&bench, &customer, &id).await;
    assert_eq!(first.body, second.body);
    assert_eq!(bench.api.payments.orders().len(), 1);
    bench.api.clock.advance(Duration::from_mins(30));
    let customer = bench.signed_in("ada@example.com").await;
    assert_eq!(checkout(&bench, &customer, &id).await.body, first.body);
    assert_eq!(bench.api.payments.orders().len(), 1);
}

#[tokio::test]
async fn a_second_click_at_the_same_moment_has_to_wait() {
    use ports::{
        clock::Clock,
        throttles::{Throttle, Throttles},
    };
    let (bench, customer, id) = start().await;
    // As the first click leaves it while it talks to the provider.
    let turn = Throttle { key: format!("checkout#{id}"), window: Duration::from_secs(30) };
    bench.api.throttles.count_try(&turn, bench.api.clock.now()).await.unwrap();
    let answer = checkout(&bench, &customer, &id).await;
    assert_eq!(answer.status, StatusCode::CONFLICT);
    assert_eq!(answer.header(header::RETRY_AFTER), "2");
    assert!(bench.api.payments.orders().is_empty());
    // It died. Its turn ends by itself.
    bench.api.clock.advance(Duration::from_secs(31));
    assert_eq!(checkout(&bench, &customer, &id).await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_tenant_is_one_customer() {
    let (bench, customer, id) = start().await;
    let other = bench.project(&customer).await;
    checkout(&bench, &customer, &id).await;
    checkout(&bench, &customer, &other).await;
    let customers: Vec<_> = bench.api.payments.orders().into_iter().map(|it| it.customer).collect();
    assert_eq!(customers, ["cus_1", "cus_1"]);
}

#[tokio::test]
async fn a_page_is_replaced_once_nobody_can_pay_on_it() {
    let cases = [
        ("declined", Duration::ZERO, CheckoutState::Over),
        ("about to close", Duration::from_mins(23 * 60 + 50), CheckoutState::Open),
    ];
    for (case, after, state) in cases {
        let (bench, customer, id) = start().await;
        let first = checkout(&bench, &customer, &id).await;
        bench.api.payments.set_checkout_state("cks_1", state);
        bench.api.clock.advance(after);
        let customer = bench.signed_in("ada@example.com").await;
        let second = checkout(&bench, &customer, &id).await;
        assert_ne!(first.text("checkout_url"), second.text("checkout_url"), "{case}");
    }
}

#[tokio::test]
async fn nobody_pays_while_a_payment_is_on_its_way() {
    let (bench, customer, id) = start().await;
    checkout(&bench, &customer, &id).await;
    bench.api.payments.set_checkout_state("cks_1", CheckoutState::Paid);
    let answer = checkout(&bench, &customer, &id).await;
    assert_eq!(answer.status, StatusCode::CONFLICT);
    assert_eq!(bench.api.payments.orders().len(), 1);
}

#[tokio::test]
async fn a_paid_project_is_not_paid_for_again() {
    let (bench, customer, _) = start().await;
    let id = bench.paid_project(&customer).await;
    assert_eq!(checkout(&bench, &customer, &id).await.status, StatusCode::CONFLICT);
    assert!(bench.api.payments.orders().is_empty());
}

#[tokio::test]
async fn an_outage_of_the_provider_passes() {
    for (case, calls_before) in [("making the customer", 0), ("opening the page", 1)] {
        let (bench, customer, id) = start().await;
        bench.api.payments.outage.begin_after(calls_before, 1);
        let answer = checkout(&bench, &customer, &id).await;
        assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE, "{case}");
        assert_eq!(answer.header(header::RETRY_AFTER), "5", "{case}");
        assert_eq!(answer.body["type"], "urn:1mins:problem:unavailable", "{case}");
        // At once: the turn was given back.
        let again = checkout(&bench, &customer, &id).await;
        assert_eq!(again.status, StatusCode::OK, "{case}");
        assert_eq!(bench.api.payments.orders().len(), 1, "{case}");
    }
}

#[tokio::test]
async fn a_page_that_could_not_be_recorded_was_seen_by_nobody_and_is_replaced() {
    let (bench, customer, id) = start().await;
    // The project and its last page can be read; the new page cannot be written.
    bench.api.projects.outage.begin_after(2, 1);
    let lost = checkout(&bench, &customer, &id).await;
    assert_eq!(lost.status, StatusCode::SERVICE_UNAVAILABLE);
    let shown = checkout(&bench, &customer, &id).await;
    assert_eq!(shown.text("checkout_url"), "https://checkout.test/session/cks_2");
    assert_eq!(checkout(&bench, &customer, &id).await.body, shown.body);
    assert_eq!(bench.api.payments.orders().len(), 2);
}
