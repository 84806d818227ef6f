//! What time does to a subscription, lived through in no time.

use crate::{
    merchant::{Merchant, settings},
    receiver::Receiver,
};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use support::dodo::Settings;

fn count(events: &[String], event: &str) -> usize {
    events.iter().filter(|it| *it == event).count()
}

#[tokio::test]
async fn a_year_is_twelve_renewals_in_their_order() {
    let merchant = Merchant::with(settings()).await;
    let id = merchant.subscription().await;
    let before = merchant.get(&format!("/subscriptions/{id}")).await;
    merchant.advance(360).await;
    let payments = merchant.payments_of(&id).await;
    assert_eq!(payments.len(), 12, "the first and eleven renewals");
    assert!(payments.iter().all(|it| it["total_amount"] == 4900));
    assert!(
        payments.windows(2).all(|it| it[0]["created_at"].as_str() >= it[1]["created_at"].as_str())
    );
    merchant.advance(10).await;
    assert_eq!(count(&merchant.announced().await, "subscription.renewed"), 13);
    let after = merchant.get(&format!("/subscriptions/{id}")).await;
    assert_ne!(before["next_billing_date"], after["next_billing_date"]);
    assert_eq!(after["status"], "active");
}

#[tokio::test]
async fn without_grace_a_refused_card_puts_the_subscription_on_hold_for_ever() {
    let merchant = Merchant::with(settings()).await;
    let id = merchant.subscription().await;
    merchant.break_the_card(&id).await;
    merchant.advance(200).await;
    assert_eq!(merchant.status(&id).await, "on_hold");
    let events = merchant.announced().await;
    assert_eq!(count(&events, "payment.failed"), 1, "nobody tries again by himself");
    assert_eq!(count(&events, "subscription.on_hold"), 1);
    assert_eq!(count(&events, "subscription.past_due"), 0);
}

#[tokio::test]
async fn with_grace_it_is_past_due_first_and_the_card_is_tried_every_day() {
    let merchant = Merchant::with(Settings { grace_days: 3, ..settings() }).await;
    let id = merchant.subscription().await;
    merchant.break_the_card(&id).await;
    merchant.advance(32).await;
    let past_due = merchant.get(&format!("/subscriptions/{id}")).await;
    assert_eq!(past_due["status"], "past_due");
    assert!(past_due["past_due_ends_at"].is_string());
    merchant.advance(3).await;
    assert_eq!(merchant.status(&id).await, "on_hold");
    let events = merchant.announced().await;
    assert!(count(&events, "payment.failed") >= 2, "{events:?}");
    assert_eq!(count(&events, "dunning.started"), 1);
}

#[tokio::test]
async fn one_failure_can_have_a_grace_of_its_own() {
    let merchant = Merchant::with(settings()).await;
    let id = merchant.subscription().await;
    let fail = format!("/_standin/subscriptions/{id}/fail");
    assert_eq!(merchant.post(&fail, &json!({ "grace_days": 3 })).await["status"], "past_due");
    merchant.advance(2).await;
    assert_eq!(merchant.status(&id).await, "past_due");
    merchant.advance(1).await;
    assert_eq!(merchant.status(&id).await, "on_hold");
    let (one, refused) = (merchant.subscription().await, json!({ "grace_days": -1 }));
    let fail = format!("/_standin/subscriptions/{one}/fail");
    merchant.refused(Method::POST, &fail, &refused, 400).await;
    assert_eq!(merchant.status(&one).await, "active");
}

#[tokio::test]
async fn a_card_that_works_again_ends_the_grace() {
    let merchant = Merchant::with(Settings { grace_days: 10, ..settings() }).await;
    let id = merchant.subscription().await;
    merchant.break_the_card(&id).await;
    merchant.advance(32).await;
    let path = format!("/_standin/subscriptions/{id}/card");
    merchant.post(&path, &json!({ "card": "good" })).await;
    merchant.advance(2).await;
    let active = merchant.get(&format!("/subscriptions/{id}")).await;
    assert_eq!((&active["status"], &active["past_due_ends_at"]), (&json!("active"), &Value::Null));
    assert_eq!(count(&merchant.announced().await, "dunning.recovered"), 1);
}

