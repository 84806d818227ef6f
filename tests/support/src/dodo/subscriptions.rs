//! Subscriptions, as the API and the webhooks show them, and what a merchant may change.

use super::{
    Delivery, Dodo, Shared,
    books::{Books, Customer, Metadata, Payment, PaymentStatus, Subscription},
    catalog::{BUSINESS_ID, CURRENCY},
    payments::{billing, merge},
    problem::{Body, Problem},
};
use crate::{clock, random};
use axum::{
    Json,
    extract::{Path, Query, State},
};
use jiff::{Timestamp, ToSpan, tz::TimeZone};
use serde::Deserialize;
use serde_json::{Value, json};
use std::sync::Arc;

#[derive(Deserialize)]
pub(super) struct Filter {
    customer_id: Option<String>,
    status: Option<String>,
}

/// What can be changed; the rest of the documented fields is accepted and ignored.
#[derive(Deserialize)]
pub(super) struct Change {
    status: Option<String>,
    cancel_at_next_billing_date: Option<bool>,
    cancellation_feedback: Option<String>,
    cancellation_comment: Option<String>,
    metadata: Option<Metadata>,
    next_billing_date: Option<Timestamp>,
}

pub(super) async fn get(
    State(dodo): Shared,
    Path(id): Path<String>,
) -> Result<Json<Value>, Problem> {
    dodo.subscription_view(&id).map(Json)
}

pub(super) async fn list(State(dodo): Shared, Query(filter): Query<Filter>) -> Json<Value> {
    let fits = |it: &&Subscription| {
        filter.customer_id.as_ref().is_none_or(|id| *id == it.customer_id)
            && filter.status.as_ref().is_none_or(|status| *status == it.status)
    };
    let items: Vec<_> = dodo.read(|books| {
        books.subscriptions.values().filter(fits).map(|it| books.subscription_view(it)).collect()
    });
    Json(json!({ "items": items }))
}

pub(super) async fn update(
    State(dodo): Shared,
    Path(id): Path<String>,
    Body(change): Body<Change>,
) -> Result<Json<Value>, Problem> {
    dodo.subscription_view(&id)?;
    let events = dodo.write(|books| {
        let subscription =
            books.subscriptions.get_mut(&id).expect("a subscription is never deleted");
        subscription.change(change)
    })?;
    dodo.announce(events.into_iter().map(|event| Delivery::new(event, &id)).collect());
    dodo.subscription_view(&id).map(Json)
}

impl Dodo {
    fn subscription_view(&self, id: &str) -> Result<Value, Problem> {
        let missing =
            || Problem::not_found("SUBSCRIPTION_NOT_FOUND", format!("no subscription `{id}`"));
        self.read(|books| books.subscriptions.get(id).map(|it| books.subscription_view(it)))
            .ok_or_else(missing)
    }

    /// What only time or a bank can do to a subscription: a renewal that works (`active`) or not
    /// (`on_hold`, `past_due`), its end (`expired`), and so on. For tests.
    pub(super) fn push(self: &Arc<Self>, id: &str, status: &str) -> Result<Value, Problem> {
        self.subscription_view(id)?;
        let payment = self.write(|books| books.renew(id, status));
        let mut events = vec![Delivery::new(&format!("subscription.{status}"), id)];
        if let Some(payment) = payment {
            events = vec![
                Delivery::new("subscription.renewed", id),
                Delivery::new("payment.succeeded", &payment.payment_id),
            ];
        }
        events.push(Delivery::new("subscription.updated", id));
        self.announce(events);
        self.subscription_view(id)
    }
}

