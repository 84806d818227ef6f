//! Money back: all of a payment, or a part of it.

use super::{
    Delivery, Dodo, Shared,
    books::{Books, Metadata},
    catalog::{BUSINESS_ID, CURRENCY},
    paging::Paging,
    problem::{Body, Problem},
    records::{Customer, Payment, PaymentStatus, Refund},
};
use crate::random;
use axum::{
    Json,
    extract::{Path, Query, State},
    http::StatusCode,
};
use serde::Deserialize;
use serde_json::{Value, json};
use std::sync::Arc;

#[derive(Deserialize)]
pub(super) struct NewRefund {
    payment_id: String,
    items: Option<Vec<Item>>,
    reason: Option<String>,
    #[serde(default)]
    metadata: Metadata,
}

#[derive(Deserialize)]
struct Item {
    item_id: String,
    amount: Option<i64>,
}

#[derive(Deserialize)]
pub(super) struct Filter {
    status: Option<String>,
    subscription_id: Option<String>,
    customer_id: Option<String>,
    #[serde(flatten)]
    paging: Paging,
}

pub(super) async fn create(
    State(dodo): Shared,
    Body(new): Body<NewRefund>,
) -> Result<Json<Value>, Problem> {
    let amount = match new.items {
        None => None,
        Some(items) => Some(dodo.amount_of(&new.payment_id, &items)?),
    };
    let refund = dodo.refund(&new.payment_id, amount, new.reason, new.metadata)?;
    Ok(Json(dodo.read(|books| books.refund_view(&refund))))
}

pub(super) async fn get(
    State(dodo): Shared,
    Path(id): Path<String>,
) -> Result<Json<Value>, Problem> {
    dodo.read(|books| books.refunds.get(&id).map(|it| books.refund_view(it)))
        .map(Json)
        .ok_or_else(|| Problem::not_found("REFUND_NOT_FOUND", format!("no refund `{id}`")))
}

pub(super) async fn list(State(dodo): Shared, Query(filter): Query<Filter>) -> Json<Value> {
    filter.paging.of(dodo.read(|books| {
        let fits = |it: &&Refund| {
            let payment = books.payments.get(&it.payment_id);
            let of = |wanted: &Option<String>, known: fn(&Payment) -> &String| {
                wanted.as_ref().is_none_or(|id| payment.is_some_and(|it| known(it) == id))
            };
            filter.status.as_ref().is_none_or(|status| *status == it.status)
                && of(&filter.subscription_id, |it| &it.subscription_id)
                && of(&filter.customer_id, |it| &it.customer_id)
        };
        books.refunds.values().filter(fits).map(|it| books.refund_view(it)).collect()
    }))
}

impl Dodo {
    /// What the lines of a request add up to. A payment has one line.
    fn amount_of(&self, payment_id: &str, items: &[Item]) -> Result<i64, Problem> {
        let payment = self.payment(payment_id)?;
        let left = self.read(|books| books.refundable(&payment));
        items.iter().try_fold(0, |sum, item| {
            if item.item_id != payment.line_id() {
                let message = format!("Line item {} not found in payment", item.item_id);
                return Err(Problem::not_found("LINE_ITEM_NOT_FOUND", message));
            }
            Ok(sum + item.amount.unwrap_or(left))
        })
    }

    /// Gives `amount` back, or all that is left.
    pub(super) fn refund(
        self: &Arc<Self>,
        payment_id: &str,
        amount: Option<i64>,
        reason: Option<String>,
        metadata: Metadata,
    ) -> Result<Refund, Problem> {
        let payment = self.payment(payment_id)?;
        let refund = self.write(|books| {
            let left = books.refundable(&payment);
            let amount_minor = amount.unwrap_or(left);
            refuse(&payment, left, amount_minor)?;
            let refund = Refund {
                refund_id: random::id("ref_"),
                payment_id: payment_id.to_owned(),
                amount_minor,
                is_partial: amount_minor < payment.total_minor,
                status: "succeeded".to_owned(),
                reason,
                metadata,
                created_at: books.now(),
            };
            books.refunds.insert(refund.refund_id.clone(), refund.clone());
            Ok::<_, Problem>(refund)
        })?;
        let event = Delivery::new("refund.succeeded", &refund.refund_id, refund.created_at);
        self.announce(vec![event]);
        Ok(refund)
    }
}

fn refuse(payment: &Payment, left: i64, amount: i64) -> Result<(), Problem> {
    if payment.status != PaymentStatus::Succeeded {
        let message = "The provided payment has not succeeded";
        return Err(Problem::unprocessable("PAYMENT_NOT_SUCCEEDED", message));
    }
    if payment.total_minor == 0 {
        let message = "Cannot refund a payment with zero currency amount";
        return Err(Problem::unprocessable("ZERO_AMOUNT_PAYMENT_REFUND_NOT_ALLOWED", message));
    }
    if left == 0 {
        let message = "This payment has already been refunded";
        return Err(Problem::new(StatusCode::CONFLICT, "PAYMENT_ALREADY_REFUNDED", message));
    }
    if amount > left {
        let message = "The calculated refund amount is larger than the paid amount";
        return Err(Problem::unprocessable("REFUND_AMOUNT_EXCEEDS_PAID_AMOUNT", message));
    }
    if amount < 1 {
        let message = format!("requested refund amount is {amount} which is too low");
        return Err(Problem::unprocessable("LINE_ITEM_REFUND_AMOUNT_TOO_LOW", message));
    }
    Ok(())
}

impl Books {
    pub(super) fn refunds_of(&self, payment: &Payment) -> impl Iterator<Item = &Refund> {
        self.refunds.values().filter(|it| it.payment_id == payment.payment_id)
    }

    pub(super) fn refundable(&self, payment: &Payment) -> i64 {
        let gone = self.refunds_of(payment).filter(|it| it.status == "succeeded");
        payment.total_minor - gone.map(|it| it.amount_minor).sum::<i64>()
    }

    pub(super) fn refund_view(&self, refund: &Refund) -> Value {
        let payment = self.payments.get(&refund.payment_id);
        let customer = payment.and_then(|it| self.customers.get(&it.customer_id));
        json!({
            "refund_id": refund.refund_id,
            "payment_id": refund.payment_id,
            "business_id": BUSINESS_ID,
            "brand_id": BUSINESS_ID,
            "customer": customer.map(Customer::within_another),
            "metadata": refund.metadata,
            "is_partial": refund.is_partial,
            "status": refund.status,
            "created_at": refund.created_at,
            "amount": refund.amount_minor,
            "currency": CURRENCY,
            "reason": refund.reason,
        })
    }
}
