//! Charges, as the API and the webhooks show them.

use super::{
    Shared,
    books::{Books, Customer, Payment, PaymentStatus},
    catalog::{BUSINESS_ID, CURRENCY},
    problem::Problem,
};
use axum::{
    Json,
    extract::{Path, Query, State},
};
use serde::Deserialize;
use serde_json::{Value, json};

#[derive(Deserialize)]
pub(super) struct BySubscription {
    subscription_id: Option<String>,
}

pub(super) async fn get(
    State(dodo): Shared,
    Path(id): Path<String>,
) -> Result<Json<Value>, Problem> {
    let missing = || Problem::not_found("PAYMENT_NOT_FOUND", format!("no payment `{id}`"));
    dodo.read(|books| books.payments.get(&id).map(|it| books.payment_view(it)))
        .map(Json)
        .ok_or_else(missing)
}

pub(super) async fn list(State(dodo): Shared, Query(by): Query<BySubscription>) -> Json<Value> {
    let fits =
        |it: &&Payment| by.subscription_id.as_ref().is_none_or(|id| *id == it.subscription_id);
    let items: Vec<_> = dodo.read(|books| {
        books.payments.values().filter(fits).map(|it| books.payment_view(it)).collect()
    });
    Json(json!({ "items": items }))
}

/// The only address that a stand-in knows.
pub(super) fn billing() -> Value {
    json!({
        "country": "US",
        "city": "Seattle",
        "state": "Washington",
        "street": "410 Terry Avenue North",
        "zipcode": "98109",
    })
}

impl Books {
    pub(super) fn payment_view(&self, payment: &Payment) -> Value {
        let paid = payment.status == PaymentStatus::Succeeded;
        let mut view = money_of(payment);
        let fields = json!({
            "payment_id": payment.payment_id,
            "status": payment.status,
            "business_id": BUSINESS_ID,
            "brand_id": BUSINESS_ID,
            "customer": self.customers.get(&payment.customer_id).map(Customer::within_another),
            "billing": billing(),
            "metadata": payment.metadata,
            "created_at": payment.created_at,
            "updated_at": payment.created_at,
            "subscription_id": payment.subscription_id,
            "subscription_ids": [payment.subscription_id],
            "charge_type": payment.charge_type,
            "checkout_session_id": payment.checkout_session_id,
            "service_periods": if paid { self.service_periods(payment) } else { json!([]) },
            "error_code": (!paid).then_some("CARD_DECLINED"),
            "error_message": (!paid).then_some("The card was declined."),
        });
        merge(&mut view, fields);
        merge(&mut view, what_nobody_here_uses());
        view
    }

    fn service_periods(&self, payment: &Payment) -> Value {
        let subscription = self.subscriptions.get(&payment.subscription_id);
        json!([{
            "subscription_id": payment.subscription_id,
            "starts_at": subscription.map(|it| it.previous_billing_date),
            "ends_at": subscription.map(|it| it.next_billing_date),
            "proration_factor": "1",
        }])
    }
}

fn money_of(payment: &Payment) -> Value {
    let settled = match payment.status {
        PaymentStatus::Succeeded => payment.total_minor,
        PaymentStatus::Failed => 0,
    };
    json!({
        "currency": CURRENCY,
        "total_amount": payment.total_minor,
        "tax": 0,
        "settlement_amount": settled,
        "settlement_currency": CURRENCY,
        "settlement_tax": 0,
        "payment_method": "card",
        "payment_method_type": "credit",
        "payment_method_id": "pm_standin",
        "card_network": "visa",
        "card_type": "credit",
        "card_last_four": "4242",
        "card_issuing_country": "US",
        "card_exp_month": "12",
        "card_exp_year": "2034",
    })
}

/// Present in every real body, so that a parser meets them here too.
fn what_nobody_here_uses() -> Value {
    json!({
        "is_multi_subscription": false, "is_update_payment_method": false, "retry_attempt": 0,
        "includes_usage": false, "digital_products_delivered": false, "disputes": [],
        "refunds": [], "payment_provider": "dodo", "invoice_id": null, "card_holder_name": null,
        "custom_field_responses": null, "discount_id": null, "discounts": null,
        "invoice_url": null, "payment_link": null, "product_cart": null, "refund_status": null,
        "three_ds_flow": null, "three_ds_status": null, "three_ds_version": null,
    })
}

pub(super) fn merge(view: &mut Value, more: Value) {
    if let (Value::Object(view), Value::Object(more)) = (view, more) {
        view.extend(more);
    }
}