impl Subscription {
    /// Applies what the merchant asks, and says which events follow.
    fn change(&mut self, change: Change) -> Result<Vec<&'static str>, Problem> {
        let mut events = vec!["subscription.updated"];
        if let Some(date) = change.next_billing_date {
            if date <= clock::now() {
                let message = "next_billing_date must be in the future";
                return Err(Problem::unprocessable("INVALID_NEXT_BILLING_DATE", message));
            }
            self.next_billing_date = date;
        }
        match change.status.as_deref() {
            None => (),
            Some("cancelled") => {
                "cancelled".clone_into(&mut self.status);
                self.cancelled_at = Some(clock::now());
                events.push("subscription.cancelled");
            }
            Some(other) => {
                let message = format!("a subscription cannot be set to `{other}` here");
                return Err(Problem::unprocessable("INVALID_STATUS", message));
            }
        }
        if let Some(scheduled) = change.cancel_at_next_billing_date {
            self.cancel_at_next_billing_date = scheduled;
            self.cancelled_at = scheduled.then(clock::now);
            if scheduled {
                events.push("subscription.cancelled");
            }
        }
        self.cancellation_feedback =
            change.cancellation_feedback.or(self.cancellation_feedback.take());
        self.cancellation_comment =
            change.cancellation_comment.or(self.cancellation_comment.take());
        self.metadata = change.metadata.unwrap_or_else(|| std::mem::take(&mut self.metadata));
        Ok(events)
    }
}

impl Books {
    /// Sets the status. Becoming active again takes a month's money: the payment is returned.
    fn renew(&mut self, id: &str, status: &str) -> Option<Payment> {
        let subscription = self.subscriptions.get_mut(id)?;
        status.clone_into(&mut subscription.status);
        if status != "active" {
            return None;
        }
        subscription.previous_billing_date = subscription.next_billing_date;
        let next = subscription.next_billing_date.to_zoned(TimeZone::UTC) + 1.month();
        subscription.next_billing_date = next.timestamp();
        let payment = Payment {
            payment_id: random::id("pay_"),
            status: PaymentStatus::Succeeded,
            subscription_id: id.to_owned(),
            customer_id: subscription.customer_id.clone(),
            total_minor: subscription.recurring_minor,
            metadata: subscription.metadata.clone(),
            checkout_session_id: None,
            charge_type: "renewal".to_owned(),
            created_at: clock::now(),
        };
        self.payments.insert(payment.payment_id.clone(), payment.clone());
        Some(payment)
    }

    pub(super) fn subscription_view(&self, it: &Subscription) -> Value {
        let customer = self.customers.get(&it.customer_id);
        let cancelled_by = it
            .cancelled_at
            .map(|_| json!({ "actor_type": "merchant", "email": null, "name": null }));
        let mut view = json!({
            "subscription_id": it.subscription_id,
            "status": it.status,
            "product_id": it.product_id,
            "quantity": it.quantity,
            "brand_id": BUSINESS_ID,
            "customer": customer.map(Customer::within_another),
            "billing": billing(),
            "metadata": it.metadata,
            "currency": CURRENCY,
            "recurring_pre_tax_amount": it.recurring_minor,
            "tax_inclusive": false,
            "created_at": it.created_at,
            "previous_billing_date": it.previous_billing_date,
            "next_billing_date": it.next_billing_date,
            "expires_at": it.expires_at,
            "cancel_at_next_billing_date": it.cancel_at_next_billing_date,
            "cancelled_at": it.cancelled_at,
            "cancelled_by": cancelled_by,
            "cancellation_comment": it.cancellation_comment,
            "cancellation_feedback": it.cancellation_feedback,
            "has_payment_method": it.status != "failed",
            "payment_method_id": (it.status != "failed").then_some("pm_standin"),
        });
        merge(&mut view, what_never_changes());
        view
    }
}

fn what_never_changes() -> Value {
    json!({
        "payment_frequency_count": 1, "payment_frequency_interval": "Month",
        "subscription_period_count": 10, "subscription_period_interval": "Year",
        "trial_period_days": 0, "on_demand": false, "addons": [], "meters": [],
        "credit_entitlement_cart": [], "meter_credit_entitlement_cart": [],
        "custom_field_responses": null, "customer_business_name": null,
        "discount_cycles_remaining": null, "discount_id": null, "discounts": null,
        "past_due_ends_at": null, "paused_at": null, "payment_id": null,
        "scheduled_change": null, "tax_id": null, "trial_amount": null,
    })
}
