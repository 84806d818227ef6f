//! Money that goes back, and what is written about it.

use crate::merchant::{Merchant, settings};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

/// A paid subscription's payment.
async fn payment(merchant: &Merchant) -> String {
    let id = merchant.subscription().await;
    let paid = merchant.payments_of(&id).await.remove(0);
    paid["payment_id"].as_str().expect("an id").to_owned()
}

#[tokio::test]
async fn a_refund_of_a_part_and_then_of_the_rest_is_a_whole_one() {
    let merchant = Merchant::with(settings()).await;
    let id = payment(&merchant).await;
    let lines = merchant.get(&format!("/payments/{id}/line-items")).await;
    let item = &lines["items"][0]["items_id"];
    let part = json!({ "payment_id": id, "items": [{ "item_id": item, "amount": 900 }] });
    let refund = merchant.post("/refunds", &part).await;
    assert_eq!((&refund["amount"], &refund["is_partial"]), (&json!(900), &json!(true)));
    let path = format!("/payments/{id}");
    assert_eq!(merchant.get(&path).await["refund_status"], "partial");
    let rest = merchant.post("/refunds", &json!({ "payment_id": id })).await;
    assert_eq!(rest["amount"], 4000);
    let after = merchant.get(&path).await;
    assert_eq!(after["refund_status"], "full");
    assert_eq!(after["refunds"].as_array().unwrap().len(), 2);
    let refund = merchant.get(&format!("/refunds/{}", rest["refund_id"].as_str().unwrap())).await;
    assert_eq!(refund["payment_id"], id.as_str());
}

#[tokio::test]
async fn what_cannot_be_refunded_is_refused_by_its_documented_code() {
    let merchant = Merchant::with(settings()).await;
    let (id, gone) = (payment(&merchant).await, payment(&merchant).await);
    merchant.post("/refunds", &json!({ "payment_id": gone })).await;
    merchant.press(&merchant.checkout().await, "declined").await;
    let failed = merchant.get("/payments?status=failed").await;
    let failed = failed["items"][0]["payment_id"].as_str().unwrap().to_owned();
    let line = format!("item_{}", id.trim_start_matches("pay_"));
    let of = |item: &str, amount: i64| json!([{ "item_id": item, "amount": amount }]);
    let cases = [
        (json!({ "payment_id": gone }), 409, "PAYMENT_ALREADY_REFUNDED"),
        (json!({ "payment_id": failed }), 422, "PAYMENT_NOT_SUCCEEDED"),
        (json!({ "payment_id": "pay_none" }), 404, "PAYMENT_NOT_FOUND"),
        (json!({ "payment_id": id, "items": of("item_x", 1) }), 404, "LINE_ITEM_NOT_FOUND"),
        (
            json!({ "payment_id": id, "items": of(&line, 5000) }),
            422,
            "REFUND_AMOUNT_EXCEEDS_PAID_AMOUNT",
        ),
        (
            json!({ "payment_id": id, "items": of(&line, 0) }),
            422,
            "LINE_ITEM_REFUND_AMOUNT_TOO_LOW",
        ),
    ];
    for (refund, status, code) in cases {
        assert_eq!(merchant.refused(Method::POST, "/refunds", &refund, status).await, code);
    }
}

#[tokio::test]
async fn a_dispute_goes_from_opened_to_its_outcome() {
    let merchant = Merchant::with(settings()).await;
    let id = payment(&merchant).await;
    for outcome in ["challenged", "accepted", "cancelled", "expired", "won", "lost"] {
        let opened = merchant.post("/_standin/disputes", &json!({ "about": id })).await;
        assert_eq!(opened["dispute_status"], "dispute_opened");
        assert_eq!(opened["amount"], "49.00", "a string, unlike every other amount");
        let dispute = opened["dispute_id"].as_str().unwrap();
        merchant.post(&format!("/_standin/disputes/{dispute}/{outcome}"), &Value::Null).await;
        let ended = merchant.get(&format!("/disputes/{dispute}")).await;
        assert_eq!(ended["dispute_status"], format!("dispute_{outcome}"));
        assert!(merchant.announced().await.contains(&format!("dispute.{outcome}")));
    }
    let lost = merchant.get("/disputes?dispute_status=dispute_lost").await;
    assert_eq!(lost["items"].as_array().unwrap().len(), 1);
    let path = "/_standin/disputes/dp_none/won";
    assert_eq!(merchant.refused(Method::POST, path, &Value::Null, 404).await, "DISPUTE_NOT_FOUND");
}

#[tokio::test]
async fn an_invoice_is_a_pdf() {
    let merchant = Merchant::with(settings()).await;
    let id = payment(&merchant).await;
    let path = format!("/invoices/payments/{id}");
    let invoice = merchant.send(Method::GET, &path, &Value::Null).await;
    assert_eq!(invoice.headers()["content-type"], "application/pdf");
    assert!(invoice.bytes().await.unwrap().starts_with(b"%PDF-"));
    let missing = "/invoices/payments/pay_none";
    assert_eq!(
        merchant.refused(Method::GET, missing, &Value::Null, 404).await,
        "PAYMENT_NOT_FOUND"
    );
}

#[tokio::test]
async fn lists_come_in_pages_that_end_empty() {
    let merchant = Merchant::with(settings()).await;
    for _ in 0..12 {
        merchant.subscription().await;
    }
    let size = async |query: &str| {
        let page = merchant.get(&format!("/subscriptions?{query}")).await;
        page["items"].as_array().expect("a list").len()
    };
    assert_eq!(size("").await, 10);
    assert_eq!(size("page_number=1").await, 2);
    assert_eq!(size("page_size=5&page_number=2&status=active").await, 2);
    assert_eq!(size("page_number=9").await, 0);
}

#[tokio::test]
async fn an_answer_that_is_lost_was_acted_upon() {
    let merchant = Merchant::with(settings()).await;
    let lose = json!({ "mode": "loses_answers" });
    merchant.send(Method::PUT, "/_standin/outage", &lose).await;
    let customer = json!({ "email": "lost@example.com", "name": "Lost" });
    let url = format!("{}/customers", merchant.dodo.url);
    let request = merchant.http.post(url).bearer_auth(crate::merchant::KEY).json(&customer);
    let answer = match request.send().await {
        Err(error) => Err(error),
        Ok(answer) => answer.bytes().await,
    };
    assert!(answer.is_err(), "no answer gets through");
    let mended = merchant.send(Method::PUT, "/_standin/outage", &json!({ "on": false })).await;
    assert_eq!(mended.status(), StatusCode::OK);
    let known = merchant.get("/customers?email=lost@example.com").await;
    assert_eq!(known["items"].as_array().unwrap().len(), 1);
}
