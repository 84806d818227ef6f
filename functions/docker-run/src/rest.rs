//! Bring an instance to rest with its data in safety, let it go on if that comes to nothing, and remove
//! what is left of it.

use crate::{
    handler::{LaunchError, Ports, World},
    launch::{ensure_removed, refused},
    resize::is_over,
};
use contracts::{
    halt::{Archived, Saga},
    provision::ReadyWorker,
    worker::{Archive, Exit, Resume, read_archive},
};
use domain::{
    backup::Backup,
    project::{Project, State},
    worker::{Holder, State as WorkerState},
};
use ports::{
    Unavailable, backups::Backups, clock::Clock, commands::Commands, fleet::Fleet,
    projects::Projects,
};
use std::time::Duration;

/// A gateway may take a minute to put its work down, or to start. The rest is for its data.
pub(crate) const PATIENCE: Duration = Duration::from_secs(280);
/// Several times what a gateway takes with the CPUs of a boot.
pub(crate) const START: Duration = Duration::from_secs(90);

/// Nothing says that the data is safe before the store has all of it.
pub(crate) async fn archive<P: Ports>(
    world: &World<'_, P>,
    saga: &Saga,
) -> Result<Archived, LaunchError> {
    let Some(worker) = saga.worker() else { return Ok(Archived { backup: None }) };
    find_halting(world, saga).await?.ok_or(LaunchError::NotOurs)?;
    if is_lost(world, worker).await? {
        return Err(LaunchError::WorkerLost);
    }
    let name = saga.backup_name();
    let url = world.backups.upload_link(&name).await?;
    let command = Archive {
        project: &saga.project_id,
        generation: saga.attempt,
        number: saga.number,
        upload_url: &url,
    };
    let finished = world.commands.run(&worker.node_id, &command.argv(), PATIENCE).await?;
    let exit = Exit::from(finished.exit_code);
    let answer = read_archive(&finished.stdout).filter(|_| exit == Exit::Done);
    let packed = answer.ok_or_else(|| refused(exit, finished.stderr))?;
    let Some(packed) = packed else { return Ok(Archived { backup: None }) };
    let stored = world.backups.stored_bytes(&name).await?;
    if stored != Some(packed.bytes) {
        return Err(LaunchError::NotStored { sent: packed.bytes, stored });
    }
    let backup = Backup {
        attempt: saga.attempt,
        number: saga.number,
        sha256: Some(packed.sha256),
        bytes: packed.bytes,
        taken_at: world.clock.now(),
        replaces: None,
    };
    Ok(Archived { backup: Some(backup) })
}

/// Undo of [`archive`]. A project that is not halting any more has gone on without this undo.
pub(crate) async fn resume<P: Ports>(world: &World<'_, P>, saga: &Saga) -> Result<(), LaunchError> {
    let Some(worker) = saga.worker() else { return Ok(()) };
    let Some(project) = find_halting(world, saga).await? else { return Ok(()) };
    // What ran there is gone with it, and the watch decides what becomes of the project.
    if is_lost(world, worker).await? {
        return Ok(());
    }
    let command = Resume {
        project: &saga.project_id,
        generation: saga.attempt,
        number: saga.number,
        limits: project.plan.plan().limits,
        wait: START,
    };
    let finished = world.commands.run(&worker.node_id, &command.argv(), PATIENCE).await?;
    match Exit::from(finished.exit_code) {
        exit if is_over(exit) => Ok(()),
        exit => Err(LaunchError::Busy { exit, reason: finished.stderr }),
    }
}

/// The data is safe by now, and nobody needs what is left on the worker.
pub(crate) async fn remove<P: Ports>(world: &World<'_, P>, saga: &Saga) -> Result<(), LaunchError> {
    let Some(worker) = saga.worker() else { return Ok(()) };
    let holder = Holder::from(saga.project_id.clone());
    ensure_removed(world, worker, &holder, saga.attempt).await
}

async fn is_lost<P: Ports>(
    world: &World<'_, P>,
    worker: &ReadyWorker,
) -> Result<bool, Unavailable> {
    let found = world.fleet.find(&worker.worker_id).await?;
    Ok(found.is_some_and(|it| matches!(it.state, WorkerState::Error | WorkerState::Terminated)))
}

/// The project, if this halt of it is under way.
async fn find_halting<P: Ports>(
    world: &World<'_, P>,
    saga: &Saga,
) -> Result<Option<Project>, LaunchError> {
    let project = world.projects.find(&saga.project_id).await?;
    let halt = (State::Halting, saga.attempt, saga.number);
    let ours = |it: &Project| (it.state, it.attempt, it.halts) == halt;
    Ok(project.filter(|it| ours(it) && it.tenant_id == saga.tenant_id))
}
