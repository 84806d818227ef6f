//! One look: read, judge, keep, act.

use crate::{
    act::settle,
    handler::WatchError,
    survey::{Patient, survey},
    world::{Ports, World},
};
use domain::{
    health::{Case, Condition, Look},
    id::ProjectId,
    project::{Project, State},
};
use jiff::Timestamp;
use ports::{
    Unavailable,
    cases::{Cases, KeepError},
    clock::Clock,
    fleet::Fleet,
    heartbeats::of_ready,
    projects::Projects,
};
use runtime::fault::chain;
use std::collections::BTreeMap;

/// What cannot be done for one instance does not keep the others from being attended to.
pub(crate) async fn look<P: Ports>(world: &World<'_, P>) -> Result<(), WatchError> {
    let now = world.clock.now();
    let workers = world.fleet.workers().await?;
    let beats = of_ready(world.heartbeats, &workers).await?;
    let mut cases = cases(world).await?;
    let survey = survey(now, &workers, &beats);
    for worker in &survey.deaf {
        tracing::error!(worker.id = %worker, "instances out of their worker's reach");
    }
    let mut unattended = 0;
    let mut note = |project: &ProjectId, ended: Result<(), WatchError>| {
        if let Err(error) = ended {
            tracing::error!(project.id = %project, error = %chain(&error), "not attended to yet");
            unattended += 1;
        }
    };
    for patient in &survey.patients {
        let case = cases.remove(patient.project);
        note(patient.project, attend(world, now, patient, case).await);
    }
    for (project, case) in cases {
        note(&project, attend_unseen(world, now, case).await);
    }
    if unattended > 0 { Err(WatchError::Unattended(unattended)) } else { Ok(()) }
}

async fn cases<P: Ports>(world: &World<'_, P>) -> Result<BTreeMap<ProjectId, Case>, Unavailable> {
    let open = world.cases.open().await?;
    Ok(open.into_iter().map(|it| (it.project.clone(), it)).collect())
}

async fn attend<P: Ports>(
    world: &World<'_, P>,
    now: Timestamp,
    patient: &Patient<'_>,
    case: Option<Case>,
) -> Result<(), WatchError> {
    let plan = patient.held.plan.plan();
    let short_of = patient.sight.map(|it| it.short_of(plan)).unwrap_or_default();
    let sight = Look { at: now, attempt: 0, condition: patient.condition, short_of };
    // As nearly all are nearly always.
    if case.is_none() && !sight.is_remarkable() {
        return Ok(());
    }
    let project = world.projects.find(patient.project).await?;
    let is_here = |it: &&Project| {
        it.state == State::Running && it.id.reservation(it.attempt) == patient.held.id
    };
    match (project.as_ref().filter(is_here), case) {
        (Some(running), case) if case.as_ref().is_none_or(|it| it.owed.is_empty()) => {
            let look = Look { attempt: running.attempt, ..sight };
            let case = case.unwrap_or_else(|| Case::open(running.id.clone(), look.attempt, now));
            judge(world, running, &case, &look).await
        }
        (_, Some(case)) => go_on(world, now, project.as_ref(), &case).await,
        // A saga is at it, or nothing of it is to be anywhere.
        (_, None) => Ok(()),
    }
}

/// Nobody says anything of its instance, which may be nowhere.
async fn attend_unseen<P: Ports>(
    world: &World<'_, P>,
    now: Timestamp,
    case: Case,
) -> Result<(), WatchError> {
    let project = world.projects.find(&case.project).await?;
    go_on(world, now, project.as_ref(), &case).await
}

async fn judge<P: Ports>(
    world: &World<'_, P>,
    project: &Project,
    case: &Case,
    look: &Look,
) -> Result<(), WatchError> {
    let next = case.after(look);
    if look.condition == Condition::Well && next.is_over(look.at) {
        return close(world, case).await;
    }
    if next == *case {
        return Ok(());
    }
    match world.cases.keep(&next).await {
        Ok(kept) => settle(world, Some(project), &kept).await,
        // Another look was faster, and acts.
        Err(KeepError::LostRace) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

/// What was decided, and who decided it did not do, is done; what is over is forgotten.
async fn go_on<P: Ports>(
    world: &World<'_, P>,
    now: Timestamp,
    project: Option<&Project>,
    case: &Case,
) -> Result<(), WatchError> {
    if case.is_in_hand(now) {
        return Ok(());
    }
    settle(world, project, case).await?;
    let is_on = |it: &Project| {
        matches!(it.state, State::Pending | State::Provisioning | State::Running | State::Halting)
    };
    let is_forgotten = case.owed.is_empty() && !project.is_some_and(is_on);
    if is_forgotten { close(world, case).await } else { Ok(()) }
}

async fn close<P: Ports>(world: &World<'_, P>, case: &Case) -> Result<(), WatchError> {
    match world.cases.close(case).await {
        Ok(()) | Err(KeepError::LostRace) => Ok(()),
        Err(error) => Err(error.into()),
    }
}
