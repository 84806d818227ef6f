//! Another plan for what is paid for.
//!
//! The provider knows no idempotency keys, so it is asked once for each change: by one request at a
//! time, never again by itself, and only after it was asked what the subscription is on. A request
//! whose answer got lost keeps its turn for a while. Whoever repeats it after that finds the change
//! done, or not begun.

use crate::{
    caller::Owner,
    input::{Body, Fields, Input, ProjectPath},
    project::own,
    refusal::Refusal,
    subscription::{as_seen, ask_for_look, paying, view},
    throttle::count_question,
    turn,
    view::{PlanChangeBody, QuoteBody, QuoteView, SubscriptionView},
    world::{Api, World},
};
use axum::{Json, extract::State};
use domain::{
    plan::PlanId,
    price,
    project::{Project, State as Stage},
    subscription::{Record, Seen, Standing},
};
use http::StatusCode;
use jiff::Timestamp;
use ports::{
    clock::Clock,
    payments::{Payments, PaymentsError, Quote},
};
use std::sync::Arc;

/// While a price is read, the credit for a smaller plan shrinks: in an hour, by this part of a month.
const HOURS_OF_A_MONTH: i64 = 720;

pub(crate) struct Wish(PlanId);

impl Input for Wish {
    fn read(fields: &mut Fields) -> Option<Self> {
        fields.plan("plan").map(Self)
    }
}

/// A plan, and what it was said to cost.
pub(crate) struct Order {
    plan: PlanId,
    due_now_minor: i64,
    recurring_minor: u64,
    currency: String,
}

impl Input for Order {
    fn read(fields: &mut Fields) -> Option<Self> {
        let plan = fields.plan("plan");
        let due_now_minor = fields.minor("due_now_minor");
        let recurring_minor = fields.minor("recurring_minor");
        let currency = fields.currency("currency");
        Some(Self {
            plan: plan?,
            due_now_minor: due_now_minor?,
            recurring_minor: recurring_minor?,
            currency: currency?,
        })
    }
}

/// What another plan would cost from now on. Changes nothing.
#[utoipa::path(
    post, path = "/api/projects/{id}/plan/quote", tag = "billing",
    security(("session" = ["owner"])), params(("id" = String, Path)), request_body = QuoteBody,
    responses((status = 200, description = "The quote", body = QuoteView))
)]
pub(crate) async fn quote<W: World>(
    State(api): State<Arc<Api<W>>>,
    Owner(scope): Owner,
    ProjectPath(id): ProjectPath,
    Body(Wish(plan)): Body<Wish>,
) -> Result<Json<QuoteView>, Refusal> {
    let project = own(&api, &scope, &id).await?;
    let record = changeable(&project, paying(&api, &project).await?, plan, api.clock.now())?;
    if record.seen.plan == Some(plan) {
        return Err(Refusal::Conflict("the project is on this plan already"));
    }
    count_question(&api, scope.user()).await?;
    let quote = api.payments.quote_change(&record.seen.id, plan).await?;
    Ok(Json(QuoteView::of(plan, quote)))
}

/// Puts a project on another plan, at once.
///
/// Send back the quote that was seen: if the change costs more by now, the answer is `price-changed`
/// and nothing changes. A payment that is declined changes nothing either. Repeating is harmless.
#[utoipa::path(
    put, path = "/api/projects/{id}/plan", tag = "billing",
    security(("session" = ["owner"])), params(("id" = String, Path)),
    request_body = PlanChangeBody,
    responses((status = 202, description = "It is on its way to the instance",
        body = SubscriptionView))
)]
pub(crate) async fn change<W: World>(
    State(api): State<Arc<Api<W>>>,
    Owner(scope): Owner,
    ProjectPath(id): ProjectPath,
    Body(order): Body<Order>,
) -> Result<(StatusCode, Json<SubscriptionView>), Refusal> {
    let project = own(&api, &scope, &id).await?;
    let record = paying(&api, &project).await?;
    let record = changeable(&project, record, order.plan, api.clock.now())?;
    count_question(&api, scope.user()).await?;
    let subscription = &record.seen.id;
    let turn = turn::take(&api, format!("plan#{id}")).await?;
    let outcome = match agree(&api, subscription, &order).await {
        Ok(None) => carry_out(&api, subscription, order.plan).await,
        Ok(Some(seen)) => Outcome::Settled(Ok(seen)),
        Err(refusal) => Outcome::Settled(Err(refusal)),
    };
    let seen = match outcome {
        Outcome::Open(answer) => answer?,
        Outcome::Settled(answer) => {
            turn::give_back(&api, turn).await;
            answer?
        }
    };
    let record = as_seen(record, &seen, api.clock.now());
    Ok((StatusCode::ACCEPTED, Json(view(&api, &project, Some(&record)).await?)))
}

