//! Deleting a project, and taking that back.

use crate::bench::{Answer, Bench, Customer};
use contracts::billing::Message;
use domain::{
    project::{Event, Purpose},
    subscription::{Record, Seen, Status},
};
use http::StatusCode;
use jiff::SignedDuration;
use ports::{
    clock::Clock, payments::CheckoutState, projects::Projects, sagas::Course,
    subscriptions::Subscriptions,
};
use serde_json::{Value, json};

async fn start() -> (Bench, Customer, String) {
    let bench = Bench::new();
    let customer = bench.customer("ada@example.com").await;
    let id = bench.subscribed_project(&customer).await;
    (bench, customer, id)
}

async fn delete(bench: &Bench, customer: &Customer, id: &str) -> Answer {
    let path = format!("/api/projects/{id}/deletion");
    bench.post(&path, Some(&customer.token), &json!({ "name": "mybot" })).await
}

async fn take_back(bench: &Bench, customer: &Customer, id: &str) -> Answer {
    let path = format!("/api/projects/{id}/deletion");
    bench.call("DELETE", &path, Some(&customer.token), &Value::Null).await
}

async fn record(bench: &Bench) -> Record {
    bench.api.subscriptions.find("sub_1").await.expect("is up").expect("is known")
}

/// Billing has heard it.
async fn heard(bench: &Bench) {
    let record = record(bench).await;
    let record = match bench.api.looks.sent().last() {
        Some(Message::Deletion { wanted: true, at, .. }) => record.deletion_wanted(*at),
        Some(Message::Deletion { at, .. }) => record.deletion_taken_back(*at),
        other => panic!("no wish: {other:?}"),
    };
    bench.api.subscriptions.put(record);
}

fn wishes(bench: &Bench) -> Vec<bool> {
    let wish = |it| match it {
        Message::Deletion { wanted, .. } => wanted,
        other => panic!("not about a deletion: {other:?}"),
    };
    bench.api.looks.sent().into_iter().map(wish).collect()
}

#[tokio::test]
async fn it_is_said_until_when_it_can_be_taken_back_and_a_repeat_changes_nothing() {
    let (bench, ada, id) = start().await;
    let deleted_at = bench.api.clock.now() + bench.api.settings.terms.grace;
    for _ in 0..2 {
        let answer = delete(&bench, &ada, &id).await;
        assert_eq!(answer.status, StatusCode::ACCEPTED, "{answer:?}");
        assert_eq!(
            (&answer.body["standing"], &answer.body["why"]),
            (&json!("ended"), &json!("owner_deleted"))
        );
        assert_eq!(answer.body["data_deleted_at"], deleted_at.to_string());
        if wishes(&bench).len() == 1 {
            heard(&bench).await;
        }
    }
    assert_eq!(wishes(&bench), [true]);

    bench.api.clock.advance(std::time::Duration::from_secs(1));
    for _ in 0..2 {
        let answer = take_back(&bench, &ada, &id).await;
        assert_eq!(answer.status, StatusCode::ACCEPTED, "{answer:?}");
        assert_eq!(answer.body["standing"], "paid");
        if wishes(&bench).len() == 2 {
            heard(&bench).await;
        }
    }
    assert_eq!(wishes(&bench), [true, false]);
}

#[tokio::test]
async fn whoever_deletes_says_what() {
    let (bench, ada, id) = start().await;
    let path = format!("/api/projects/{id}/deletion");
    for body in
        [json!({}), json!({ "name": "" }), json!({ "name": "MyBot" }), json!({ "name": "other" })]
    {
        let answer = bench.post(&path, Some(&ada.token), &body).await;
        assert_eq!((answer.status, answer.fields()), (StatusCode::BAD_REQUEST, vec!["name"]));
    }
    assert!(bench.api.looks.sent().is_empty());
}

#[tokio::test]
async fn only_an_owner_deletes() {
    let (bench, ada, id) = start().await;
    let bob = bench.member(&ada, "bob@example.com", "member").await;
    for refused in [delete(&bench, &bob, &id).await, take_back(&bench, &bob, &id).await] {
        assert_eq!(refused.body["type"], "urn:1mins:problem:owner-needed");
    }
    assert!(bench.api.looks.sent().is_empty());
}

