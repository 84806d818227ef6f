//! Charges, as the API and the webhooks show them.

use super::{
    Dodo, Shared,
    books::Books,
    catalog::{BUSINESS_ID, CURRENCY},
    paging::Paging,
    problem::Problem,
    records::{Customer, Dispute, Payment, PaymentStatus},
};
use axum::{
    Json,
    extract::{Path, Query, State},
};
use serde::Deserialize;
use serde_json::{Value, json};
use std::cmp::Reverse;

#[derive(Deserialize)]
pub(super) struct Filter {
    subscription_id: Option<String>,
    customer_id: Option<String>,
    status: Option<String>,
    #[serde(flatten)]
    paging: Paging,
}

pub(super) async fn get(
    State(dodo): Shared,
    Path(id): Path<String>,
) -> Result<Json<Value>, Problem> {
    dodo.read(|books| books.payments.get(&id).map(|it| books.payment_view(it)))
        .map(Json)
        .ok_or_else(|| missing(&id))
}

/// Newest first.
pub(super) async fn list(State(dodo): Shared, Query(filter): Query<Filter>) -> Json<Value> {
    let fits = |it: &&Payment| {
        filter.subscription_id.as_ref().is_none_or(|id| *id == it.subscription_id)
            && filter.customer_id.as_ref().is_none_or(|id| *id == it.customer_id)
            && filter.status.as_ref().is_none_or(|status| *status == it.status.word())
    };
    filter.paging.of(dodo.read(|books| {
        let mut fitting: Vec<_> = books.payments.values().filter(fits).collect();
        fitting.sort_by_key(|it| Reverse(it.created_at));
        fitting.into_iter().map(|it| books.payment_view(it)).collect()
    }))
}

pub(super) async fn line_items(
    State(dodo): Shared,
    Path(id): Path<String>,
) -> Result<Json<Value>, Problem> {
    let payment = dodo.payment(&id)?;
    let refundable = dodo.read(|books| books.refundable(&payment));
    let item = json!({
        "items_id": payment.line_id(), "amount": payment.total_minor, "tax": 0,
        "refundable_amount": refundable, "name": null, "description": null,
    });
    Ok(Json(json!({ "currency": CURRENCY, "items": [item] })))
}

pub(super) fn missing(id: &str) -> Problem {
    Problem::not_found("PAYMENT_NOT_FOUND", format!("no payment `{id}`"))
}

impl Dodo {
    pub(super) fn payment(&self, id: &str) -> Result<Payment, Problem> {
        self.read(|books| books.payments.get(id).cloned()).ok_or_else(|| missing(id))
    }
}

impl Payment {
    /// The name of its one line.
    pub(super) fn line_id(&self) -> String {
        format!("item_{}", self.suffix())
    }
}

impl PaymentStatus {
    fn word(self) -> &'static str {
        match self {
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
        }
    }
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
            "invoice_id": paid.then(|| format!("inv_{}", payment.suffix())),
            "is_update_payment_method": payment.is_update_payment_method,
        });
        merge(&mut view, fields);
        merge(&mut view, self.what_came_back(payment));
        merge(&mut view, what_nobody_here_uses());
        view
    }

    /// Refunds and disputes.
    fn what_came_back(&self, payment: &Payment) -> Value {
        let refunds: Vec<_> = self.refunds_of(payment).map(|it| self.refund_view(it)).collect();
        let theirs = |it: &&Dispute| it.payment_id == payment.payment_id;
        let disputes: Vec<_> =
            self.disputes.values().filter(theirs).map(|it| self.dispute_event(it)).collect();
        let left = self.refundable(payment);
        let refund_status = if left == payment.total_minor {
            None
        } else if left == 0 {
            Some("full")
        } else {
            Some("partial")
        };
        json!({ "refunds": refunds, "disputes": disputes, "refund_status": refund_status })
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
        "is_multi_subscription": false, "retry_attempt": 0, "includes_usage": false,
        "digital_products_delivered": false, "payment_provider": "dodo", "card_holder_name": null,
        "custom_field_responses": null, "discount_id": null, "discounts": null,
        "invoice_url": null, "payment_link": null, "product_cart": null,
        "three_ds_flow": null, "three_ds_status": null, "three_ds_version": null,
    })
}

pub(super) fn merge(view: &mut Value, more: Value) {
    if let (Value::Object(view), Value::Object(more)) = (view, more) {
        view.extend(more);
    }
}
