//! What customers pay for each period: looking at it, changing it, ending it.

use super::{
    books::find_payment,
    client::{Client, answer, done, found, unavailable},
};
use contracts::webhook::{Data, Products};
use domain::subscription::Seen;
use ports::payments::{Obstacle, PaymentsError, Quote};
use serde::Deserialize;
use serde_json::{Value, json};

/// What Dodo calls a subscription that cannot be changed as it is now.
const OBSTACLES: [(&str, Obstacle); 6] = [
    ("INACTIVE_SUBSCRIPTION_PLAN_CHANGE_NOT_SUPPORTED", Obstacle::Inactive),
    ("SUBSCRIPTION_INACTIVE", Obstacle::Inactive),
    ("SUBSCRIPTION_EXPIRED", Obstacle::Inactive),
    ("PLAN_CHANGE_NOT_ALLOWED_FOR_SCHEDULED_CANCELLATION", Obstacle::Ending),
    ("PENDING_PLAN_CHANGE_EXISTS", Obstacle::ChangePending),
    ("SCHEDULED_PLAN_CHANGE_EXISTS", Obstacle::ChangePending),
];

/// In which a payment ends that takes no money, or waits for its payer to come and help.
const DECLINED: [&str; 4] =
    ["failed", "cancelled", "requires_customer_action", "requires_payment_method"];

#[derive(Deserialize)]
struct Preview {
    immediate_charge: Charge,
    new_plan: Data,
}

#[derive(Deserialize)]
struct Changed {
    /// Of the charge, if there was something to pay.
    payment_id: Option<String>,
}

#[derive(Deserialize)]
struct Charge {
    summary: Summary,
}

#[derive(Deserialize)]
struct Summary {
    currency: String,
    total_amount: i64,
    /// More than zero: kept for later renewals. Less: used for this charge already.
    #[serde(default)]
    customer_credits: i64,
}

pub(super) async fn find(
    dodo: &Client,
    products: &Products,
    id: &str,
) -> Result<Option<Seen>, PaymentsError> {
    let data: Option<Data> = found(answer(dodo.get(&["subscriptions", id])).await)?;
    let unreadable = || unavailable("the answer shows no subscription");
    data.map(|it| it.subscription(products).ok_or_else(unreadable).map_err(Into::into)).transpose()
}

/// Dodo's list leaves out until when a subscription may be past due: whoever needs that looks at the
/// subscription itself.
pub(super) async fn all(dodo: &Client, products: &Products) -> Result<Vec<Seen>, PaymentsError> {
    let id = |it: &Data| it.subscription_id.clone();
    let all = dodo.pages(&["subscriptions"], &[], id).await?;
    Ok(all.iter().filter_map(|it| it.subscription(products)).collect())
}

pub(super) async fn quote_change(
    dodo: &Client,
    id: &str,
    product: &str,
) -> Result<Quote, PaymentsError> {
    let request = dodo.post(&["subscriptions", id, "change-plan", "preview"]);
    let preview: Preview = possible(answer(request.json(&change_to(product))).await)?;
    let Summary { currency, total_amount, customer_credits } = preview.immediate_charge.summary;
    let unpriced = || unavailable("the preview shows no price of the new plan");
    Ok(Quote {
        due_now_minor: if total_amount == 0 { -customer_credits.max(0) } else { total_amount },
        currency,
        recurring_minor: preview.new_plan.recurring_pre_tax_amount.ok_or_else(unpriced)?,
    })
}

/// Dodo accepts a change whose charge then fails: only the payment tells.
pub(super) async fn change_plan(
    dodo: &Client,
    id: &str,
    product: &str,
) -> Result<(), PaymentsError> {
    let request = dodo.post(&["subscriptions", id, "change-plan"]);
    let changed: Changed = possible(answer(request.json(&change_to(product))).await)?;
    let Some(payment) = changed.payment_id else { return Ok(()) };
    match find_payment(dodo, &payment).await? {
        Some(it) if DECLINED.contains(&it.status.as_str()) => Err(PaymentsError::Declined),
        Some(_) | None => Ok(()),
    }
}

fn possible<T>(answer: Result<T, PaymentsError>) -> Result<T, PaymentsError> {
    answer.map_err(|error| {
        let PaymentsError::Refused { code, .. } = &error else { return error };
        let known = OBSTACLES.iter().find(|(name, _)| name == code);
        known.map_or(error, |(_, obstacle)| (*obstacle).into())
    })
}

/// A failed charge leaves the old plan as it is: otherwise the subscription could be put on hold.
fn change_to(product: &str) -> Value {
    json!({
        "product_id": product,
        "quantity": 1,
        "proration_billing_mode": "prorated_immediately",
        "on_payment_failure": "prevent_change",
    })
}

pub(super) async fn set_cancellation(
    dodo: &Client,
    id: &str,
    at_period_end: bool,
) -> Result<(), PaymentsError> {
    let body = json!({ "cancel_at_next_billing_date": at_period_end });
    possible(done(dodo.patch(&["subscriptions", id]).json(&body)).await)
}
