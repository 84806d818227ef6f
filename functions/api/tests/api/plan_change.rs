//! Another plan: it costs what was shown, and is charged for once.

use crate::bench::{Answer, Bench, Customer};
use domain::{
    plan::PlanId,
    project::Event,
    subscription::{Seen, Status},
};
use http::{StatusCode, header};
use ports::projects::Projects;
use serde_json::{Value, json};
use std::time::Duration;

async fn start() -> (Bench, Customer, String) {
    let bench = Bench::new();
    let customer = bench.customer("ada@example.com").await;
    let id = bench.subscribed_project(&customer).await;
    (bench, customer, id)
}

async fn quote(bench: &Bench, customer: &Customer, id: &str, plan: &str) -> Answer {
    let path = format!("/api/projects/{id}/plan/quote");
    bench.post(&path, Some(&customer.token), &json!({ "plan": plan })).await
}

async fn change(bench: &Bench, customer: &Customer, id: &str, shown: &Value) -> Answer {
    let path = format!("/api/projects/{id}/plan");
    bench.call("PUT", &path, Some(&customer.token), shown).await
}

/// What the page shows of Pro.
fn pro() -> Value {
    json!({ "plan": "pro", "due_now_minor": 1600, "recurring_minor": 6500, "currency": "USD" })
}

fn problem(answer: &Answer) -> &str {
    let kind = answer.body["type"].as_str().unwrap_or_default();
    kind.strip_prefix("urn:1mins:problem:").unwrap_or(kind)
}

#[tokio::test]
async fn a_quote_says_what_is_due_and_changes_nothing() {
    let (bench, customer, id) = start().await;
    let answer = quote(&bench, &customer, &id, "pro").await;
    assert_eq!((answer.status, &answer.body), (StatusCode::OK, &pro()));
    assert_eq!(bench.booked().await.plan, Some(PlanId::Standard));
    assert!(bench.looks().is_empty());
}

#[tokio::test]
async fn a_change_is_made_at_once_and_billing_looks() {
    let (bench, customer, id) = start().await;
    let answer = change(&bench, &customer, &id, &pro()).await;
    assert_eq!(answer.status, StatusCode::ACCEPTED, "{answer:?}");
    assert_eq!(
        (&answer.body["plan"], &answer.body["recurring_minor"]),
        (&json!("standard"), &json!(6500))
    );
    assert_eq!(answer.body["plan_change"]["plan"], "pro");
    assert_eq!(bench.api.payments.changes(), [("sub_1".to_owned(), PlanId::Pro)]);
    assert_eq!(bench.looks(), ["sub_1"]);
}

#[tokio::test]
async fn a_double_click_and_a_late_one_charge_once() {
    let (bench, customer, id) = start().await;
    for _ in 0..3 {
        let answer = change(&bench, &customer, &id, &pro()).await;
        assert_eq!(answer.status, StatusCode::ACCEPTED, "{answer:?}");
        assert_eq!(answer.body["plan_change"]["plan"], "pro");
    }
    assert_eq!(bench.api.payments.changes().len(), 1);
}

#[tokio::test]
async fn two_at_the_same_moment_are_one_and_a_wait() {
    use ports::{
        clock::Clock,
        throttles::{Throttle, Throttles},
    };
    let (bench, customer, id) = start().await;
    // As the first click leaves it while it talks to the provider.
    let turn = Throttle { key: format!("plan#{id}"), window: Duration::from_mins(1) };
    bench.api.throttles.count_try(&turn, bench.api.clock.now()).await.unwrap();
    let second = change(&bench, &customer, &id, &pro()).await;
    assert_eq!((second.status, problem(&second)), (StatusCode::CONFLICT, "busy"));
    assert_eq!(second.header(header::RETRY_AFTER), "60");
    assert!(bench.api.payments.changes().is_empty());
}

#[tokio::test]
async fn nobody_pays_another_price_than_the_one_that_was_shown() {
    let (bench, customer, id) = start().await;
    let cases = [
        ("due_now_minor", json!(1599)),
        ("recurring_minor", json!(6499)),
        ("currency", json!("EUR")),
    ];
    for (field, shown) in cases {
        let mut order = pro();
        order[field] = shown;
        let refused = change(&bench, &customer, &id, &order).await;
        assert_eq!((refused.status, problem(&refused)), (StatusCode::CONFLICT, "price-changed"));
        let detail = "the price is another one by now: 16.00 USD now, then 65.00 USD a month";
        assert_eq!(refused.body["detail"], detail, "{field}");
    }
    assert!(bench.api.payments.changes().is_empty());
    assert_eq!(
        change(&bench, &customer, &id, &pro()).await.status,
        StatusCode::ACCEPTED,
        "at once"
    );
}

