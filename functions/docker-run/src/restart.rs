//! Stop an instance and start it again, where it is and as it is.

use crate::{
    handler::{LaunchError, Ports, World},
    launch::refused,
    resize::is_over,
    rest::{PATIENCE, START},
};
use contracts::{
    provision::ReadyWorker,
    restart::Saga,
    worker::{Exit, Restart},
};
use domain::project::{Project, State};
use ports::{
    commands::{Commands, Finished},
    projects::Projects,
};

pub(crate) async fn restart<P: Ports>(
    world: &World<'_, P>,
    saga: &Saga,
) -> Result<(), LaunchError> {
    let worker = saga.worker().ok_or(LaunchError::Nowhere)?;
    let project = find_running(world, saga).await?.ok_or(LaunchError::NotOurs)?;
    let finished = ask(world, saga, worker, &project, false).await?;
    match Exit::from(finished.exit_code) {
        Exit::Done => Ok(()),
        exit @ Exit::Gone => Err(LaunchError::Refused { exit, reason: finished.stderr }),
        exit => Err(refused(exit, finished.stderr)),
    }
}

/// Undo of [`restart`]: what was stopped for it starts. One that is being halted by now rests in the hands
/// of its halt.
pub(crate) async fn take_back<P: Ports>(
    world: &World<'_, P>,
    saga: &Saga,
) -> Result<(), LaunchError> {
    let Some(worker) = saga.worker() else { return Ok(()) };
    let Some(project) = find_running(world, saga).await? else { return Ok(()) };
    let finished = ask(world, saga, worker, &project, true).await?;
    match Exit::from(finished.exit_code) {
        exit if is_over(exit) => Ok(()),
        exit => Err(LaunchError::Busy { exit, reason: finished.stderr }),
    }
}

async fn ask<P: Ports>(
    world: &World<'_, P>,
    saga: &Saga,
    worker: &ReadyWorker,
    project: &Project,
    undo: bool,
) -> Result<Finished, LaunchError> {
    let command = Restart {
        project: &saga.project_id,
        generation: saga.attempt,
        number: saga.number,
        undo,
        limits: project.plan.plan().limits,
        wait: START,
    };
    Ok(world.commands.run(&worker.node_id, &command.argv(), PATIENCE).await?)
}

/// The project, if its instance of this attempt runs.
async fn find_running<P: Ports>(
    world: &World<'_, P>,
    saga: &Saga,
) -> Result<Option<Project>, LaunchError> {
    let project = world.projects.find(&saga.project_id).await?;
    let ours = (State::Running, saga.attempt, &saga.tenant_id);
    Ok(project.filter(|it| (it.state, it.attempt, &it.tenant_id) == ours))
}
