//! Subscriptions, quotes and payments, as clients see them.

use super::PlanName;
use axum::response::{IntoResponse, Response};
use domain::{
    plan::PlanId,
    price::Price,
    project::Project,
    subscription::{End, Hold, Record, Standing, Terms, deletion},
};
use http::header;
use jiff::Timestamp;
use ports::payments::{Payment, Quote, Refunded};
use serde::Serialize;
use utoipa::ToSchema;

#[derive(ToSchema)]
#[expect(dead_code, reason = "describes what `input` reads field by field")]
pub(crate) struct QuoteBody {
    plan: PlanName,
}

/// A plan, and what the quote said.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes what `input` reads field by field")]
pub(crate) struct PlanChangeBody {
    plan: PlanName,
    /// Charged at once, in the currency's smallest unit; less than zero is credited.
    due_now_minor: i64,
    /// A month, from the next period on.
    recurring_minor: u64,
    /// ISO 4217.
    #[schema(pattern = "^[A-Z]{3}$")]
    currency: String,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct QuoteView {
    plan: PlanName,
    /// Charged at once, in the currency's smallest unit; less than zero is credited.
    due_now_minor: i64,
    /// A month, from the next period on.
    recurring_minor: u64,
    /// ISO 4217.
    currency: String,
}

impl QuoteView {
    pub(crate) fn of(plan: PlanId, quote: Quote) -> Self {
        Self {
            plan: plan.into(),
            due_now_minor: quote.due_now_minor,
            recurring_minor: quote.recurring_minor,
            currency: quote.currency,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum StandingName {
    /// Nobody has paid for the project.
    None,
    Waiting,
    Paid,
    /// A payment is missing, and has no consequence yet.
    PastDue,
    /// Nothing runs until it is paid for.
    Suspended,
    Ended,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum WhyName {
    Unpaid,
    Paused,
    Disputed,
    Cancelled,
    Expired,
    Failed,
    Refunded,
    DisputeLost,
    /// Its owner has the project deleted, and may take that back until the data is.
    OwnerDeleted,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct SubscriptionView {
    standing: StandingName,
    /// Of what is suspended or has ended.
    why: Option<WhyName>,
    /// Of the instance.
    plan: PlanName,
    /// A month, before tax, in the currency's smallest unit.
    recurring_minor: Option<u64>,
    /// ISO 4217.
    currency: Option<String>,
    #[schema(format = "date-time")]
    next_billing_at: Option<String>,
    /// Set when it ends with the period that is paid for.
    #[schema(format = "date-time")]
    cancels_at: Option<String>,
    /// Until when a missing payment has no consequence.
    #[schema(format = "date-time")]
    past_due_until: Option<String>,
    #[schema(format = "date-time")]
    ended_at: Option<String>,
    /// When the data of the project is deleted, if nobody pays for it before.
    #[schema(format = "date-time")]
    data_deleted_at: Option<String>,
    /// How long the data is kept, at least, once the subscription ends or the project is deleted.
    kept_for_s: Option<i64>,
    /// Paid for, and on its way to the instance.
    plan_change: Option<PlanChangeView>,
    /// The plan's price of today, where it is not the one that is paid.
    price_change: Option<PriceView>,
}

#[derive(Debug, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct PlanChangeView {
    plan: PlanName,
    #[schema(format = "date-time")]
    since: String,
}

#[derive(Debug, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct PriceView {
    /// A month, in the currency's smallest unit.
    minor: u64,
    /// ISO 4217.
    currency: String,
}

impl SubscriptionView {
    /// Of a project that was never paid for.
    pub(crate) fn none(project: &Project) -> Self {
        Self {
            standing: StandingName::None,
            why: None,
            plan: project.plan.into(),
            recurring_minor: None,
            currency: None,
            next_billing_at: None,
            cancels_at: None,
            past_due_until: None,
            ended_at: None,
            data_deleted_at: None,
            kept_for_s: None,
            plan_change: None,
            price_change: None,
        }
    }

    /// `price_today` is that of the plan which `record` is on, if it is known.
    pub(crate) fn of(
        project: &Project,
        record: &Record,
        price_today: Option<&Price>,
        now: Timestamp,
        terms: &Terms,
    ) -> Self {
        let (seen, standing) = (&record.seen, record.standing(now));
        let text = |it: Option<Timestamp>| it.map(|it| it.to_string());
        let period_end = seen.next_billing_at.filter(|_| !standing.is_ended());
        let ends = seen.cancels_at_period_end;
        let (name, why) = named(standing);
        Self {
            standing: name,
            why,
            recurring_minor: seen.price_minor,
            currency: seen.currency.clone(),
            next_billing_at: text(period_end.filter(|_| !ends)),
            cancels_at: text(period_end.filter(|_| ends)),
            past_due_until: match standing {
                Standing::PastDue { until } => text(until),
                _ => None,
            },
            ended_at: match standing {
                Standing::Ended { since, .. } => Some(since.to_string()),
                _ => None,
            },
            data_deleted_at: text(deletion(project, record, now, terms)),
            kept_for_s: Some(terms.grace.as_secs()),
            plan_change: plan_change(project, record, standing),
            price_change: price_change(record, standing, price_today),
            ..Self::none(project)
        }
    }
}

fn named(standing: Standing) -> (StandingName, Option<WhyName>) {
    match standing {
        Standing::Waiting => (StandingName::Waiting, None),
        Standing::Paid => (StandingName::Paid, None),
        Standing::PastDue { .. } => (StandingName::PastDue, None),
        Standing::Suspended { why } => (StandingName::Suspended, Some(why.into())),
        Standing::Ended { why, .. } => (StandingName::Ended, Some(why.into())),
    }
}

impl From<Hold> for WhyName {
    fn from(why: Hold) -> Self {
        match why {
            Hold::Unpaid => Self::Unpaid,
            Hold::Paused => Self::Paused,
            Hold::Disputed => Self::Disputed,
        }
    }
}

impl From<End> for WhyName {
    fn from(why: End) -> Self {
        match why {
            End::Cancelled => Self::Cancelled,
            End::Expired => Self::Expired,
            End::Failed => Self::Failed,
            End::Refunded => Self::Refunded,
            End::DisputeLost => Self::DisputeLost,
            End::OwnerDeleted => Self::OwnerDeleted,
        }
    }
}

fn plan_change(project: &Project, record: &Record, standing: Standing) -> Option<PlanChangeView> {
    let to = record.seen.plan.filter(|it| *it != project.plan && standing.entitles())?;
    let since = record.plan_changed_at.unwrap_or(record.seen_at);
    Some(PlanChangeView { plan: to.into(), since: since.to_string() })
}

fn price_change(record: &Record, standing: Standing, today: Option<&Price>) -> Option<PriceView> {
    let Price { minor, currency, .. } = today.filter(|_| !standing.is_ended())?;
    let paid = (record.seen.price_minor?, record.seen.currency.as_ref()?);
    let differs = paid != (*minor, currency);
    differs.then(|| PriceView { minor: *minor, currency: currency.clone() })
}

#[derive(Serialize, ToSchema)]
pub(crate) struct PortalView {
    /// Send the customer there. It opens once.
    pub(crate) url: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum RefundedName {
    No,
    Partly,
    Fully,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct PaymentView {
    id: String,
    /// Of a project that is still there.
    project_id: Option<String>,
    project_name: Option<String>,
    /// `succeeded`, `failed`, `processing` or another word of the payment provider.
    status: String,
    /// With tax, in the currency's smallest unit.
    total_minor: i64,
    /// ISO 4217.
    currency: String,
    #[schema(format = "date-time")]
    created_at: String,
    refunded: RefundedName,
}

impl PaymentView {
    pub(crate) fn of(payment: Payment, project: Option<&Project>) -> Self {
        Self {
            project_id: project.map(|it| it.id.to_string()),
            project_name: project.map(|it| it.name.as_str().to_owned()),
            id: payment.id,
            status: payment.status,
            total_minor: payment.total_minor,
            currency: payment.currency,
            created_at: payment.created_at.to_string(),
            refunded: match payment.refunded {
                Refunded::No => RefundedName::No,
                Refunded::Partly => RefundedName::Partly,
                Refunded::Fully => RefundedName::Fully,
            },
        }
    }
}

/// A file.
#[derive(ToSchema)]
#[schema(value_type = String, format = Binary)]
pub(crate) struct Pdf(pub(crate) Vec<u8>);

impl IntoResponse for Pdf {
    fn into_response(self) -> Response {
        ([(header::CONTENT_TYPE, "application/pdf")], self.0).into_response()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::{project::State, subscription::Status};
    use serde_json::{Value, json};
    use testkit::make;

    fn shown(state: State, record: &Record, today: Option<&Price>) -> Value {
        let project = Project { state, ..make::project() };
        let days = |it: i64| jiff::SignedDuration::from_hours(24 * it);
        let terms = Terms { grace: days(14), remind_before: vec![days(1)] };
        let now = make::project().created_at;
        let view = SubscriptionView::of(&project, record, today, now, &terms);
        let mut view = serde_json::to_value(view).expect("a view is JSON");
        view.as_object_mut().expect("an object").retain(|_, it| !it.is_null());
        view
    }

    fn record(change: impl FnOnce(&mut domain::subscription::Seen)) -> Record {
        let mut seen = make::subscription();
        change(&mut seen);
        Record::of(&seen, make::project().created_at)
    }

    #[test]
    fn each_standing_is_shown_with_its_dates_and_no_others() {
        let usual = |more: Value| {
            let mut usual = json!({ "plan": "standard", "recurring_minor": 4900, "currency": "USD", "kept_for_s": 1_209_600 });
            usual
                .as_object_mut()
                .expect("an object")
                .extend(more.as_object().expect("an object").clone());
            usual
        };
        let (now, then) = ("2026-11-21T12:00:00Z", "2026-12-21T12:00:00Z");
        assert_eq!(make::project().created_at.to_string(), now);
        let cases = [
            (
                "paid",
                State::Running,
                record(|_| ()),
                json!({ "standing": "paid", "next_billing_at": then }),
            ),
            (
                "about to end",
                State::Running,
                record(|it| it.cancels_at_period_end = true),
                json!({ "standing": "paid", "cancels_at": then }),
            ),
            (
                "past due",
                State::Running,
                record(|it| {
                    it.status = Status::PastDue;
                    it.past_due_ends_at = it.next_billing_at;
                }),
                json!({ "standing": "past_due", "past_due_until": then, "next_billing_at": then }),
            ),
            (
                "unpaid",
                State::Suspended,
                record(|it| it.status = Status::OnHold),
                json!({ "standing": "suspended", "why": "unpaid", "next_billing_at": then }),
            ),
            (
                "over",
                State::Suspended,
                record(|it| it.status = Status::Expired),
                json!({ "standing": "ended", "why": "expired", "ended_at": now,
                    "data_deleted_at": "2026-12-05T12:00:00Z" }),
            ),
            (
                "over and gone",
                State::Deleted,
                record(|it| it.status = Status::Cancelled),
                json!({ "standing": "ended", "why": "cancelled", "ended_at": now }),
            ),
        ];
        for (case, state, record, expected) in cases {
            assert_eq!(shown(state, &record, None), usual(expected), "{case}");
        }
    }

    #[test]
    fn a_change_shows_until_the_instance_has_it() {
        let mut pro = record(|it| it.plan = Some(PlanId::Pro));
        pro.plan_changed_at = Some(make::project().created_at);
        let change = json!({ "plan": "pro", "since": "2026-11-21T12:00:00Z" });
        assert_eq!(shown(State::Running, &pro, None)["plan_change"], change);
        assert_eq!(shown(State::Running, &record(|_| ()), None)["plan_change"], Value::Null);
        pro.seen.status = Status::Cancelled;
        assert_eq!(shown(State::Suspended, &pro, None)["plan_change"], Value::Null);
    }

    #[test]
    fn another_price_of_today_is_told_to_who_pays_the_old_one() {
        let price = |minor| Price { minor, currency: "USD".to_owned(), tax_inclusive: false };
        let told = |record: &Record, minor| {
            shown(State::Running, record, Some(&price(minor)))["price_change"].clone()
        };
        assert_eq!(told(&record(|_| ()), 4_900), Value::Null);
        let dearer = json!({ "minor": 5_500, "currency": "USD" });
        assert_eq!(told(&record(|_| ()), 5_500), dearer);
        assert_eq!(told(&record(|it| it.price_minor = None), 5_500), Value::Null);
        assert_eq!(told(&record(|it| it.status = Status::Cancelled), 5_500), Value::Null);
    }
}