#[tokio::test]
async fn a_declined_card_changes_nothing_and_may_be_tried_again() {
    let (bench, customer, id) = start().await;
    bench.api.payments.refuse_cards(true);
    let refused = change(&bench, &customer, &id, &pro()).await;
    assert_eq!((refused.status, problem(&refused)), (StatusCode::CONFLICT, "payment-declined"));
    assert_eq!(bench.booked().await.plan, Some(PlanId::Standard));
    bench.api.payments.refuse_cards(false);
    assert_eq!(change(&bench, &customer, &id, &pro()).await.status, StatusCode::ACCEPTED);
}

#[tokio::test]
async fn what_cannot_change_is_said_before_anybody_is_asked() {
    type Change = fn(&mut Seen);
    let cases: [(&str, Change, &str); 7] = [
        ("waits", |it| it.status = Status::Pending, "not paid for"),
        ("is late", |it| it.status = Status::PastDue, "a payment is missing"),
        ("is on hold", |it| it.status = Status::OnHold, "suspended"),
        ("is paused", |it| it.status = Status::Paused, "suspended"),
        ("is over", |it| it.status = Status::Cancelled, "has ended"),
        ("ends soon", |it| it.cancels_at_period_end = true, "take the cancellation back"),
        ("is under way", |it| it.plan = Some(PlanId::Dedicated), "being applied"),
    ];
    for (case, make_so, why) in cases {
        let (bench, customer, id) = start().await;
        let mut seen = bench.booked().await;
        make_so(&mut seen);
        bench.becomes(&seen);
        bench.api.payments.outage.begin(u32::MAX);
        let answers = [
            quote(&bench, &customer, &id, "pro").await,
            change(&bench, &customer, &id, &pro()).await,
        ];
        for answer in answers {
            assert_eq!(
                (answer.status, problem(&answer)),
                (StatusCode::CONFLICT, "conflict"),
                "{case}"
            );
            assert!(answer.body["detail"].to_string().contains(why), "{case}: {answer:?}");
        }
    }
}

#[tokio::test]
async fn a_project_changes_while_it_runs_and_to_another_plan() {
    let (bench, customer, id) = start().await;
    let same = quote(&bench, &customer, &id, "standard").await;
    assert_eq!(same.status, StatusCode::CONFLICT);
    let unpaid = bench.project(&customer).await;
    assert_eq!(quote(&bench, &customer, &unpaid, "pro").await.status, StatusCode::CONFLICT);
    let project = id.parse().unwrap();
    bench.api.projects.change(&project, 1, Event::HaltBegan, None).await.unwrap();
    let halting = change(&bench, &customer, &id, &pro()).await;
    assert_eq!(halting.status, StatusCode::CONFLICT, "{halting:?}");
    assert!(bench.api.payments.changes().is_empty());
}

/// The provider knows more than we do.
#[tokio::test]
async fn a_refusal_of_the_provider_is_told_and_tried_again_at_will() {
    let (bench, customer, id) = start().await;
    let known = bench.booked().await;
    let ending = Seen { cancels_at_period_end: true, ..known.clone() };
    let held = Seen { status: Status::OnHold, ..known.clone() };
    for (seen, why) in [(ending, "ends with its period"), (held, "not active")] {
        bench.api.payments.put_subscription(seen);
        for answer in [
            quote(&bench, &customer, &id, "pro").await,
            change(&bench, &customer, &id, &pro()).await,
        ] {
            assert_eq!(answer.status, StatusCode::CONFLICT, "{why}");
            assert!(answer.body["detail"].to_string().contains(why), "{why}: {answer:?}");
        }
    }
    bench.api.payments.put_subscription(known);
    assert_eq!(change(&bench, &customer, &id, &pro()).await.status, StatusCode::ACCEPTED);
}

#[tokio::test]
async fn whatever_fails_before_the_charge_is_repeated_at_once() {
    for case in ["the project", "the record", "the count", "the turn", "what it is on", "the quote"]
    {
        let (bench, customer, id) = start().await;
        let Bench { api, .. } = &bench;
        match case {
            "the project" => api.projects.outage.begin(1),
            "the record" => api.subscriptions.outage.begin(1),
            "the count" => api.throttles.outage.begin(1),
            "the turn" => api.throttles.outage.begin_after(1, 1),
            "what it is on" => api.payments.outage.begin(1),
            _ => api.payments.outage.begin_after(1, 1),
        }
        let away = change(&bench, &customer, &id, &pro()).await;
        assert_eq!(away.status, StatusCode::SERVICE_UNAVAILABLE, "{case}");
        assert_eq!(away.header(header::RETRY_AFTER), "5", "{case}");
        assert!(api.payments.changes().is_empty(), "{case}");
        let again = change(&bench, &customer, &id, &pro()).await;
        assert_eq!(again.status, StatusCode::ACCEPTED, "{case}: {again:?}");
        assert_eq!(api.payments.changes().len(), 1, "{case}");
    }
}

