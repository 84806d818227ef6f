//! Paying: one page at a time, and nobody pays twice.

use crate::bench::{Answer, Bench, Customer, request};
use domain::{
    plan::PlanId,
    project::{Event, Purpose},
    subscription::{Record, Seen, Status},
};
use http::{StatusCode, header};
use ports::{clock::Clock, payments::CheckoutState, prices::Listed, projects::Projects};
use serde_json::{Value, json};
use std::time::Duration;
use testkit::{make, payments::usd};

async fn checkout(bench: &Bench, customer: &Customer, id: &str) -> Answer {
    agree(bench, customer, id, &Value::Null).await
}

async fn agree(bench: &Bench, customer: &Customer, id: &str, shown: &Value) -> Answer {
    let path = format!("/api/projects/{id}/checkout");
    bench.post(&path, Some(&customer.token), shown).await
}

fn shown(minor: u32) -> Value {
    json!({ "price_minor": minor, "currency": "USD" })
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

#[tokio::test]
async fn nobody_is_sent_to_a_price_that_they_were_not_shown() {
    let (bench, customer, id) = start().await;
    bench.api.payments.set_price(PlanId::Standard, usd(5_900));
    let euros = json!({ "price_minor": 5_900, "currency": "EUR" });
    for other in [shown(4_900), shown(0), euros] {
        let refused = agree(&bench, &customer, &id, &other).await;
        assert_eq!(refused.status, StatusCode::CONFLICT, "{other}");
        assert_eq!(refused.body["type"], "urn:1mins:problem:price-changed", "{other}");
        let detail = refused.text("detail");
        assert!(detail.ends_with("59.00 USD"), "{detail}");
    }
    assert!(bench.api.payments.orders().is_empty());
    let plans = bench.get("/api/plans", None).await.body;
    assert_eq!(plans[0]["price_minor"], 5_900, "whoever looks again sees it");
    for _ in 0..2 {
        assert_eq!(agree(&bench, &customer, &id, &shown(5_900)).await.status, StatusCode::OK);
    }
    assert_eq!(bench.api.payments.orders().len(), 1);
}

#[tokio::test]
async fn what_was_shown_is_said_as_a_whole_or_not_at_all() {
    let cases = [
        (json!({}), vec!["price_minor", "currency"]),
        (json!({ "price_minor": 4_900 }), vec!["currency"]),
        (json!({ "price_minor": "4900", "currency": 1 }), vec!["price_minor", "currency"]),
        (json!({ "price_minor": 4_900, "currency": "USD", "tip": 1 }), vec!["tip"]),
    ];
    let (bench, customer, id) = start().await;
    let path = format!("/api/projects/{id}/checkout");
    for nothing in ["", " ", "null"] {
        let answer = bench.send(request("POST", &path, Some(&customer.token), nothing)).await;
        assert_eq!(answer.status, StatusCode::OK, "`{nothing}`");
    }
    let mut form = request("POST", &path, Some(&customer.token), "price_minor=1");
    form.headers_mut().insert(header::CONTENT_TYPE, "text/plain".parse().unwrap());
    assert_eq!(bench.send(form).await.status, StatusCode::UNSUPPORTED_MEDIA_TYPE);
    for (body, fields) in cases {
        let refused = agree(&bench, &customer, &id, &body).await;
        assert_eq!((refused.status, refused.fields()), (StatusCode::BAD_REQUEST, fields), "{body}");
    }
    assert_eq!(bench.api.payments.orders().len(), 1, "for those who said nothing");
}

#[tokio::test]
async fn a_page_of_another_price_is_not_shown_again() {
    let (bench, customer, id) = start().await;
    let first = agree(&bench, &customer, &id, &shown(4_900)).await;
    bench.api.payments.set_price(PlanId::Standard, usd(3_900));
    let second = agree(&bench, &customer, &id, &shown(3_900)).await;
    assert_ne!(first.text("checkout_url"), second.text("checkout_url"));
    // Somebody who was shown nothing is not to have two pages open.
    assert_eq!(checkout(&bench, &customer, &id).await.body, second.body);
}

#[tokio::test]
async fn while_nobody_tells_the_price_the_last_good_one_counts() {
    let (bench, customer, id) = start().await;
    let (plan, as_of) = (PlanId::Standard, bench.api.clock.now());
    bench.api.prices.put(Listed { plan, price: usd(4_900), as_of });
    bench.api.payments.outage.begin(1);
    assert_eq!(agree(&bench, &customer, &id, &shown(4_900)).await.status, StatusCode::OK);
    bench.api.payments.outage.begin(1);
    let other = agree(&bench, &customer, &id, &shown(4_800)).await;
    assert_eq!(other.body["type"], "urn:1mins:problem:price-changed");
}

#[tokio::test]
async fn nobody_is_sent_to_pay_what_cannot_be_meant() {
    let (bench, customer, id) = start().await;
    let (plan, as_of) = (PlanId::Standard, bench.api.clock.now());
    bench.api.prices.put(Listed { plan, price: usd(4_900), as_of });
    bench.api.payments.set_price(plan, usd(49));
    for price in [49, 4_900] {
        let refused = agree(&bench, &customer, &id, &shown(price)).await;
        assert_eq!(refused.status, StatusCode::INTERNAL_SERVER_ERROR, "{price}");
    }
    assert_eq!(bench.api.prices.of(plan).map(|it| it.price), Some(usd(4_900)));
    assert!(bench.api.payments.orders().is_empty());
}

/// A running project, whose subscription is `status`.
async fn subscribed(status: Status) -> (Bench, Customer, String) {
    let bench = Bench::new();
    let customer = bench.customer("ada@example.com").await;
    let id = bench.running_project(&customer).await;
    let seen = Seen { status, project: id.parse().ok(), ..make::subscription() };
    bench.api.subscriptions.put(Record::of(&seen, bench.api.clock.now()));
    (bench, customer, id)
}

async fn halt(bench: &Bench, id: &str) {
    let (id, projects) = (id.parse().expect("an id"), &bench.api.projects);
    projects.record_halting(&id, 1, 0).await.expect("it runs");
    Projects::record_halted(projects, &id, 1, Purpose::Suspend, None).await.expect("it halts");
}

#[tokio::test]
async fn what_has_ended_is_paid_for_anew_once_it_is_at_rest() {
    let (bench, customer, id) = subscribed(Status::Cancelled).await;
    let halting = checkout(&bench, &customer, &id).await;
    assert_eq!((halting.status, halting.header(header::RETRY_AFTER)), (StatusCode::CONFLICT, "30"));
    halt(&bench, &id).await;
    let first = agree(&bench, &customer, &id, &shown(4_900)).await;
    assert_eq!(first.status, StatusCode::OK);
    assert_eq!(agree(&bench, &customer, &id, &shown(4_900)).await.body, first.body);
    assert_eq!(bench.api.payments.orders().len(), 1);
}

#[tokio::test]
async fn the_page_of_the_first_purchase_does_not_stand_in_the_way_of_the_second() {
    let bench = Bench::new();
    let customer = bench.customer("ada@example.com").await;
    let id = bench.project(&customer).await;
    let first = checkout(&bench, &customer, &id).await;
    bench.api.payments.set_checkout_state("cks_1", CheckoutState::Paid);
    let project = id.parse().expect("an id");
    let projects = &bench.api.projects;
    projects.record_paid(&project, "sub_1").await.expect("it is new");
    for event in [Event::ProvisioningBegan, Event::ProvisioningFinished] {
        Projects::change(projects, &project, 1, event, None).await.expect("as prepared");
    }
    halt(&bench, &id).await;
    let ended = Seen { status: Status::Expired, ..make::subscription() };
    bench.api.subscriptions.put(Record::of(&ended, bench.api.clock.now()));
    let second = checkout(&bench, &customer, &id).await;
    assert_ne!(first.text("checkout_url"), second.text("checkout_url"));
    // It is paid: nobody pays again until our records know.
    bench.api.payments.set_checkout_state("cks_2", CheckoutState::Paid);
    assert_eq!(checkout(&bench, &customer, &id).await.status, StatusCode::CONFLICT);
    projects.replace_subscription(&project, "sub_1", "sub_2").await.expect("it has ended");
    assert_eq!(checkout(&bench, &customer, &id).await.status, StatusCode::CONFLICT);
    assert_eq!(bench.api.payments.orders().len(), 2);
}

#[tokio::test]
async fn what_may_be_paid_again_by_itself_is_not_paid_for_twice() {
    for status in [Status::Active, Status::PastDue, Status::OnHold, Status::Paused] {
        let (bench, customer, id) = subscribed(status).await;
        halt(&bench, &id).await;
        assert_eq!(
            checkout(&bench, &customer, &id).await.status,
            StatusCode::CONFLICT,
            "{status:?}"
        );
        assert!(bench.api.payments.orders().is_empty(), "{status:?}");
    }
}

#[tokio::test]
async fn what_is_deleted_is_neither_sold_nor_opened() {
    let (bench, customer, id) = subscribed(Status::Cancelled).await;
    halt(&bench, &id).await;
    let project = id.parse().expect("an id");
    for event in [Event::DeletionBegan, Event::Deleted] {
        Projects::change(&bench.api.projects, &project, 1, event, None).await.expect("it rests");
        let refused = checkout(&bench, &customer, &id).await;
        assert_eq!(refused.status, StatusCode::CONFLICT, "{event:?}");
    }
    assert!(bench.api.payments.orders().is_empty());
    bench.api.projects.forget(&project);
    let path = format!("/api/projects/{id}/gateway-token");
    let gone = bench.post(&path, Some(&customer.token), &Value::Null).await;
    assert_eq!(gone.status, StatusCode::CONFLICT, "nor is there anything to open");
}
