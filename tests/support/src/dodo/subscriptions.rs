//! Subscriptions, as the API and the webhooks show them, and what a merchant may change.

use super::{
    Delivery, Dodo, Shared,
    books::{Books, Metadata},
    catalog::{BUSINESS_ID, CURRENCY},
    paging::Paging,
    payments::{billing, merge},
    problem::{Body, Problem},
    records::{Customer, ScheduledChange, Subscription},
};
use axum::{
    Json,
    extract::{Path, Query, State},
};
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};

#[derive(Deserialize)]
pub(super) struct Filter {
    customer_id: Option<String>,
    status: Option<String>,
    product_id: Option<String>,
    #[serde(flatten)]
    paging: Paging,
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
    pause: Option<bool>,
}

impl Change {
    fn is_of_the_status_alone(&self) -> bool {
        self.cancel_at_next_billing_date.is_none()
            && self.cancellation_feedback.is_none()
            && self.cancellation_comment.is_none()
            && self.metadata.is_none()
            && self.next_billing_date.is_none()
    }
}

pub(super) async fn get(
    State(dodo): Shared,
    Path(id): Path<String>,
) -> Result<Json<Value>, Problem> {
    dodo.subscription_view(&id).map(Json)
}

/// In the list, three fields are missing that the subscription itself has.
pub(super) async fn list(State(dodo): Shared, Query(filter): Query<Filter>) -> Json<Value> {
    let fits = |it: &&Subscription| {
        filter.customer_id.as_ref().is_none_or(|id| *id == it.customer_id)
            && filter.status.as_ref().is_none_or(|status| *status == it.status)
            && filter.product_id.as_ref().is_none_or(|id| *id == it.product_id)
    };
    filter.paging.of(dodo.read(|books| {
        books.subscriptions.values().filter(fits).map(|it| books.listed_subscription(it)).collect()
    }))
}

pub(super) async fn update(
    State(dodo): Shared,
    Path(id): Path<String>,
    Body(change): Body<Change>,
) -> Result<Json<Value>, Problem> {
    let events = dodo.write(|books| {
        let now = books.now();
        let kinds = books.subscription_mut(&id)?.change(change, now)?;
        Ok(kinds.into_iter().map(|kind| Delivery::new(kind, &id, now)).collect())
    })?;
    dodo.announce(events);
    dodo.subscription_view(&id).map(Json)
}

pub(super) fn missing(id: &str) -> Problem {
    Problem::not_found("SUBSCRIPTION_NOT_FOUND", format!("no subscription `{id}`"))
}

impl Dodo {
    pub(super) fn subscription_view(&self, id: &str) -> Result<Value, Problem> {
        self.read(|books| books.subscriptions.get(id).map(|it| books.subscription_view(it)))
            .ok_or_else(|| missing(id))
    }
}

impl Subscription {
    /// Applies what the merchant asks, and says which events follow.
    fn change(&mut self, change: Change, now: Timestamp) -> Result<Vec<&'static str>, Problem> {
        self.refuse_if_ended()?;
        if change.pause.is_some() {
            let message = "`pause` is gone; send `status` instead";
            return Err(Problem::unprocessable("INVALID_REQUEST_BODY", message));
        }
        let mut events = vec!["subscription.updated"];
        if let Some(status) = change.status.as_deref() {
            let alone = change.is_of_the_status_alone();
            events.push(self.change_status(status, alone, now)?);
        }
        if let Some(date) = change.next_billing_date {
            if date <= now {
                let message = "next_billing_date must be in the future";
                return Err(Problem::unprocessable("INVALID_NEXT_BILLING_DATE", message));
            }
            self.next_billing_date = date;
        }
        if let Some(scheduled) = change.cancel_at_next_billing_date {
            let before = std::mem::replace(&mut self.cancel_at_next_billing_date, scheduled);
            self.cancelled_at = scheduled.then_some(now);
            if scheduled && !before {
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

    /// Applies a status that a merchant may set, and says which event follows.
    pub(super) fn change_status(
        &mut self,
        status: &str,
        alone: bool,
        now: Timestamp,
    ) -> Result<&'static str, Problem> {
        let event = match (status, self.status.as_str()) {
            ("paused" | "active", _) if !alone => {
                let message = format!("`{status}` is sent alone");
                return Err(Problem::unprocessable("INVALID_REQUEST_BODY", message));
            }
            ("cancelled", _) => {
                self.cancelled_at = Some(now);
                "subscription.cancelled"
            }
            ("paused", "active") => {
                self.paused_at = Some(now);
                "subscription.paused"
            }
            // The days of the pause are not lost.
            ("active", "paused") => {
                let paused = self.paused_at.take().map(|it| now.duration_since(it));
                self.next_billing_date += paused.unwrap_or_default();
                "subscription.unpaused"
            }
            (other, is) => {
                let message = format!("a subscription that is `{is}` cannot be set to `{other}`");
                return Err(Problem::unprocessable("INVALID_STATUS", message));
            }
        };
        status.clone_into(&mut self.status);
        Ok(event)
    }

    fn refuse_if_ended(&self) -> Result<(), Problem> {
        match self.status.as_str() {
            "expired" => {
                let message = "Subscription expired cannot create new charges";
                Err(Problem::unprocessable("SUBSCRIPTION_EXPIRED", message))
            }
            "cancelled" | "failed" => {
                Err(Problem::unprocessable("SUBSCRIPTION_INACTIVE", "Subscription is not active"))
            }
            _ => Ok(()),
        }
    }
}

impl ScheduledChange {
    pub(super) fn view(&self) -> Value {
        json!({
            "id": self.id, "addons": [], "created_at": self.created_at,
            "effective_at": self.effective_at, "product_id": self.product_id,
            "quantity": self.quantity, "product_description": null, "product_name": null,
        })
    }
}

impl Books {
    pub(super) fn subscription_mut(&mut self, id: &str) -> Result<&mut Subscription, Problem> {
        self.subscriptions.get_mut(id).ok_or_else(|| missing(id))
    }

    fn listed_subscription(&self, it: &Subscription) -> Value {
        let mut view = self.subscription_view(it);
        if let Some(fields) = view.as_object_mut() {
            for missing in ["past_due_ends_at", "expires_at", "payment_id"] {
                fields.remove(missing);
            }
        }
        view
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
            "past_due_ends_at": it.past_due_ends_at,
            "paused_at": it.paused_at,
            "cancel_at_next_billing_date": it.cancel_at_next_billing_date,
            "cancelled_at": it.cancelled_at,
            "cancelled_by": cancelled_by,
            "cancellation_comment": it.cancellation_comment,
            "cancellation_feedback": it.cancellation_feedback,
            "scheduled_change": it.scheduled_change.as_ref().map(ScheduledChange::view),
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
        "payment_id": null, "tax_id": null, "trial_amount": null,
    })
}
