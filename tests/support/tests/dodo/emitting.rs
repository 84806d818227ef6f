//! Webhooks on demand: every type, twice, out of order, and with the fields of the real ones.

use crate::{
    merchant::{Merchant, settings},
    receiver::{Received, Receiver},
};
use reqwest::Method;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use support::dodo::events;

fn fields(body: &Value) -> BTreeSet<String> {
    body["data"].as_object().expect("an object").keys().cloned().collect()
}

/// A merchant with one of everything that is kept in books.
async fn merchant_with_everything(receiver: &Receiver) -> Merchant {
    let merchant = Merchant::with(settings()).await;
    let id = merchant.subscription().await;
    merchant.post("/_standin/refunds", &json!({ "about": id, "amount": 100 })).await;
    merchant.post("/_standin/disputes", &json!({ "about": id })).await;
    let endpoint = json!({ "url": receiver.url() });
    merchant.send(Method::PUT, "/_standin/webhook", &endpoint).await;
    merchant
}

#[tokio::test]
async fn all_types_can_be_sent() {
    let receiver = Receiver::start(&[]).await;
    let merchant = merchant_with_everything(&receiver).await;
    for event in events::TYPES {
        merchant.post("/_standin/emit", &json!({ "type": event })).await;
    }
    let before = 6;
    let received = receiver.wait_for(before + events::TYPES.len()).await;
    let sent: BTreeSet<String> = received.iter().map(Received::event).collect();
    let all: BTreeSet<String> = events::TYPES.iter().map(|&it| it.to_owned()).collect();
    assert_eq!(sent, all);
    assert!(received.iter().all(|it| it.json()["data"]["payload_type"].is_string()));
}

#[tokio::test]
async fn webhooks_have_every_field_of_the_recorded_ones() {
    let fixtures = [
        ("payment.succeeded", include_str!("fixtures/payment.succeeded.json")),
        ("payment.failed", include_str!("fixtures/payment.failed.json")),
        ("subscription.active", include_str!("fixtures/subscription.active.json")),
        ("subscription.renewed", include_str!("fixtures/subscription.renewed.json")),
        ("subscription.on_hold", include_str!("fixtures/subscription.on_hold.json")),
        ("subscription.plan_changed", include_str!("fixtures/subscription.plan_changed.json")),
        ("subscription.cancelled", include_str!("fixtures/subscription.cancelled.json")),
        ("subscription.failed", include_str!("fixtures/subscription.failed.json")),
    ];
    let receiver = Receiver::start(&[]).await;
    let merchant = merchant_with_everything(&receiver).await;
    for (event, fixture) in fixtures {
        let sent = merchant.post("/_standin/emit", &json!({ "type": event })).await;
        let fixture: Value = serde_json::from_str(fixture).expect("JSON");
        let ours = receiver.wait_for_id(sent["id"].as_str().expect("an id")).await;
        assert_eq!(fields(&ours.json()), fields(&fixture), "{event}");
    }
}

#[tokio::test]
async fn duplicates_have_one_id_and_what_is_said_wins_over_what_is() {
    let receiver = Receiver::start(&[]).await;
    let merchant = merchant_with_everything(&receiver).await;
    let said = json!({
        "type": "subscription.active", "copies": 3, "data": { "status": "expired" },
    });
    let sent = merchant.post("/_standin/emit", &said).await;
    let received = receiver.wait_for(6 + 3).await;
    let copies: Vec<_> = received.iter().filter(|it| sent["id"] == it.id.as_str()).collect();
    assert_eq!(copies.len(), 3);
    assert!(copies.iter().all(|it| it.json()["data"]["status"] == "expired"));
}

#[tokio::test]
async fn what_nothing_stands_behind_is_refused() {
    let merchant = Merchant::with(settings()).await;
    let cases = [
        (json!({ "type": "subscription.exploded" }), 400),
        (json!({ "type": "refund.succeeded" }), 400),
        (json!({ "type": "payment.failed", "about": "pay_none" }), 404),
    ];
    for (emission, status) in cases {
        merchant.refused(Method::POST, "/_standin/emit", &emission, status).await;
    }
}
