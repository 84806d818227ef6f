//! Each night: our books beside the payment provider's, in both directions.

use crate::{handler::WatchError, world::World};
use contracts::billing::Message;
use domain::{
    project::{Project, State},
    subscription::{Record, Seen, Status},
};
use ports::{
    census::Census, clock::Clock, credits::Credits, payments::Payments, queue::Queue, sagas::Sagas,
    subscriptions::Subscriptions,
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
}

pub(crate) async fn reconcile<N, U, Y, S, Q, R, C>(
    world: &World<'_, N, U, Y, S, Q, R, C>,
) -> Result<Report, WatchError>
where
    N: Census,
    U: Subscriptions,
    Y: Payments,
    S: Sagas,
    Q: Queue<Message>,
    R: Credits,
    C: Clock,
{
    // Theirs before ours: what is bought meanwhile is known to us by then.
    let theirs = world.payments.subscriptions().await?;
    let mut records = BTreeMap::new();
    for seen in &theirs {
        if let Some(record) = world.subscriptions.find(&seen.id).await? {
            records.insert(seen.id.clone(), record);
        }
    }
    let projects = world.census.projects().await?;
    let report = compare(&theirs, &records, &projects);
    for subscription in to_look_at(&report, &projects) {
        world.nudge(subscription).await?;
    }
    tell(&report);
    Ok(report)
}

fn compare(theirs: &[Seen], records: &BTreeMap<String, Record>, projects: &[Project]) -> Report {
    let mut report =
        Report { subscriptions: theirs.len(), projects: projects.len(), ..Report::default() };
    let payers: BTreeSet<&str> =
        theirs.iter().filter(|it| charges(it)).map(|it| it.id.as_str()).collect();
    let runs_for = |subscription: &str| {
        projects
            .iter()
            .any(|it| has_instance(it) && it.subscription_id.as_deref() == Some(subscription))
    };
    for seen in theirs {
        if records.get(&seen.id).is_none_or(|it| !is_same(&it.seen, seen)) {
            report.missed.insert(seen.id.clone());
        }
        if charges(seen) && !runs_for(&seen.id) {
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

/// Whether it entitles to an instance as far as the provider's books say.
fn charges(seen: &Seen) -> bool {
    matches!(seen.status, Status::Active | Status::PastDue)
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
    tracing::info!(report.subscriptions, report.projects, "reconciled");
}

#[cfg(test)]
mod tests {
    use super::*;
    use testkit::make;

    fn compared(state: State, theirs: Option<Status>, ours: Option<Status>) -> Report {
        let seen = |status| Seen { status, ..make::subscription() };
        let theirs: Vec<_> = theirs.map(seen).into_iter().collect();
        let at = make::project().created_at;
        let records = ours.map(|it| ("sub_1".to_owned(), Record::of(&seen(it), at)));
        compare(&theirs, &records.into_iter().collect(), &[Project { state, ..make::project() }])
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
