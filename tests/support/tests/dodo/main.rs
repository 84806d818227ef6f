//! The Dodo stand-in keeps to what Dodo documents, where it is unkind too.

mod emitting;
mod life;
mod merchant;
mod money;
mod plans;
mod receiver;

use merchant::{Merchant, SECRET, settings};
use receiver::{Received, Receiver};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use std::{collections::BTreeSet, time::Duration};
use support::{
    clock,
    dodo::{Settings, signature},
};

fn events(received: &[Received]) -> BTreeSet<String> {
    received.iter().map(Received::event).collect()
}

fn of(received: &[Received], event: &str) -> Received {
    received.iter().find(|it| it.event() == event).expect("the event was sent").clone()
}

#[tokio::test]
async fn nobody_comes_in_without_the_key() {
    let merchant = Merchant::with(settings()).await;
    let url = format!("{}/products", merchant.dodo.url);
    for request in [merchant.http.get(&url), merchant.http.get(&url).bearer_auth("dodo_test_other")]
    {
        let response = request.send().await.unwrap();
        assert_eq!(response.status(), StatusCode::UNAUTHORIZED);
        let body: Value = response.json().await.unwrap();
        assert_eq!(body["code"], "UNAUTHORIZED");
    }
}

#[tokio::test]
async fn a_product_has_its_price_as_an_object_and_in_the_list_as_a_number() {
    let merchant = Merchant::with(settings()).await;
    let product = merchant.get("/products/pdt_standard").await;
    assert_eq!(product["price"]["price"], 4900);
    assert_eq!(product["price"]["subscription_period_interval"], "Year");
    let list = merchant.get("/products").await;
    assert_eq!(list["items"][1]["price"], 6500);
    assert_eq!(list["items"][1]["price_detail"]["price"], 6500);
    let missing = merchant.send(Method::GET, "/products/pdt_none", &Value::Null).await;
    assert_eq!(missing.status(), StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn paying_sends_the_browser_back_and_tells_the_merchant() {
    let receiver = Receiver::start(&[]).await;
    let merchant = Merchant::start(receiver.url()).await;
    let session = merchant.checkout().await;
    let page = merchant.http.get(format!("{}/session/{session}", merchant.dodo.url));
    let page = page.send().await.unwrap().text().await.unwrap();
    assert!(page.contains("$49.00") && page.contains("ada@example.com"), "{page}");

    let response = merchant.press(&session, "good").await;
    assert_eq!(response.status(), StatusCode::SEE_OTHER);
    let location = response.headers()["location"].to_str().unwrap();
    assert!(location.starts_with("https://app.test/billing/return?project=prj_4k2x9q7hzd&"));
    assert!(location.contains("subscription_id=sub_") && location.contains("status=active"));

    let received = receiver.wait_for(4).await;
    let expected = [
        "payment.succeeded",
        "subscription.active",
        "subscription.renewed",
        "subscription.updated",
    ];
    assert_eq!(events(&received), expected.map(str::to_owned).into());
    let active = of(&received, "subscription.active").json();
    assert_eq!(active["data"]["payload_type"], "Subscription");
    assert_eq!(active["data"]["metadata"]["project_id"], "prj_4k2x9q7hzd");
    assert_eq!(active["data"]["customer"]["email"], "ada@example.com");
    let paid = of(&received, "payment.succeeded").json();
    assert_eq!(paid["data"]["checkout_session_id"], session.as_str());
    assert_eq!(paid["data"]["total_amount"], 4900);
    let status = merchant.get(&format!("/checkouts/{session}")).await;
    assert_eq!(status["payment_status"], "succeeded");
}

#[tokio::test]
async fn every_webhook_is_signed() {
    let receiver = Receiver::start(&[]).await;
    let merchant = Merchant::start(receiver.url()).await;
    merchant.press(&merchant.checkout().await, "good").await;
    for it in receiver.wait_for(4).await {
        let expected =
            signature::sign(&[SECRET.parse().unwrap()], &it.id, it.timestamp_s, &it.body);
        assert_eq!(it.signature, expected);
        assert!((clock::now().as_second() - it.timestamp_s).abs() < 5);
    }
}

#[tokio::test]
async fn a_declined_card_sends_the_browser_back_too_and_uses_the_session_up() {
    let receiver = Receiver::start(&[]).await;
    let merchant = Merchant::start(receiver.url()).await;
    let session = merchant.checkout().await;
    let response = merchant.press(&session, "declined").await;
    assert_eq!(response.status(), StatusCode::SEE_OTHER);
    assert!(response.headers()["location"].to_str().unwrap().contains("status=failed"));
    let received = receiver.wait_for(2).await;
    let expected = ["payment.failed", "subscription.failed"];
    assert_eq!(events(&received), expected.map(str::to_owned).into());
    assert_eq!(merchant.press(&session, "good").await.status(), StatusCode::GONE);
}

#[tokio::test]
async fn a_session_takes_one_payment() {
    let merchant = Merchant::with(settings()).await;
    let session = merchant.checkout().await;
    assert_eq!(merchant.press(&session, "good").await.status(), StatusCode::SEE_OTHER);
    assert_eq!(merchant.press(&session, "good").await.status(), StatusCode::GONE);
    let path = format!("/_standin/sessions/{session}/pay");
    let again = merchant.send(Method::POST, &path, &Value::Null).await;
    assert_eq!(again.status(), StatusCode::CONFLICT);
    let body: Value = again.json().await.unwrap();
    assert_eq!(body["code"], "CHECKOUT_SESSION_CONSUMED");
}

#[tokio::test]
async fn a_refused_webhook_comes_again_with_the_same_id() {
    let receiver = Receiver::start(&[500, 503, 404, 429]).await;
    let merchant = Merchant::start(receiver.url()).await;
    merchant.press(&merchant.checkout().await, "declined").await;
    let received = receiver.wait_for(6).await;
    let ids: BTreeSet<_> = received.iter().map(|it| it.id.clone()).collect();
    assert_eq!(ids.len(), 2, "two deliveries, six attempts");
    settle(&merchant, "delivered").await;
}

#[tokio::test]
async fn after_eight_attempts_it_gives_up_and_can_be_told_to_try_again() {
    let receiver = Receiver::start(&[500; 16]).await;
    let merchant = Merchant::start(receiver.url()).await;
    merchant.press(&merchant.checkout().await, "declined").await;
    receiver.wait_for(16).await;
    let deliveries = settle(&merchant, "failed").await;
    assert_eq!(deliveries[0]["attempts"].as_array().unwrap().len(), 8);

    let path = format!("/_standin/deliveries/{}/redeliver", deliveries[0]["id"].as_str().unwrap());
    let again = merchant.post(&path, &Value::Null).await;
    assert_eq!(again["attempt"]["status"], 200);
    let deliveries = merchant.get("/_standin/deliveries").await;
    assert_eq!(deliveries["items"][0]["outcome"], "delivered");
}

#[tokio::test]
async fn a_late_webhook_carries_the_state_of_its_delivery() {
    let receiver = Receiver::start(&[]).await;
    let merchant = Merchant::with(settings()).await;
    merchant.press(&merchant.checkout().await, "good").await;
    let subscriptions = merchant.get("/subscriptions?status=active").await;
    let id = subscriptions["items"][0]["subscription_id"].as_str().unwrap();
    let change = json!({ "status": "cancelled" });
    merchant.send(Method::PATCH, &format!("/subscriptions/{id}"), &change).await;

    // Only now is there an endpoint.
    let endpoint = json!({ "url": receiver.url() });
    merchant.send(Method::PUT, "/_standin/webhook", &endpoint).await;
    let received = receiver.wait_for(6).await;
    let active = of(&received, "subscription.active").json();
    assert_eq!(active["data"]["status"], "cancelled");
}

#[tokio::test]
async fn the_41st_request_of_a_second_is_refused() {
    let merchant = Merchant::with(Settings { rate_limit: true, ..settings() }).await;
    let mut refused = None;
    // Two seconds' worth: wherever a second begins, one of them sees 41.
    for _ in 0..90 {
        let response = merchant.send(Method::GET, "/products", &Value::Null).await;
        assert!(response.headers().contains_key("x-ratelimit-remaining"));
        if response.status() == StatusCode::TOO_MANY_REQUESTS {
            refused = Some(response);
            break;
        }
    }
    let body: Value = refused.expect("a refusal").json().await.unwrap();
    assert_eq!(body["code"], "RATE_LIMIT_EXCEEDED");
}

#[tokio::test]
async fn an_outage_takes_the_api_and_the_page_but_not_the_switch() {
    let merchant = Merchant::with(settings()).await;
    let session = merchant.checkout().await;
    merchant.send(Method::PUT, "/_standin/outage", &json!({ "on": true })).await;
    let api = merchant.send(Method::GET, "/products", &Value::Null).await;
    assert_eq!(api.status(), StatusCode::SERVICE_UNAVAILABLE);
    let page = merchant.press(&session, "good").await;
    assert_eq!(page.status(), StatusCode::SERVICE_UNAVAILABLE);
    merchant.send(Method::PUT, "/_standin/outage", &json!({ "on": false })).await;
    assert_eq!(merchant.press(&session, "good").await.status(), StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn bad_orders_are_refused_with_a_reason() {
    let merchant = Merchant::with(settings()).await;
    let cart = json!([{ "product_id": "pdt_standard", "quantity": 1 }]);
    let unknown = json!([{ "product_id": "pdt_none", "quantity": 1 }]);
    let cases = [
        ("no cart", json!({}), 400),
        ("an empty cart", json!({ "product_cart": [] }), 400),
        ("no such product", json!({ "product_cart": unknown }), 404),
        (
            "no such customer",
            json!({ "product_cart": cart, "customer": { "customer_id": "cus_x" } }),
            404,
        ),
        ("nested metadata", json!({ "product_cart": cart, "metadata": { "a": {} } }), 422),
    ];
    for (case, order, status) in cases {
        let response = merchant.send(Method::POST, "/checkouts", &order).await;
        assert_eq!(response.status(), status, "{case}");
        let body: Value = response.json().await.unwrap();
        assert!(body["code"].is_string() && body["message"].is_string(), "{case}");
    }
}

#[tokio::test]
async fn a_restart_keeps_the_books_and_goes_on_delivering() {
    let directory = std::env::temp_dir().join(format!("dodo-{}", std::process::id()));
    std::fs::create_dir_all(&directory).unwrap();
    let state_file = Some(directory.join("books.json"));
    let receiver = Receiver::start(&[]).await;
    let before = Merchant::with(Settings { state_file: state_file.clone(), ..settings() }).await;
    before.press(&before.checkout().await, "good").await;
    // The books are written down a moment later.
    clock::pause(Duration::from_secs(2)).await;
    drop(before);

    let webhook_url = Some(receiver.url().to_owned());
    let after = Merchant::with(Settings { state_file, webhook_url, ..settings() }).await;
    assert_eq!(after.get("/subscriptions").await["items"].as_array().unwrap().len(), 1);
    assert!(receiver.wait_for(4).await.len() >= 4);
    std::fs::remove_dir_all(directory).unwrap();
}

#[tokio::test]
async fn a_portal_link_works_once() {
    let merchant = Merchant::with(settings()).await;
    let customer = merchant.customer().await;
    let link = merchant
        .post(
            &format!("/customers/{customer}/customer-portal/session?send_email=false"),
            &Value::Null,
        )
        .await;
    let url = link["link"].as_str().unwrap();
    assert_eq!(merchant.http.get(url).send().await.unwrap().status(), StatusCode::OK);
    assert_eq!(merchant.http.get(url).send().await.unwrap().status(), StatusCode::GONE);
}

/// Waits until every delivery has come to `outcome`.
async fn settle(merchant: &Merchant, outcome: &str) -> Vec<Value> {
    for _ in 0..200 {
        let deliveries = merchant.get("/_standin/deliveries").await;
        let items = deliveries["items"].as_array().expect("a list").clone();
        if items.iter().all(|it| it["outcome"] == outcome) {
            return items;
        }
        clock::pause(Duration::from_millis(25)).await;
    }
    panic!("the deliveries did not all become `{outcome}`");
}