/// Nobody knows whether it was charged for: nobody charges for it again before that is known.
#[tokio::test]
async fn a_charge_of_unknown_end_is_not_repeated_and_found_afterwards() {
    for case in ["the request is lost", "the answer is lost", "the look afterwards fails"] {
        let (bench, customer, id) = start().await;
        match case {
            "the request is lost" => bench.api.payments.outage.begin_after(2, 1),
            "the answer is lost" => bench.api.payments.lose_answers(true),
            _ => bench.api.payments.outage.begin_after(3, 1),
        }
        let lost = change(&bench, &customer, &id, &pro()).await;
        assert_eq!(lost.status, StatusCode::SERVICE_UNAVAILABLE, "{case}");
        assert_eq!(bench.looks(), ["sub_1"], "{case}: billing finds out by itself");
        bench.api.payments.lose_answers(false);
        let soon = change(&bench, &customer, &id, &pro()).await;
        assert_eq!((soon.status, problem(&soon)), (StatusCode::CONFLICT, "busy"), "{case}");
        bench.api.clock.advance(Duration::from_secs(61));
        let later = change(&bench, &customer, &id, &pro()).await;
        assert_eq!(later.status, StatusCode::ACCEPTED, "{case}: {later:?}");
        assert_eq!(bench.booked().await.plan, Some(PlanId::Pro), "{case}");
        assert_eq!(bench.api.payments.changes().len(), 1, "{case}");
    }
}

#[tokio::test]
async fn a_charge_that_takes_its_time_is_not_made_again_meanwhile() {
    let (bench, customer, id) = start().await;
    bench.api.payments.take_time(true);
    let accepted = change(&bench, &customer, &id, &pro()).await;
    assert_eq!(accepted.status, StatusCode::ACCEPTED, "{accepted:?}");
    assert_eq!(accepted.body["plan_change"], Value::Null, "nothing is promised");
    let again = change(&bench, &customer, &id, &pro()).await;
    assert_eq!((again.status, problem(&again)), (StatusCode::CONFLICT, "busy"));
    bench.becomes(&Seen { plan: Some(PlanId::Pro), ..bench.booked().await });
    bench.api.clock.advance(Duration::from_secs(61));
    let done = change(&bench, &customer, &id, &pro()).await;
    assert_eq!(done.body["plan_change"]["plan"], "pro", "{done:?}");
    assert_eq!(bench.api.payments.changes().len(), 1);
}

#[tokio::test]
async fn neither_a_lost_look_nor_a_turn_that_stays_is_a_failure() {
    let (bench, customer, id) = start().await;
    bench.api.looks.outage.begin(1);
    bench.api.throttles.outage.begin_after(2, 1);
    let answer = change(&bench, &customer, &id, &pro()).await;
    assert_eq!(answer.status, StatusCode::ACCEPTED, "{answer:?}");
    assert_eq!(bench.api.payments.changes().len(), 1);
}

#[tokio::test]
async fn what_is_no_order_is_refused_field_by_field() {
    let (bench, customer, id) = start().await;
    let wrong =
        json!({ "plan": "x", "due_now_minor": 1.5, "recurring_minor": -1, "currency": "usd" });
    let refused = change(&bench, &customer, &id, &wrong).await;
    assert_eq!(refused.status, StatusCode::BAD_REQUEST);
    assert_eq!(refused.fields(), ["plan", "due_now_minor", "recurring_minor", "currency"]);
}

#[tokio::test]
async fn who_asks_the_provider_all_the_time_waits() {
    let (bench, customer, id) = start().await;
    for _ in 0..30 {
        assert_eq!(quote(&bench, &customer, &id, "pro").await.status, StatusCode::OK);
    }
    let refused = quote(&bench, &customer, &id, "pro").await;
    assert_eq!(refused.status, StatusCode::TOO_MANY_REQUESTS);
    bench.api.clock.advance(Duration::from_mins(1));
    assert_eq!(quote(&bench, &customer, &id, "pro").await.status, StatusCode::OK);
}

#[tokio::test]
async fn only_an_owner_changes_it() {
    let (bench, ada, id) = start().await;
    let bob = bench.member(&ada, "bob@example.com", "member").await;
    assert_eq!(problem(&quote(&bench, &bob, &id, "pro").await), "owner-needed");
    assert_eq!(problem(&change(&bench, &bob, &id, &pro()).await), "owner-needed");
    let eve = bench.customer("eve@example.com").await;
    assert_eq!(problem(&change(&bench, &eve, &id, &pro()).await), "not-found");
    assert!(bench.api.payments.changes().is_empty());
}
