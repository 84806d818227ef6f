//! From a payment to a running instance.

use crate::bench::{Bench, of_payment, shown, with};
use billing::BillingError;
use contracts::{billing::Message, provision::Saga};
use domain::{
    project::{Event, State},
    subscription::{Seen, Status},
};
use jiff::SignedDuration;
use ports::projects::Projects;
use serde_json::{Value, json};
use testkit::make;

fn execution(attempt: u32) -> String {
    format!("provision-{}-{attempt}", make::project().id)
}

#[tokio::test]
async fn an_active_subscription_pays_and_starts_one_provisioning() {
    let bench = Bench::with(State::PendingPayment).await;
    // The books are not asked: whoever has paid waits.
    bench.payments.outage.begin(u32::MAX);
    let outcome = bench.deliver("msg_1", &shown(&with(Status::Active))).await;
    assert_eq!(outcome, "provisioning started");
    let project = bench.project().await;
    assert_eq!((project.state, project.attempt), (State::Pending, 1));
    assert_eq!(project.subscription_id.as_deref(), Some("sub_1"));
    assert_eq!(bench.executions(), [execution(1)]);
    assert_eq!(bench.record().await.project, Some(project.id));
}

#[tokio::test]
async fn the_execution_gets_the_sagas_input_and_no_secret() {
    let bench = Bench::with(State::PendingPayment).await;
    bench.deliver("msg_1", &shown(&with(Status::Active))).await;
    let (_, input) = bench.machines.provision.started().remove(0);
    let saga: Saga = serde_json::from_str(&input).expect("is a saga's input");
    assert_eq!(saga, Saga::of(&bench.project().await));
    for secret in ["sub_1", "cus_1"] {
        assert!(!input.contains(secret), "{secret} in {input}");
    }
}

#[tokio::test]
async fn every_message_may_come_twice_and_in_company() {
    let bench = Bench::with(State::PendingPayment).await;
    bench.payments.put_subscription(with(Status::Active));
    for id in ["msg_1", "msg_2"] {
        bench.store(id, &shown(&with(Status::Active)));
        for _ in 0..2 {
            bench.apply(id).await.expect("applies");
            bench.look().await.expect("looks");
        }
    }
    assert_eq!(bench.executions(), [execution(1)]);
    assert_eq!(bench.project().await.attempt, 1);
}

#[tokio::test]
async fn a_delivery_that_is_not_stored_is_an_error_until_it_is() {
    let bench = Bench::with(State::PendingPayment).await;
    let error = bench.apply("msg_9").await.expect_err("is not there");
    assert!(matches!(&error, BillingError::Missing(id) if id == "msg_9"), "{error}");
    bench.deliver("msg_9", &shown(&with(Status::Active))).await;
    assert_eq!(bench.executions(), [execution(1)]);
}

#[tokio::test]
async fn the_type_of_an_event_decides_nothing() {
    let bench = Bench::with(State::PendingPayment).await;
    let mut body = shown(&with(Status::Active));
    body["type"] = "subscription.on_hold".into();
    assert_eq!(bench.deliver("msg_1", &body).await, "provisioning started");
}

#[tokio::test]
async fn what_is_not_paid_yet_waits() {
    let bench = Bench::with(State::PendingPayment).await;
    let outcome = bench.deliver("msg_1", &shown(&with(Status::Pending))).await;
    assert_eq!(outcome, "it is not paid yet");
    assert!(bench.executions().is_empty());
    bench.advance(SignedDuration::from_secs(1));
    assert_eq!(bench.becomes("msg_2", &with(Status::Active)).await, "provisioning started");
}

