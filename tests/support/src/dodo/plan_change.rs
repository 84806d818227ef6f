//! Another plan: at once, for a part of the price, or from the next period on.

use super::{
    Delivery, Dodo, Shared,
    books::Books,
    catalog::{CURRENCY, Product},
    problem::{Body, Problem},
    records::{PaymentStatus, ScheduledChange, Subscription},
    subscriptions::missing,
};
use crate::random;
use axum::{
    Json,
    extract::{Path, State},
    http::StatusCode,
};
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};
use std::sync::Arc;

#[derive(Deserialize)]
pub(super) struct PlanChange {
    product_id: String,
    quantity: i64,
    proration_billing_mode: Mode,
    #[serde(default)]
    effective_at: When,
    #[serde(default)]
    on_payment_failure: OnFailure,
    #[serde(default)]
    cancel_scheduled_change_plan: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Mode {
    #[serde(alias = "prorated_immediately_keep_cycle")]
    ProratedImmediately,
    FullImmediately,
    DifferenceImmediately,
    DoNotBill,
}

#[derive(Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum When {
    #[default]
    Immediately,
    NextBillingDate,
}

#[derive(Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum OnFailure {
    PreventChange,
    #[default]
    ApplyChange,
}

/// What a change moves at once: charged if more than zero, else credited to later renewals.
#[derive(Clone, Copy)]
struct Due {
    minor: i64,
    proration_factor: f64,
}

pub(super) async fn preview(
    State(dodo): Shared,
    Path(id): Path<String>,
    Body(change): Body<PlanChange>,
) -> Result<Json<Value>, Problem> {
    let product = dodo.product(&change.product_id)?;
    dodo.read(|books| {
        let subscription = books.subscriptions.get(&id).ok_or_else(|| missing(&id))?;
        change.refuse_for(subscription)?;
        let now = books.now();
        let due = change.due(subscription, product, now);
        let mut after = subscription.clone();
        change.apply(&mut after, product, now);
        let line = json!({
            "type": "subscription", "id": subscription.subscription_id, "currency": CURRENCY,
            "product_id": product.id, "proration_factor": due.proration_factor,
            "quantity": change.quantity, "tax_inclusive": false, "unit_price": product.price_minor,
            "description": null, "name": product.name, "tax": 0, "tax_rate": 0,
        });
        let charged = due.minor.max(0);
        Ok(Json(json!({
            "immediate_charge": {
                "effective_at": now,
                "line_items": [line],
                "summary": {
                    "currency": CURRENCY,
                    "customer_credits": (-due.minor).max(0),
                    "settlement_amount": charged, "settlement_currency": CURRENCY,
                    "settlement_tax": 0, "tax": 0, "total_amount": charged,
                },
            },
            "new_plan": books.subscription_view(&after),
        })))
    })
}

pub(super) async fn create(
    State(dodo): Shared,
    Path(id): Path<String>,
    Body(change): Body<PlanChange>,
) -> Result<Json<Value>, Problem> {
    let payment_id = dodo.change_plan(&id, &change)?;
    Ok(Json(json!({
        "client_secret": null, "expires_on": null, "payment_id": payment_id, "payment_link": null,
    })))
}

pub(super) async fn cancel_scheduled(
    State(dodo): Shared,
    Path(id): Path<String>,
) -> Result<StatusCode, Problem> {
    let event = dodo.write(|books| {
        let now = books.now();
        let scheduled = books.subscription_mut(&id)?.scheduled_change.take();
        let message = "No scheduled plan change found for this subscription.";
        scheduled.ok_or_else(|| Problem::not_found("SCHEDULED_PLAN_CHANGE_NOT_FOUND", message))?;
        Ok::<_, Problem>(Delivery::new("subscription.updated", &id, now))
    })?;
    dodo.announce(vec![event]);
    Ok(StatusCode::NO_CONTENT)
}

impl Dodo {
    /// The payment that it took, if it took one.
    fn change_plan(
        self: &Arc<Self>,
        id: &str,
        change: &PlanChange,
    ) -> Result<Option<String>, Problem> {
        let product = self.product(&change.product_id)?;
        let (payment_id, events) = self.write(|books| {
            let now = books.now();
            let subscription = books.subscription_mut(id)?;
            change.refuse_for(subscription)?;
            let (payment_id, kinds) = if change.effective_at == When::NextBillingDate {
                subscription.scheduled_change = Some(change.scheduled(subscription, product, now));
                (None, vec![("subscription.updated", id.to_owned())])
            } else {
                books.change_now(id, change, product, now)
            };
            let events: Vec<_> =
                kinds.iter().map(|(kind, about)| Delivery::new(kind, about, now)).collect();
            Ok::<_, Problem>((payment_id, events))
        })?;
        self.announce(events);
        Ok(payment_id)
    }
}

