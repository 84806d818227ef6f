//! Each night: our books beside the payment provider's, in both directions.

use crate::{
    handler::WatchError,
    losses::{lost_disputes, lost_refunds},
    world::{Watch, World},
};
use contracts::billing::Message;
use domain::{
    project::{Project, State},
    subscription::{Record, Seen, Status},
};
use jiff::Timestamp;
use ports::{
    census::Census, clock::Clock, payments::Payments, queue::Queue, subscriptions::Subscriptions,
};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// What does not add up. Billing was made to look at each subscription in it.
#[derive(Debug, Default, PartialEq, Eq, Serialize)]
pub struct Report {
    /// At the provider, and projects here.
    pub subscriptions: usize,
    pub projects: usize,
    /// Subscriptions that look otherwise there than we remember: something was never heard.
    pub missed: BTreeSet<String>,
    /// Subscriptions that are charged for and have no running project.
    pub paid_without_instance: BTreeSet<String>,
    /// Projects that run though the provider charges nobody for them.
    pub instance_without_payment: BTreeSet<String>,
    /// Payments that were given back in full, and nobody told us. Billing is told.
    pub lost_refunds: BTreeSet<String>,
    /// Disputes that stand otherwise than we were told. Billing is told.
    pub lost_disputes: BTreeSet<String>,
}

pub(crate) async fn reconcile<W: World>(watch: &Watch<'_, W>) -> Result<Report, WatchError> {
    // Theirs before ours: what is bought meanwhile is known to us by then.
    let theirs = watch.payments.subscriptions().await?;
    let mut records = BTreeMap::new();
    for seen in &theirs {
        if let Some(record) = watch.subscriptions.find(&seen.id).await? {
            records.insert(seen.id.clone(), record);
        }
    }
    let projects = watch.census.projects().await?;
    let mut report = compare(&theirs, &records, &projects, watch.clock.now());
    let lost = [lost_refunds(watch).await?, lost_disputes(watch).await?].concat();
    for message in &lost {
        note(&mut report, message);
        watch.looks.send(message).await?;
    }
    // After what was lost: a look that takes it for paid would give back what is to be taken away.
    for subscription in to_look_at(&report, &projects) {
        watch.nudge(subscription).await?;
    }
    tell(&report);
    Ok(report)
}

fn note(report: &mut Report, lost: &Message) {
    match lost {
        Message::Refund { payment_id, .. } => report.lost_refunds.insert(payment_id.clone()),
        Message::Dispute { dispute_id, .. } => report.lost_disputes.insert(dispute_id.clone()),
        Message::Delivery { .. } | Message::Look { .. } | Message::Deletion { .. } => false,
    };
}

fn compare(
    theirs: &[Seen],
    records: &BTreeMap<String, Record>,
    projects: &[Project],
    now: Timestamp,
) -> Report {
    let mut report =
        Report { subscriptions: theirs.len(), projects: projects.len(), ..Report::default() };
    let pays = |it: &Seen| pays(it, records.get(&it.id), now);
    let payers: BTreeSet<&str> =
        theirs.iter().filter(|it| pays(it)).map(|it| it.id.as_str()).collect();
    let runs_for = |subscription: &str| {
        projects
            .iter()
            .any(|it| is_served(it) && it.subscription_id.as_deref() == Some(subscription))
    };
    for seen in theirs {
        if records.get(&seen.id).is_none_or(|it| !is_same(&it.seen, seen)) {
            report.missed.insert(seen.id.clone());
        }
        if pays(seen) && !runs_for(&seen.id) {
            report.paid_without_instance.insert(seen.id.clone());
        }
    }
    for project in projects.iter().filter(|it| has_instance(it)) {
        if project.subscription_id.as_deref().is_none_or(|it| !payers.contains(it)) {
            report.instance_without_payment.insert(project.id.to_string());
        }
    }
    report
}

/// Whether it entitles to an instance as far as the provider's books say. What was given back, or is
/// disputed, they go on calling active.
fn pays(theirs: &Seen, ours: Option<&Record>, now: Timestamp) -> bool {
    let ours = ours.cloned().unwrap_or_else(|| Record::of(theirs, now));
    Record { seen: theirs.clone(), ..ours }.standing(now).entitles()
}

/// Whether who pays has what they want: an instance, or none because they stopped it or nobody uses it.
fn is_served(project: &Project) -> bool {
    has_instance(project) || matches!(project.state, State::Stopped | State::Asleep)
}

