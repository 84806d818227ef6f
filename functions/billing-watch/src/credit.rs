//! Who waited longer than promised. A suggestion for a person; nothing is ever paid by itself.

use crate::{
    handler::WatchError,
    world::{Watch, World},
};
use contracts::provision::Saga;
use domain::{
    project::{Project, State},
    subscription::Record,
};
use jiff::{SignedDuration, Timestamp};
use ports::{
    clock::Clock,
    credits::{Credit, Credits},
    sagas::{Outcome, Sagas, StepRun},
};

/// Whose payment is longer ago was looked at by earlier rounds.
const WINDOW: SignedDuration = SignedDuration::from_hours(2);
/// The step after which a project runs.
const LAST_STEP: &str = "Finish";

/// Notes a credit for `project` if it came to run too late. `true` if that is new.
pub(crate) async fn suggest<W: World>(
    watch: &Watch<'_, W>,
    project: &Project,
    record: &Record,
    execution: &str,
) -> Result<bool, WatchError> {
    let now = watch.clock.now();
    let Some(paid_at) = record.paid_since.filter(|it| now - WINDOW <= *it) else {
        return Ok(false);
    };
    if project.state != State::Running {
        return Ok(false);
    }
    let history = watch.provisions.history(execution).await?;
    let target = SignedDuration::from_secs(watch.settings.provisioning_target_seconds);
    let Some(took) = ran_at(&history).map(|it| it.duration_since(paid_at)) else {
        return Ok(false);
    };
    if took <= target || ran_before(watch, project, paid_at).await? {
        return Ok(false);
    }
    let credit = Credit {
        project_id: project.id.clone(),
        tenant_id: project.tenant_id.clone(),
        attempt: project.attempt,
        subscription_id: record.seen.id.clone(),
        paid_at,
        took_s: took.as_secs(),
        target_s: target.as_secs(),
    };
    Ok(watch.credits.record(&credit).await?)
}

/// Whether an earlier attempt ran for the same payment: then it was no payment that this one followed, but
/// its owner's start, or a move.
async fn ran_before<W: World>(
    watch: &Watch<'_, W>,
    project: &Project,
    paid_at: Timestamp,
) -> Result<bool, WatchError> {
    for attempt in 1..project.attempt {
        let name = Saga::execution_name(&project.id, attempt);
        let history = watch.provisions.history(&name).await?;
        if ran_at(&history).is_some_and(|it| paid_at <= it) {
            return Ok(true);
        }
    }
    Ok(false)
}

fn ran_at(history: &[StepRun]) -> Option<Timestamp> {
    let last = history.iter().rev().find(|it| it.name == LAST_STEP)?;
    last.ended_at.filter(|_| last.outcome == Outcome::Done)
}