impl Books {
    fn change_now(
        &mut self,
        id: &str,
        change: &PlanChange,
        product: &Product,
        now: Timestamp,
    ) -> (Option<String>, Vec<(&'static str, String)>) {
        let Some(subscription) = self.subscriptions.get_mut(id) else { return (None, Vec::new()) };
        let due = change.due(subscription, product, now).minor;
        let mut events = Vec::new();
        let mut payment_id = None;
        let mut refused = false;
        if due > 0 {
            let Some(payment) = self.charge(id, "plan_change", due, now) else {
                return (None, Vec::new());
            };
            refused = payment.status == PaymentStatus::Failed;
            let kind = if refused { "payment.failed" } else { "payment.succeeded" };
            events.push((kind, payment.payment_id.clone()));
            payment_id = Some(payment.payment_id);
        }
        if refused && change.on_payment_failure == OnFailure::PreventChange {
            return (payment_id, events);
        }
        let own = |kind| (kind, id.to_owned());
        if let Some(subscription) = self.subscriptions.get_mut(id) {
            change.apply(subscription, product, now);
            subscription.credit_minor += (-due).max(0);
            if refused {
                "on_hold".clone_into(&mut subscription.status);
            }
        }
        let state = if refused { "subscription.on_hold" } else { "subscription.active" };
        events.extend([own("subscription.plan_changed"), own(state), own("subscription.updated")]);
        (payment_id, events)
    }
}

impl PlanChange {
    fn refuse_for(&self, subscription: &Subscription) -> Result<(), Problem> {
        let refused = |code, message: &str| Err(Problem::unprocessable(code, message));
        if self.quantity < 1 {
            return Err(Problem::bad_request("quantity must be at least 1"));
        }
        if subscription.status != "active" {
            let message = "Changing plans is not supported for inactive subscriptions";
            return refused("INACTIVE_SUBSCRIPTION_PLAN_CHANGE_NOT_SUPPORTED", message);
        }
        if subscription.cancel_at_next_billing_date {
            let message = "Subscription scheduled for cancellation";
            return refused("PLAN_CHANGE_NOT_ALLOWED_FOR_SCHEDULED_CANCELLATION", message);
        }
        if self.effective_at == When::NextBillingDate
            && self.proration_billing_mode != Mode::FullImmediately
        {
            let message = "Only full_immediately proration mode is allowed with effective_at: next_billing_date";
            return refused("INVALID_PRORATION_MODE_WITH_NEXT_BILLING_DATE", message);
        }
        if subscription.scheduled_change.is_some() && !self.cancel_scheduled_change_plan {
            let message = "A scheduled plan change already exists for this subscription. Please cancel the existing scheduled change before creating a new one.";
            return Err(Problem::new(
                StatusCode::CONFLICT,
                "SCHEDULED_PLAN_CHANGE_EXISTS",
                message,
            ));
        }
        Ok(())
    }

    /// The cycle stays as it is, but for the mode that charges all of the new plan.
    fn apply(&self, subscription: &mut Subscription, product: &Product, now: Timestamp) {
        subscription.product_id.clone_from(&product.id);
        subscription.quantity = self.quantity;
        subscription.recurring_minor = product.price_minor * self.quantity;
        subscription.scheduled_change = None;
        if self.proration_billing_mode == Mode::FullImmediately {
            subscription.begin_period(now);
        }
    }

    fn due(&self, subscription: &Subscription, product: &Product, now: Timestamp) -> Due {
        let to = product.price_minor * self.quantity;
        let difference = to - subscription.recurring_minor;
        let left = subscription.part_left(now);
        match (self.effective_at, self.proration_billing_mode) {
            (When::NextBillingDate, _) | (_, Mode::DoNotBill) => {
                Due { minor: 0, proration_factor: 0.0 }
            }
            (_, Mode::FullImmediately) => Due { minor: to, proration_factor: 1.0 },
            (_, Mode::DifferenceImmediately) => Due { minor: difference, proration_factor: 1.0 },
            (_, Mode::ProratedImmediately) => {
                Due { minor: part_of(difference, left), proration_factor: left }
            }
        }
    }

    fn scheduled(
        &self,
        subscription: &Subscription,
        product: &Product,
        now: Timestamp,
    ) -> ScheduledChange {
        ScheduledChange {
            id: random::id("spc_"),
            product_id: product.id.clone(),
            quantity: self.quantity,
            recurring_minor: product.price_minor * self.quantity,
            created_at: now,
            effective_at: subscription.next_billing_date,
        }
    }
}

impl Subscription {
    /// How much of the period that was paid for is still to come, from 0 to 1.
    fn part_left(&self, now: Timestamp) -> f64 {
        let period = self.next_billing_date.duration_since(self.previous_billing_date);
        let left = self.next_billing_date.duration_since(now);
        (left.as_secs_f64() / period.as_secs_f64()).clamp(0.0, 1.0)
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    reason = "cents of a price"
)]
fn part_of(minor: i64, part: f64) -> i64 {
    (minor as f64 * part).round() as i64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_a_period_costs_half_the_difference() {
        assert_eq!(part_of(5000, 0.5), 2500);
        assert_eq!(part_of(-6000, 0.5), -3000);
        assert_eq!(part_of(5000, 0.0), 0);
    }
}