fn has_instance(project: &Project) -> bool {
    matches!(project.state, State::Pending | State::Provisioning | State::Running | State::Halting)
}

/// Whether a look would find nothing new. A subscription that never came to anything is none.
fn is_same(ours: &Seen, theirs: &Seen) -> bool {
    let unknown = theirs.status == Status::Unknown;
    let theirs =
        Seen { status: if unknown { ours.status } else { theirs.status }, ..theirs.clone() };
    *ours == theirs
}

fn to_look_at<'a>(report: &'a Report, projects: &'a [Project]) -> BTreeSet<&'a str> {
    let unpaid = projects
        .iter()
        .filter(|it| report.instance_without_payment.contains(it.id.as_str()))
        .filter_map(|it| it.subscription_id.as_deref());
    let named = report.missed.iter().chain(&report.paid_without_instance).map(String::as_str);
    named.chain(unpaid).collect()
}

/// One line of each kind; what is charged without a return, or given without a charge, rings.
fn tell(report: &Report) {
    for subscription in &report.missed {
        tracing::warn!(subscription.id = %subscription, "the provider's books say otherwise");
    }
    let subscriptions =
        report.paid_without_instance.iter().map(|it| (it, "paid without an instance"));
    let projects =
        report.instance_without_payment.iter().map(|it| (it, "an instance without payment"));
    for (id, what) in subscriptions.chain(projects) {
        tracing::error!(id = %id, what, "the books do not add up");
    }
    for payment in &report.lost_refunds {
        tracing::warn!(payment.id = %payment, "a refund was never heard of");
    }
    for dispute in &report.lost_disputes {
        tracing::warn!(dispute.id = %dispute, "a dispute was not heard of, or not its end");
    }
    tracing::info!(report.subscriptions, report.projects, "reconciled");
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::subscription::{Dispute, DisputeState};
    use testkit::make;

    fn compared(state: State, theirs: Option<Status>, ours: Option<Status>) -> Report {
        let seen = |status| Seen { status, ..make::subscription() };
        let theirs: Vec<_> = theirs.map(seen).into_iter().collect();
        let at = make::project().created_at;
        let records = ours.map(|it| ("sub_1".to_owned(), Record::of(&seen(it), at)));
        let projects = [Project { state, ..make::project() }];
        compare(&theirs, &records.into_iter().collect(), &projects, at)
    }

    #[test]
    fn what_was_given_back_or_is_disputed_pays_for_nothing_though_it_is_called_active() {
        let at = make::project().created_at;
        let (seen, record) = (make::subscription(), Record::of(&make::subscription(), at));
        let dispute = |state| record.clone().disputed("dp_1", Dispute { state, at });
        let cases = [
            ("as the books say", record.clone(), true),
            ("given back", record.clone().refunded(at), false),
            ("disputed", dispute(DisputeState::Open), false),
            ("lost", dispute(DisputeState::Lost), false),
            ("won", dispute(DisputeState::Won), true),
        ];
        for (case, record, expected) in cases {
            assert_eq!(pays(&seen, Some(&record), at), expected, "{case}");
        }
        assert!(pays(&seen, None, at));
    }

    #[test]
    fn both_directions_are_compared() {
        use {State as S, Status as T};
        let active = Some(T::Active);
        let cases = [
            ("all is well", S::Running, active, active, [0, 0, 0]),
            (
                "ended, and known to be",
                S::Suspended,
                Some(T::Cancelled),
                Some(T::Cancelled),
                [0, 0, 0],
            ),
            ("a word of tomorrow", S::Running, Some(T::Unknown), active, [0, 0, 1]),
            ("stopped by its owner", S::Stopped, active, active, [0, 0, 0]),
            ("never heard of", S::PendingPayment, active, None, [1, 1, 0]),
            ("its end was never heard", S::Running, Some(T::Cancelled), active, [1, 0, 1]),
            ("its return was never heard", S::Suspended, active, Some(T::OnHold), [1, 1, 0]),
            ("not there at all", S::Running, None, active, [0, 0, 1]),
            ("paid and failed", S::Error, active, active, [0, 1, 0]),
        ];
        for (case, state, theirs, ours, expected) in cases {
            let report = compared(state, theirs, ours);
            let counts = [
                report.missed.len(),
                report.paid_without_instance.len(),
                report.instance_without_payment.len(),
            ];
            assert_eq!(counts, expected, "{case}: {report:?}");
        }
    }
}