/// The record of a subscription that may go to `plan`, as far as we know.
fn changeable(
    project: &Project,
    record: Option<Record>,
    plan: PlanId,
    now: Timestamp,
) -> Result<Record, Refusal> {
    let refused = |why| Err(Refusal::Conflict(why));
    let Some(record) = record else { return refused("the project is not paid for") };
    match record.standing(now) {
        Standing::Paid => (),
        Standing::Waiting => return refused("the project is not paid for"),
        Standing::PastDue { .. } => return refused("a payment is missing: it comes first"),
        Standing::Suspended { .. } => return refused("the subscription is suspended"),
        Standing::Ended { .. } => return refused("the subscription has ended"),
    }
    if record.seen.cancels_at_period_end {
        return refused("the subscription ends with its period: take the cancellation back first");
    }
    let is_settled = record.seen.plan.is_none_or(|it| it == project.plan);
    if !is_settled && record.seen.plan != Some(plan) {
        return refused("another change of the plan is being applied");
    }
    let rests = matches!(project.state, Stage::Stopped | Stage::Asleep);
    if is_settled && !rests && project.state != Stage::Running {
        return refused("the instance neither runs nor rests: wait until it is one of them");
    }
    Ok(record)
}

/// Whether the change costs what was agreed. Changes nothing. `Some` is the subscription that is on
/// the plan already: by an earlier request, say, whose answer got lost.
async fn agree<W: World>(
    api: &Api<W>,
    subscription: &str,
    order: &Order,
) -> Result<Option<Seen>, Refusal> {
    let seen = find(api, subscription).await?;
    if seen.plan == Some(order.plan) {
        // What followed from it may have been lost together with the answer.
        ask_for_look(api, subscription).await;
        return Ok(Some(seen));
    }
    let quote = api.payments.quote_change(subscription, order.plan).await?;
    if costs_more(order, &quote) {
        return Err(Refusal::PriceChanged(in_words(&quote)));
    }
    Ok(None)
}

/// Whether `quote` is worse for the customer than what `order` says was shown.
fn costs_more(order: &Order, quote: &Quote) -> bool {
    let credit = order.due_now_minor.saturating_neg();
    let shrinks = if credit > 0 { credit / HOURS_OF_A_MONTH + 1 } else { 0 };
    quote.currency != order.currency
        || quote.recurring_minor > order.recurring_minor
        || quote.due_now_minor > order.due_now_minor.saturating_add(shrinks)
}

/// `16.00 USD now, then 65.00 USD a month`.
fn in_words(quote: &Quote) -> String {
    let money = |minor| price::in_words(minor, &quote.currency);
    let now = money(quote.due_now_minor.unsigned_abs());
    let paid = if quote.due_now_minor < 0 { "credited" } else { "now" };
    format!("{now} {paid}, then {} a month", money(quote.recurring_minor))
}

/// What came of a change that was asked for.
enum Outcome {
    Settled(Result<Seen, Refusal>),
    /// The answer is lost, or the charge takes its time: asking again could charge again.
    Open(Result<Seen, Refusal>),
}

async fn carry_out<W: World>(api: &Api<W>, subscription: &str, plan: PlanId) -> Outcome {
    let changed = api.payments.change_plan(subscription, plan).await;
    // Also if the answer is lost: the change may have been made.
    ask_for_look(api, subscription).await;
    match changed {
        Ok(()) => match find(api, subscription).await {
            Ok(seen) if seen.plan == Some(plan) => Outcome::Settled(Ok(seen)),
            not_yet => Outcome::Open(not_yet),
        },
        Err(lost @ PaymentsError::Unavailable(_)) => Outcome::Open(Err(lost.into())),
        Err(refused) => Outcome::Settled(Err(refused.into())),
    }
}

async fn find<W: World>(api: &Api<W>, subscription: &str) -> Result<Seen, Refusal> {
    let seen = api.payments.find_subscription(subscription).await?;
    seen.ok_or_else(|| Refusal::internal("the payment provider does not know the subscription"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_pays_more_than_they_saw_and_a_credit_may_shrink_for_an_hour() {
        type Money = (i64, u64, &'static str);
        let cases: [(&str, Money, Money, bool); 9] = [
            ("the same", (1_600, 6_500, "USD"), (1_600, 6_500, "USD"), false),
            ("a minute later", (1_600, 6_500, "USD"), (1_599, 6_500, "USD"), false),
            ("more at once", (1_600, 6_500, "USD"), (1_601, 6_500, "USD"), true),
            ("more each month", (1_600, 6_500, "USD"), (1_600, 6_501, "USD"), true),
            ("other money", (1_600, 6_500, "USD"), (1_600, 6_500, "EUR"), true),
            ("a credit that shrinks", (-10_000, 4_900, "USD"), (-9_986, 4_900, "USD"), false),
            ("a credit that shrank", (-10_000, 4_900, "USD"), (-9_985, 4_900, "USD"), true),
            ("a charge for a credit", (-1, 4_900, "USD"), (1, 4_900, "USD"), true),
            ("the least of numbers", (i64::MIN, 0, "USD"), (0, 0, "USD"), true),
        ];
        for (case, (due_now_minor, recurring_minor, currency), quoted, is_more) in cases {
            let plan = PlanId::Pro;
            let order = Order { plan, due_now_minor, recurring_minor, currency: currency.into() };
            let (due_now_minor, recurring_minor, currency) = quoted;
            let quote = Quote { due_now_minor, recurring_minor, currency: currency.into() };
            assert_eq!(costs_more(&order, &quote), is_more, "{case}");
        }
    }
}
