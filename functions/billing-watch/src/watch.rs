//! Every five minutes: who has paid and has nothing, and what was decided and not done.

use crate::{
    credit,
    handler::WatchError,
    prices::{self, Priced},
    world::{Watch, World},
};
use contracts::provision::Saga;
use domain::{
    project::{Project, State},
    subscription::{Act, Record, Terms, decide},
};
use jiff::{SignedDuration, Timestamp};
use ports::{census::Census, clock::Clock, sagas::Sagas, subscriptions::Subscriptions};
use serde::Serialize;

/// What one round came to.
#[derive(Debug, Default, PartialEq, Eq, Serialize)]
pub struct Round {
    pub projects: usize,
    /// Paid for, and not running for too long.
    pub overdue: Vec<String>,
    /// Subscriptions that billing was made to look at.
    pub nudged: Vec<String>,
    pub new_credits: usize,
    pub prices: Priced,
}

/// What a round finds of one project.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Finding {
    overdue: bool,
    nudge: bool,
}

pub(crate) async fn round<W: World>(watch: &Watch<'_, W>) -> Result<Round, WatchError> {
    let now = watch.clock.now();
    let (terms, limit) = (watch.settings.terms(), watch.settings.paid_not_running_seconds);
    let limit = SignedDuration::from_secs(limit);
    let prices = prices::renew_old(watch).await?;
    let mut round = Round { prices, ..Round::default() };
    for project in watch.census.projects().await? {
        round.projects += 1;
        let Some(id) = project.subscription_id.as_deref() else { continue };
        let Some(record) = watch.subscriptions.find(id).await? else { continue };
        let name = Saga::execution_name(&project.id, project.attempt);
        let began_at = match project.state {
            State::Pending | State::Provisioning => {
                watch.provisions.history(&name).await?.first().map(|it| it.began_at)
            }
            _ => None,
        };
        let finding = find(&project, &record, began_at, now, limit, &terms);
        if finding.overdue {
            ring(watch.console, &project, &name);
            round.overdue.push(project.id.to_string());
        }
        if finding.nudge {
            watch.nudge(id).await?;
            round.nudged.push(id.to_owned());
        }
        round.new_credits += usize::from(credit::suggest(watch, &project, &record, &name).await?);
    }
    tracing::info!(round.projects, overdue = round.overdue.len(), nudged = ?round.nudged, "watched");
    Ok(round)
}

/// Wakes somebody: the alarm goes by this line.
fn ring(console: &str, project: &Project, execution: &str) {
    tracing::error!(
        project.id = %project.id,
        project.state = ?project.state,
        execution,
        console = %format!("{console}:{execution}"),
        "paid and not running"
    );
}

/// `began_at` is when the project's provisioning began, if it did.
fn find(
    project: &Project,
    record: &Record,
    began_at: Option<Timestamp>,
    now: Timestamp,
    limit: SignedDuration,
    terms: &Terms,
) -> Finding {
    let acts = decide(project, record, now, terms);
    let is_due = |it: &Act| !matches!(it, Act::Nothing(_));
    // A provisioning that has begun is not started again.
    let is_started = project.state == State::Pending && began_at.is_some();
    let nudge = acts.iter().any(is_due) && !is_started;
    let waits = match project.state {
        State::Pending | State::Provisioning => began_at.or(record.paid_since),
        State::PendingPayment | State::Suspended | State::Error => record.paid_since,
        _ => None,
    };
    let overdue = record.standing(now).entitles() && waits.is_some_and(|it| now - limit > it);
    Finding { overdue, nudge }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::subscription::{Seen, Status};
    use testkit::make;

    fn now() -> Timestamp {
        make::project().created_at
    }

    fn found(state: State, status: Status, paid_min: i64, began_min: Option<i64>) -> Finding {
        let ago = |minutes| now() - SignedDuration::from_mins(minutes);
        let seen = Seen { status, ..make::subscription() };
        let record = Record::of(&seen, ago(paid_min));
        let project = Project { state, ..make::project() };
        let terms = Terms { grace: SignedDuration::from_hours(1), remind_before: Vec::new() };
        let limit = SignedDuration::from_mins(5);
        find(&project, &record, began_min.map(ago), now(), limit, &terms)
    }

    #[test]
    fn who_paid_and_has_nothing_is_found() {
        use {State as S, Status as T};
        let (overdue, nudge) = (true, true);
        let cases = [
            ("just paid", S::Pending, T::Active, 1, None, Finding { overdue: false, nudge }),
            ("never started", S::Pending, T::Active, 6, None, Finding { overdue, nudge }),
            ("about to begin", S::Pending, T::Active, 6, Some(1), Finding::default()),
            ("on its way", S::Provisioning, T::Active, 2, Some(2), Finding::default()),
            (
                "too long on its way",
                S::Provisioning,
                T::Active,
                6,
                Some(6),
                Finding { overdue, nudge: false },
            ),
            ("moved after months", S::Provisioning, T::Active, 90_000, Some(1), Finding::default()),
            ("there", S::Running, T::Active, 90_000, None, Finding::default()),
            ("failed", S::Error, T::Active, 6, None, Finding { overdue, nudge: false }),
            ("not started again", S::Suspended, T::Active, 6, None, Finding { overdue, nudge }),
            ("never counted", S::PendingPayment, T::Active, 6, None, Finding { overdue, nudge }),
            ("runs unpaid", S::Running, T::OnHold, 6, None, Finding { overdue: false, nudge }),
            ("failed unpaid", S::Error, T::OnHold, 6, None, Finding { overdue: false, nudge }),
        ];
        for (case, state, status, paid_min, began_min, expected) in cases {
            assert_eq!(found(state, status, paid_min, began_min), expected, "{case}");
        }
    }
}
