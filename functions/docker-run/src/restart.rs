//! Start an instance again where it is.

use crate::{
    handler::{LaunchError, Ports, World},
    launch::refused,
    rest::{PATIENCE, START},
};
use contracts::{
    provision::ReadyWorker,
    restart::Saga,
    worker::{Exit, Restart},
};
use domain::project::{Project, State};
use ports::{commands::Commands, fleet::Fleet, projects::Projects};

/// Only what is to run is started: a late command must not wake what was halted.
pub(crate) async fn restart<P: Ports>(
    world: &World<'_, P>,
    saga: &Saga,
) -> Result<(), LaunchError> {
    let project = world.projects.find(&saga.project_id).await?;
    let runs = (State::Running, saga.attempt, &saga.tenant_id);
    let ours = |it: &Project| (it.state, it.attempt, &it.tenant_id) == runs;
    let project = project.filter(ours).ok_or(LaunchError::NotOurs)?;
    let workers = world.fleet.workers().await?;
    let place = workers.iter().find_map(|it| ReadyWorker::at(it, &saga.reservation_id));
    let command = Restart {
        project: &saga.project_id,
        generation: saga.attempt,
        asked_at: saga.asked_at,
        limits: project.plan.plan().limits,
        wait: START,
    };
    let node = place.ok_or(LaunchError::Nowhere)?.node_id;
    let finished = world.commands.run(&node, &command.argv(), PATIENCE).await?;
    match Exit::from(finished.exit_code) {
        Exit::Done => Ok(()),
        exit @ Exit::Gone => Err(LaunchError::Refused { exit, reason: finished.stderr }),
        exit => Err(refused(exit, finished.stderr)),
    }
}
