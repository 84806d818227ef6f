//! Give an instance the limits of another plan where it is.

use crate::{
    handler::{LaunchError, Ports, World},
    launch::refused,
    rest::{PATIENCE, START},
};
use contracts::{
    provision::ReadyWorker,
    resize::Saga,
    worker::{Exit, Resize},
};
use domain::{
    plan::PlanId,
    project::{Project, State},
};
use ports::{
    commands::{Commands, Finished},
    projects::Projects,
};

/// Without a worker there is nothing to do here: the instance moves, and is launched anew.
pub(crate) async fn apply<P: Ports>(world: &World<'_, P>, saga: &Saga) -> Result<(), LaunchError> {
    let Some(worker) = worker(saga) else { return Ok(()) };
    let project = world.projects.find(&saga.project_id).await?;
    let runs = (State::Running, saga.attempt, &saga.tenant_id);
    let ours = |it: &Project| (it.state, it.attempt, &it.tenant_id) == runs;
    project.filter(ours).ok_or(LaunchError::NotOurs)?;
    let finished = resize(world, saga, worker, saga.to).await?;
    match Exit::from(finished.exit_code) {
        Exit::Done => Ok(()),
        exit @ Exit::Gone => Err(LaunchError::Refused { exit, reason: finished.stderr }),
        exit => Err(refused(exit, finished.stderr)),
    }
}

/// Undo of [`apply`]. What is gone needs no limits.
pub(crate) async fn take_back<P: Ports>(
    world: &World<'_, P>,
    saga: &Saga,
) -> Result<(), LaunchError> {
    let Some(worker) = worker(saga) else { return Ok(()) };
    let finished = resize(world, saga, worker, saga.from).await?;
    match Exit::from(finished.exit_code) {
        exit if is_over(exit) => Ok(()),
        exit => Err(LaunchError::Busy { exit, reason: finished.stderr }),
    }
}

async fn resize<P: Ports>(
    world: &World<'_, P>,
    saga: &Saga,
    worker: &ReadyWorker,
    to: PlanId,
) -> Result<Finished, LaunchError> {
    let plan = to.plan();
    let command = Resize {
        project: &saga.project_id,
        generation: saga.attempt,
        number: saga.cause,
        undo: to == saga.from,
        limits: plan.limits,
        heap_mib: plan.heap_mib,
        wait: START,
    };
    Ok(world.commands.run(&worker.node_id, &command.argv(), PATIENCE).await?)
}

fn worker(saga: &Saga) -> Option<&ReadyWorker> {
    saga.widened.as_ref()?.worker.as_ref()
}

/// Whether an undo has nothing more to do: it is done, a later generation was first, or nothing is there.
pub(crate) fn is_over(exit: Exit) -> bool {
    matches!(exit, Exit::Done | Exit::Fenced | Exit::Gone)
}