#[tokio::test]
async fn while_it_is_to_be_deleted_nothing_is_paid_or_cancelled_beside_it() {
    let (bench, ada, id) = start().await;
    delete(&bench, &ada, &id).await;
    heard(&bench).await;
    for (method, door) in
        [("POST", "checkout"), ("POST", "cancellation"), ("DELETE", "cancellation")]
    {
        let path = format!("/api/projects/{id}/{door}");
        let answer = bench.call(method, &path, Some(&ada.token), &Value::Null).await;
        assert_eq!(answer.status, StatusCode::CONFLICT, "{door}");
        assert_eq!(answer.body["detail"], "the project is to be deleted: take that back", "{door}");
    }
    assert!(bench.api.payments.orders().is_empty());
}

#[tokio::test]
async fn what_has_ended_is_deleted_when_it_would_be_and_not_taken_back_but_paid_for() {
    let (bench, ada, id) = start().await;
    bench.becomes(&Seen { status: Status::Cancelled, ..bench.booked().await });
    let answer = delete(&bench, &ada, &id).await;
    assert_eq!((answer.status, answer.text("why")), (StatusCode::ACCEPTED, "cancelled".into()));
    assert!(answer.body["data_deleted_at"].is_string());
    let refused = take_back(&bench, &ada, &id).await;
    assert_eq!(refused.status, StatusCode::CONFLICT);
    assert!(bench.api.looks.sent().is_empty());
}

#[tokio::test]
async fn what_is_erased_stays_so() {
    let (bench, ada, id) = start().await;
    let (project, projects) = (id.parse().expect("an id"), &bench.api.projects);
    projects.change(&project, 1, Event::HaltBegan, None).await.expect("it runs");
    projects.record_halted(&project, 1, Purpose::Suspend, None).await.expect("it halts");
    let payer = projects.find(&project).await.unwrap().unwrap().subscription_id;
    projects.record_deleting(&project, 1, payer.as_deref()).await.expect("it rests");
    for _ in 0..2 {
        let refused = take_back(&bench, &ada, &id).await;
        assert_eq!(refused.body["detail"], "the project is deleted already");
        projects.change(&project, 1, Event::Deleted, None).await.expect("it is being deleted");
    }
    assert!(bench.api.looks.sent().is_empty());
}

#[tokio::test]
async fn a_wish_that_cannot_be_handed_over_is_refused_and_not_forgotten() {
    let (bench, ada, id) = start().await;
    let Bench { api, .. } = &bench;
    let outages = [&api.projects.outage, &api.subscriptions.outage, &api.looks.outage];
    for outage in outages {
        outage.begin(1);
        let away = delete(&bench, &ada, &id).await;
        assert_eq!(away.status, StatusCode::SERVICE_UNAVAILABLE);
        assert!(wishes(&bench).is_empty());
    }
    assert_eq!(delete(&bench, &ada, &id).await.status, StatusCode::ACCEPTED);
    assert_eq!(wishes(&bench), [true]);
}

#[tokio::test]
async fn what_was_never_paid_for_is_erased_at_once_and_tried_again_when_that_failed() {
    let (bench, ada, _) = start().await;
    let id = bench.project(&ada).await;
    for _ in 0..2 {
        let answer = delete(&bench, &ada, &id).await;
        assert_eq!((answer.status, answer.text("standing")), (StatusCode::ACCEPTED, "none".into()));
    }
    let started = || bench.api.erasures.started().into_iter().map(|it| it.0).collect::<Vec<_>>();
    let first = format!("erase-{id}-0-0");
    assert_eq!(started(), std::slice::from_ref(&first));
    let project = bench.api.projects.find(&id.parse().unwrap()).await.unwrap().unwrap();
    let (_, input) = bench.api.erasures.started().remove(0);
    let saga: contracts::erase::Saga = serde_json::from_str(&input).expect("as agreed");
    assert_eq!(saga, contracts::erase::Saga::of(&project));

    let at = bench.api.clock.now() - SignedDuration::from_secs(1);
    bench.api.erasures.set_course(&first, Course::Ended { at });
    delete(&bench, &ada, &id).await;
    assert_eq!(started(), [first, format!("erase-{id}-0-1")]);
    assert!(bench.api.looks.sent().is_empty());
}

#[tokio::test]
async fn what_is_being_paid_for_at_this_moment_is_not_deleted() {
    let (bench, ada, _) = start().await;
    let id = bench.project(&ada).await;
    let path = format!("/api/projects/{id}/checkout");
    let page = bench.call("POST", &path, Some(&ada.token), &Value::Null).await;
    assert_eq!(page.status, StatusCode::OK, "{page:?}");
    bench.api.payments.set_checkout_state("cks_1", CheckoutState::Paid);
    let refused = delete(&bench, &ada, &id).await;
    assert_eq!(refused.body["detail"], "a payment for the project is on its way");
    assert!(bench.api.erasures.started().is_empty());
}
