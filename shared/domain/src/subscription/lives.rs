//! Thousands of lives of subscriptions, told by deliveries that are late, twice, lost and out of
//! order. Whatever is heard of a life, in the end we know it as it is, and nothing was ever halted
//! by a rumour.

use super::{Dispute, DisputeState, Observed, Record, Seen, Source, Standing, Status, observe};
use crate::plan::PlanId;
use jiff::{SignedDuration, Timestamp};
use proptest::{collection::vec, prelude::*};

/// Something that happens to a subscription at its provider.
#[derive(Clone, Copy, Debug)]
enum Change {
    Status(Status),
    Plan(PlanId),
    Cancels(bool),
    Dispute(u8, DisputeState),
    Refund,
}

/// A change, how long after the one before, and the deliveries about it: how long each is under way
/// after it was rendered, and how long after the change that was.
#[derive(Clone, Debug)]
struct Event {
    after_s: i64,
    change: Change,
    deliveries: Vec<(i64, i64)>,
}

/// The subscription as the provider has it.
#[derive(Clone, Debug)]
struct Truth {
    seen: Seen,
    disputes: Vec<(u8, DisputeState)>,
    refunded: bool,
}

/// What arrives: the state when it was rendered.
struct Delivery {
    arrives_at: i64,
    rendered_at: i64,
    change: Change,
}

fn at(second: i64) -> Timestamp {
    Timestamp::UNIX_EPOCH + SignedDuration::from_secs(second)
}

fn beginning() -> Truth {
    let seen = Seen {
        id: "sub_1".to_owned(),
        status: Status::Pending,
        plan: Some(PlanId::Standard),
        customer: "cus_1".to_owned(),
        project: None,
        tenant: None,
        price_minor: None,
        currency: None,
        next_billing_at: None,
        cancels_at_period_end: false,
        past_due_ends_at: None,
        cancelled_at: None,
        scheduled_plan: None,
    };
    Truth { seen, disputes: Vec::new(), refunded: false }
}

impl Truth {
    fn after(mut self, change: Change) -> Self {
        let over = matches!(self.seen.status, Status::Cancelled | Status::Expired | Status::Failed);
        match change {
            Change::Status(status) if !over => self.seen.status = status,
            Change::Plan(plan) if !over => self.seen.plan = Some(plan),
            Change::Cancels(flag) if !over => self.seen.cancels_at_period_end = flag,
            Change::Dispute(id, state) => {
                let settled = |it: &(u8, DisputeState)| it.0 == id && it.1 != DisputeState::Open;
                if !self.disputes.iter().any(settled) {
                    self.disputes.retain(|it| it.0 != id);
                    self.disputes.push((id, state));
                }
            }
            Change::Refund => self.refunded = true,
            _ => (),
        }
        self
    }

    /// As somebody would remember it who has seen everything.
    fn record(&self, now: Timestamp) -> Record {
        let seen = Record::of(&self.seen, now);
        let record = self.disputes.iter().fold(seen, |it, (id, state)| {
            it.disputed(&id.to_string(), Dispute { state: *state, at: now })
        });
        if self.refunded { record.refunded(now) } else { record }
    }
}

/// A whole life: what was true from which second on.
fn told(events: &[Event]) -> (Vec<(i64, Truth)>, Vec<Delivery>) {
    let (mut now, mut truth, mut deliveries) = (0, beginning(), Vec::new());
    let mut life = vec![(0, truth.clone())];
    for event in events {
        now += event.after_s;
        truth = truth.after(event.change);
        life.push((now, truth.clone()));
        deliveries.extend(event.deliveries.iter().map(|(later_s, travel_s)| Delivery {
            arrives_at: now + later_s + travel_s,
            rendered_at: now + later_s,
            change: event.change,
        }));
    }
    deliveries.sort_by_key(|it| it.arrives_at);
    (life, deliveries)
}

fn is_about_money(change: Change) -> bool {
    matches!(change, Change::Dispute(..) | Change::Refund)
}

fn truth_at(life: &[(i64, Truth)], second: i64) -> &Truth {
    let known = life.iter().rev().find(|(since, _)| *since <= second);
    &known.expect("a life begins at 0").1
}

