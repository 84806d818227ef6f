//! Other plans: what they cost, when they begin, and what is refused.

use crate::merchant::{Merchant, settings};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

fn to(product: &str) -> Value {
    json!({
        "product_id": product, "quantity": 1, "proration_billing_mode": "prorated_immediately",
        "on_payment_failure": "prevent_change",
    })
}

/// With `more` in place of, or besides, the usual fields.
fn with(product: &str, more: &Value) -> Value {
    let mut change = to(product);
    for (field, value) in more.as_object().expect("an object") {
        change[field] = value.clone();
    }
    change
}

#[tokio::test]
async fn the_preview_says_what_the_change_then_costs_and_changes_nothing() {
    let merchant = Merchant::with(settings()).await;
    let id = merchant.subscription().await;
    merchant.advance(15).await;
    let path = format!("/subscriptions/{id}/change-plan");
    let preview = merchant.post(&format!("{path}/preview"), &to("pdt_dedicated")).await;
    let summary = &preview["immediate_charge"]["summary"];
    let due = summary["total_amount"].as_i64().unwrap();
    assert!((4_500..=5_500).contains(&due), "about half of the difference: {due}");
    assert_eq!(preview["new_plan"]["recurring_pre_tax_amount"], 14_900);
    let before = merchant.get(&format!("/subscriptions/{id}")).await;
    assert_eq!(before["product_id"], "pdt_standard");

    let taken = merchant.post(&path, &to("pdt_dedicated")).await;
    let payment =
        merchant.get(&format!("/payments/{}", taken["payment_id"].as_str().unwrap())).await;
    assert_eq!(payment["charge_type"], "plan_change");
    assert!((payment["total_amount"].as_i64().unwrap() - due).abs() <= 1);
    let after = merchant.get(&format!("/subscriptions/{id}")).await;
    assert_eq!(after["product_id"], "pdt_dedicated");
    assert_eq!(after["next_billing_date"], before["next_billing_date"], "the cycle stays");
    assert!(merchant.announced().await.contains(&"subscription.plan_changed".to_owned()));
}

#[tokio::test]
async fn what_a_smaller_plan_leaves_over_pays_for_the_next_renewal() {
    let merchant = Merchant::with(settings()).await;
    let id = merchant.subscription().await;
    let path = format!("/subscriptions/{id}/change-plan");
    merchant.post(&path, &to("pdt_pro")).await;
    let preview = merchant.post(&format!("{path}/preview"), &to("pdt_standard")).await;
    let summary = &preview["immediate_charge"]["summary"];
    assert_eq!(summary["total_amount"], 0);
    let credit = summary["customer_credits"].as_i64().unwrap();
    assert!((1_590..=1_600).contains(&credit), "{credit}");
    assert_eq!(merchant.post(&path, &to("pdt_standard")).await["payment_id"], Value::Null);
    merchant.advance(32).await;
    let renewal = merchant.payments_of(&id).await.remove(0);
    assert_eq!(renewal["total_amount"].as_i64().unwrap(), 4900 - credit);
}

#[tokio::test]
async fn a_refused_card_keeps_the_old_plan_or_puts_the_new_one_on_hold() {
    let merchant = Merchant::with(settings()).await;
    let keep = to("pdt_pro");
    let apply = with("pdt_pro", &json!({ "on_payment_failure": "apply_change" }));
    let cases = [(keep, "active", "pdt_standard"), (apply, "on_hold", "pdt_pro")];
    for (change, status, product) in cases {
        let id = merchant.subscription().await;
        merchant.break_the_card(&id).await;
        merchant.post(&format!("/subscriptions/{id}/change-plan"), &change).await;
        let after = merchant.get(&format!("/subscriptions/{id}")).await;
        assert_eq!((&after["status"], &after["product_id"]), (&json!(status), &json!(product)));
    }
}

#[tokio::test]
async fn a_scheduled_change_begins_with_the_next_period_unless_it_is_taken_back() {
    let merchant = Merchant::with(settings()).await;
    let (one, two) = (merchant.subscription().await, merchant.subscription().await);
    let later = json!({
        "effective_at": "next_billing_date", "proration_billing_mode": "full_immediately",
    });
    for id in [&one, &two] {
        let path = format!("/subscriptions/{id}/change-plan");
        merchant.post(&path, &with("pdt_pro", &later)).await;
        let waiting = merchant.get(&format!("/subscriptions/{id}")).await;
        assert_eq!(waiting["product_id"], "pdt_standard");
        assert_eq!(waiting["scheduled_change"]["product_id"], "pdt_pro");
        let code = merchant.refused(Method::POST, &path, &to("pdt_pro"), 409).await;
        assert_eq!(code, "SCHEDULED_PLAN_CHANGE_EXISTS");
    }
    let path = format!("/subscriptions/{two}/change-plan/scheduled");
    let taken_back = merchant.send(Method::DELETE, &path, &Value::Null).await;
    assert_eq!(taken_back.status(), StatusCode::NO_CONTENT);
    let code = merchant.refused(Method::DELETE, &path, &Value::Null, 404).await;
    assert_eq!(code, "SCHEDULED_PLAN_CHANGE_NOT_FOUND");
    merchant.advance(32).await;
    assert_eq!(merchant.payments_of(&one).await[0]["total_amount"], 6500);
    assert_eq!(merchant.payments_of(&two).await[0]["total_amount"], 4900);
}

#[tokio::test]
async fn what_cannot_be_changed_is_refused_by_its_documented_code() {
    let merchant = Merchant::with(settings()).await;
    let (going, held) = (merchant.subscription().await, merchant.subscription().await);
    let cancel = json!({ "cancel_at_next_billing_date": true });
    merchant.send(Method::PATCH, &format!("/subscriptions/{going}"), &cancel).await;
    merchant.post(&format!("/_standin/subscriptions/{held}/fail"), &Value::Null).await;
    let fresh = merchant.subscription().await;
    let later = with("pdt_pro", &json!({ "effective_at": "next_billing_date" }));
    let cases = [
        (going.as_str(), to("pdt_pro"), 422, "PLAN_CHANGE_NOT_ALLOWED_FOR_SCHEDULED_CANCELLATION"),
        (held.as_str(), to("pdt_pro"), 422, "INACTIVE_SUBSCRIPTION_PLAN_CHANGE_NOT_SUPPORTED"),
        (fresh.as_str(), later, 422, "INVALID_PRORATION_MODE_WITH_NEXT_BILLING_DATE"),
        (fresh.as_str(), to("pdt_none"), 404, "PRODUCT_NOT_FOUND"),
        ("sub_none", to("pdt_pro"), 404, "SUBSCRIPTION_NOT_FOUND"),
    ];
    for (id, change, status, code) in cases {
        for path in ["change-plan", "change-plan/preview"] {
            let path = format!("/subscriptions/{id}/{path}");
            assert_eq!(merchant.refused(Method::POST, &path, &change, status).await, code);
        }
    }
}