#[tokio::test]
async fn another_card_pays_what_is_owed_and_brings_it_back() {
    let merchant = Merchant::with(settings()).await;
    let id = merchant.subscription().await;
    let fail = format!("/_standin/subscriptions/{id}/fail");
    assert_eq!(merchant.post(&fail, &Value::Null).await["status"], "on_hold");

    let path = format!("/subscriptions/{id}/update-payment-method");
    let new = json!({ "type": "new", "return_url": "https://app.test/back" });
    let offered = merchant.post(&path, &new).await;
    let link = offered["payment_link"].as_str().expect("a page").to_owned();
    let saved = merchant.http.post(&link).form(&[("card", "good")]).send().await.unwrap();
    assert_eq!(saved.status(), StatusCode::SEE_OTHER);
    assert_eq!(merchant.status(&id).await, "active");
    let paid = merchant.payments_of(&id).await.remove(0);
    assert_eq!(
        (&paid["status"], &paid["is_update_payment_method"]),
        (&json!("succeeded"), &json!(true))
    );
    assert_eq!(count(&merchant.announced().await, "subscription.update_payment_method"), 1);
    let again = merchant.http.get(&link).send().await.unwrap();
    assert_eq!(again.status(), StatusCode::GONE);
}

#[tokio::test]
async fn a_scheduled_cancellation_ends_with_the_period_and_can_be_taken_back() {
    let merchant = Merchant::with(settings()).await;
    let (one, two) = (merchant.subscription().await, merchant.subscription().await);
    for id in [&one, &two] {
        let change = json!({ "cancel_at_next_billing_date": true });
        let path = format!("/subscriptions/{id}");
        let scheduled = merchant.send(Method::PATCH, &path, &change).await;
        assert_eq!(scheduled.status(), StatusCode::OK);
        assert_eq!(merchant.status(id).await, "active", "until the period is over");
    }
    let revoke = json!({ "cancel_at_next_billing_date": false });
    merchant.send(Method::PATCH, &format!("/subscriptions/{two}"), &revoke).await;
    merchant.advance(32).await;
    assert_eq!(merchant.status(&one).await, "cancelled");
    assert_eq!(merchant.status(&two).await, "active");
    assert_eq!(merchant.payments_of(&one).await.len(), 1);
    let path = format!("/subscriptions/{one}");
    let code = merchant.refused(Method::PATCH, &path, &revoke, 422).await;
    assert_eq!(code, "SUBSCRIPTION_INACTIVE");
}

#[tokio::test]
async fn a_pause_stops_the_charges_and_its_days_are_not_lost() {
    let merchant = Merchant::with(settings()).await;
    let id = merchant.subscription().await;
    let path = format!("/subscriptions/{id}");
    let both = json!({ "status": "paused", "metadata": {} });
    assert_eq!(merchant.refused(Method::PATCH, &path, &both, 422).await, "INVALID_REQUEST_BODY");
    merchant.send(Method::PATCH, &path, &json!({ "status": "paused" })).await;
    merchant.advance(90).await;
    assert_eq!(merchant.payments_of(&id).await.len(), 1);
    merchant.send(Method::PATCH, &path, &json!({ "status": "active" })).await;
    merchant.advance(20).await;
    assert_eq!(merchant.payments_of(&id).await.len(), 1, "ten days are left");
    merchant.advance(15).await;
    assert_eq!(merchant.payments_of(&id).await.len(), 2);
    let events = merchant.announced().await;
    assert_eq!(
        (count(&events, "subscription.paused"), count(&events, "subscription.unpaused")),
        (1, 1)
    );
}

#[tokio::test]
async fn after_ten_years_it_expires() {
    let merchant = Merchant::with(settings()).await;
    let id = merchant.subscription().await;
    for _ in 0..10 {
        merchant.advance(366).await;
    }
    assert_eq!(merchant.status(&id).await, "expired");
    assert_eq!(count(&merchant.announced().await, "subscription.expired"), 1);
}

#[tokio::test]
async fn the_clock_moves_forwards_only() {
    let merchant = Merchant::with(settings()).await;
    for by in
        [json!({ "days": -1 }), json!({}), json!({ "days": 400 }), json!({ "days": i64::MAX })]
    {
        let path = "/_standin/clock/advance";
        assert_eq!(merchant.refused(Method::POST, path, &by, 422).await, "INVALID_ADVANCE");
    }
}

#[tokio::test]
async fn a_repeat_that_is_due_in_hours_comes_when_the_clock_gets_there() {
    let receiver = Receiver::start(&[500, 500, 500, 500]).await;
    let slow = Settings { time_scale: 1.0, ..settings() };
    let merchant =
        Merchant::with(Settings { webhook_url: Some(receiver.url().to_owned()), ..slow }).await;
    merchant.press(&merchant.checkout().await, "declined").await;
    receiver.wait_for(2).await;
    merchant.post("/_standin/clock/advance", &json!({ "seconds": 6 })).await;
    receiver.wait_for(4).await;
    merchant.post("/_standin/clock/advance", &json!({ "seconds": 301 })).await;
    receiver.wait_for(6).await;
    let events = merchant.get("/_standin/deliveries").await;
    assert!(events["items"].as_array().unwrap().iter().all(|it| it["outcome"] == "delivered"));
}