/// What we do with a delivery.
fn apply(known: Option<Record>, delivery: &Delivery, life: &[(i64, Truth)]) -> Option<Record> {
    let now = delivery.arrives_at;
    let rendered = truth_at(life, delivery.rendered_at);
    let asked = || asked(known.as_ref(), truth_at(life, now), now);
    match delivery.change {
        Change::Dispute(id, _) => {
            let state = rendered.disputes.iter().find(|it| it.0 == id)?.1;
            let dispute = Dispute { state, at: at(now) };
            Some(known.clone().unwrap_or_else(asked).disputed(&id.to_string(), dispute))
        }
        Change::Refund => Some(known.clone().unwrap_or_else(asked).refunded(at(now))),
        _ => match observe(known.as_ref(), &rendered.seen, at(now), Source::Told) {
            Observed::Applied(record) => Some(*record),
            Observed::Late => known,
            Observed::AskFirst => Some(asked()),
        },
    }
}

fn asked(known: Option<&Record>, truth: &Truth, now: i64) -> Record {
    match observe(known, &truth.seen, at(now), Source::Asked) {
        Observed::Applied(record) => *record,
        other => panic!("the provider's own word of now always counts: {other:?}"),
    }
}

/// What the nightly reconciliation makes of what is known: a look, and what the books say beside it.
fn reconciled(known: Option<&Record>, truth: &Truth, now: i64) -> Record {
    let news = |it: &Record, id: &str, state| it.is_news(id, state);
    let record = truth.disputes.iter().fold(asked(known, truth, now), |it, (id, state)| {
        let (id, dispute) = (id.to_string(), Dispute { state: *state, at: at(now) });
        if news(&it, &id, *state) { it.disputed(&id, dispute) } else { it }
    });
    if truth.refunded { record.refunded(at(now)) } else { record }
}

fn status() -> impl Strategy<Value = Status> {
    prop_oneof![
        6 => Just(Status::Active),
        2 => Just(Status::PastDue),
        2 => Just(Status::OnHold),
        1 => Just(Status::Paused),
        1 => Just(Status::Cancelled),
        1 => Just(Status::Expired),
        1 => Just(Status::Failed),
    ]
}

fn change() -> impl Strategy<Value = Change> {
    let plan = prop_oneof![Just(PlanId::Standard), Just(PlanId::Pro)];
    let dispute =
        prop_oneof![Just(DisputeState::Open), Just(DisputeState::Won), Just(DisputeState::Lost)];
    prop_oneof![
        8 => status().prop_map(Change::Status),
        2 => plan.prop_map(Change::Plan),
        1 => any::<bool>().prop_map(Change::Cancels),
        2 => (0..2_u8, dispute).prop_map(|(id, state)| Change::Dispute(id, state)),
        1 => Just(Change::Refund),
    ]
}

fn event() -> impl Strategy<Value = Event> {
    // Some are rendered anew hours later, and each may overtake another by some seconds.
    let later_s = prop_oneof![3 => Just(0_i64), 1 => 1..30_000_i64];
    let deliveries = vec((later_s, 0..20_i64), 0..4);
    let after_s = prop_oneof![1 => 0..5_i64, 1 => 5..100_000_i64];
    (after_s, change(), deliveries).prop_map(|(after_s, change, deliveries)| Event {
        after_s,
        change,
        deliveries,
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 10_000, ..ProptestConfig::default() })]

    #[test]
    fn whatever_is_heard_of_a_life_it_ends_as_it_is(events in vec(event(), 1..12)) {
        let (life, deliveries) = told(&events);
        let mut known: Option<Record> = None;
        for delivery in &deliveries {
            let before = known.clone();
            known = apply(known, delivery, &life);
            prop_assert!(
                !halts_by_rumour(before.as_ref(), known.as_ref(), delivery, &life),
                "halted though it is paid for: {before:?} {known:?}"
            );
        }
        let end = life.last().map_or(0, |it| it.0) + 100_000;
        let truth = truth_at(&life, end);
        let known = reconciled(known.as_ref(), truth, end);
        let (ours, theirs) = (known.standing(at(end)), truth.record(at(end)).standing(at(end)));
        prop_assert_eq!(without_date(ours), without_date(theirs));
        prop_assert_eq!(known.seen.plan, truth.seen.plan);
    }
}

/// Whether a delivery about the subscription took away what it entitles to at this moment.
fn halts_by_rumour(
    before: Option<&Record>,
    after: Option<&Record>,
    delivery: &Delivery,
    life: &[(i64, Truth)],
) -> bool {
    let now = at(delivery.arrives_at);
    let entitled = |it: Option<&Record>| it.is_some_and(|it| it.standing(now).entitles());
    let paid = truth_at(life, delivery.arrives_at).seen.status == Status::Active;
    paid && !is_about_money(delivery.change) && entitled(before) && !entitled(after)
}

fn without_date(standing: Standing) -> Standing {
    match standing {
        Standing::Ended { why, .. } => Standing::Ended { since: Timestamp::UNIX_EPOCH, why },
        other => other,
    }
}