#[tokio::test]
async fn what_we_cannot_use_is_kept_with_its_reason() {
    let cases: [(Value, &str); 4] = [
        (json!("hello"), "not one that we can read"),
        (json!({ "type": "x.y" }), "do not know"),
        (json!({ "type": "payout.success" }), "not about anything that we sell"),
        (json!({ "data": { "payload_type": "Subscription", "status": "active" } }), "lacks its id"),
    ];
    for (body, outcome) in cases {
        let bench = Bench::with(State::PendingPayment).await;
        let became = bench.deliver("msg_1", &body).await;
        assert!(became.contains(outcome), "{body}: {became}");
        assert!(bench.executions().is_empty(), "{body}");
    }
}

#[tokio::test]
async fn a_payment_without_its_subscription_makes_us_look_in_a_moment() {
    let bench = Bench::with(State::PendingPayment).await;
    bench.deliver("msg_1", &of_payment("Payment", "succeeded")).await;
    let timers = bench.timers.set_now();
    let (at, look) = timers.get("look-pay_1").expect("is set");
    assert_eq!(*at, bench.now() + SignedDuration::from_mins(2));
    assert!(matches!(look, Message::Look { subscription_id, .. } if subscription_id == "sub_1"));

    bench.payments.put_subscription(with(Status::Active));
    bench.look().await.expect("looks");
    assert_eq!(bench.executions(), [execution(1)], "its own delivery never came");
    let known = bench.deliver("msg_2", &of_payment("Payment", "succeeded")).await;
    assert_eq!(known, "remembered which subscription it paid for");
}

#[tokio::test]
async fn a_repeat_follows_the_owners_retry_to_its_attempt() {
    let bench = Bench::with(State::PendingPayment).await;
    bench.deliver("msg_1", &shown(&with(Status::Active))).await;
    let id = &make::project().id;
    bench.projects.change(id, 1, Event::ProvisioningFailed, Some("why")).await.unwrap();
    bench.projects.request_retry(id).await.unwrap();
    bench.apply("msg_1").await.expect("applies");
    assert_eq!(bench.executions(), [execution(1), execution(2)]);
}

#[tokio::test]
async fn another_plan_resizes_what_runs_and_each_change_once() {
    let bench = Bench::known(State::Running, &with(Status::Active)).await;
    let plan = Some(domain::plan::PlanId::Pro);
    let pro = Seen { plan, ..with(Status::Active) };
    assert_eq!(bench.becomes("msg_1", &pro).await, "resize started");
    bench.apply("msg_1").await.expect("applies");
    assert_eq!(bench.executions(), [format!("resize-{}-1-5", make::project().id)]);
}

/// As the API asks for one after an owner's change: no delivery has to arrive for its effect.
#[tokio::test]
async fn a_look_alone_resizes_and_the_delivery_after_it_adds_nothing() {
    let bench = Bench::known(State::Running, &with(Status::Active)).await;
    let plan = Some(domain::plan::PlanId::Pro);
    let pro = Seen { plan, ..with(Status::Active) };
    bench.payments.put_subscription(pro.clone());
    for _ in 0..2 {
        bench.look().await.expect("looks");
    }
    assert_eq!(bench.executions(), [format!("resize-{}-1-5", make::project().id)]);
    assert_eq!(bench.record().await.plan_changed_at, Some(bench.now()));
    bench.advance(SignedDuration::from_mins(1));
    bench.becomes("msg_1", &pro).await;
    assert_eq!(bench.executions().len(), 1);
}

#[tokio::test]
async fn a_look_alone_notes_that_the_subscription_ends_with_its_period() {
    let bench = Bench::known(State::Running, &with(Status::Active)).await;
    for ends in [true, false] {
        let seen = Seen { cancels_at_period_end: ends, ..with(Status::Active) };
        bench.payments.put_subscription(seen);
        bench.look().await.expect("looks");
        let record = bench.record().await;
        assert_eq!(record.seen.cancels_at_period_end, ends);
        let timer = bench.timers.set_now().contains_key("look-sub_1");
        assert_eq!((timer, record.look_at.is_some()), (ends, ends), "looked at again at its end");
        bench.advance(SignedDuration::from_secs(1));
    }
    assert!(bench.executions().is_empty(), "it runs on either way");
}
