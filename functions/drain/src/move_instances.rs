//! What is on a worker goes elsewhere: its projects by the saga `halt`, a few at a time, and its blanks
//! because the warm pool throws away what nobody can claim.
//!
//! The truth is in the records: who has a place here, and how far each has come. So a call that is
//! repeated, or a second drain of the same worker, goes on where this one is.

use crate::{
    handler::{DrainError, World},
    moves::Moves,
};
use contracts::{
    drain::{Emptied, Saga},
    halt::Saga as HaltSaga,
    provision::Saga as ProvisionSaga,
};
use domain::{
    id::ProjectId,
    project::{Project, Purpose},
    worker::Worker,
};
use ports::{
    Unavailable,
    clock::Clock,
    fleet::Fleet,
    projects::Projects,
    sagas::{Course, Sagas},
};
use std::time::Duration;

/// How long one call waits for instances to go. The saga calls again.
const PATIENCE: Duration = Duration::from_mins(4);
const PAUSES: (Duration, Duration) = (Duration::from_secs(2), Duration::from_secs(15));

/// `MoveInstances`. Nothing to do for a worker that was empty when its drain began. Ends early when the
/// worker is not to be emptied any more: its cordon was lifted, it is lost, or somebody has drained it.
pub(crate) async fn move_instances<F: Fleet, M, K: Clock, P: Projects, S: Sagas>(
    world: &World<'_, F, M, K, P, S>,
    saga: &Saga,
) -> Result<Emptied, DrainError> {
    let Some(by) = saga.empties else {
        return Ok(Emptied { idle_since: Some(saga.idle_since) });
    };
    let deadline = world.clock.now() + PATIENCE;
    let (mut moves, mut pause) = (Moves::in_the_name_of(by), PAUSES.0);
    loop {
        let found = world.fleet.find(&saga.worker_id).await?.filter(Worker::may_be_emptied);
        let Some(worker) = found else { return Ok(Emptied { idle_since: None }) };
        if worker.reservations.is_empty() {
            return Ok(Emptied { idle_since: Some(worker.changed_at) });
        }
        let projects = projects(world, moves.watched(&worker)).await?;
        for project in moves.next(&worker, &projects) {
            if is_arriving(world, project).await? {
                continue;
            }
            start(world, project).await?;
            moves.begun(project);
            tracing::info!(worker.id = %worker.id, project.id = %project.id, "moves away");
        }
        if world.clock.now() >= deadline {
            let left = worker.reservations.len();
            return Err(DrainError::Occupied { worker: worker.id, left });
        }
        world.clock.sleep(pause).await;
        pause = (pause * 2).min(PAUSES.1);
    }
}

async fn projects<F, M, K, P: Projects, S>(
    world: &World<'_, F, M, K, P, S>,
    ids: impl IntoIterator<Item = ProjectId>,
) -> Result<Vec<Project>, Unavailable> {
    let mut found = Vec::new();
    for id in ids {
        found.extend(world.projects.find(&id).await?);
    }
    Ok(found)
}

/// Whether the saga that brought it here has not ended: until then it may take everything back, and a halt
/// and its undo would meet.
async fn is_arriving<F, M, K, P, S: Sagas>(
    world: &World<'_, F, M, K, P, S>,
    project: &Project,
) -> Result<bool, Unavailable> {
    let name = ProvisionSaga::execution_name(&project.id, project.attempt);
    Ok(world.provisions.course(&name).await? == Some(Course::Running))
}

/// Repeatable: the execution is named after the halt.
async fn start<F, M, K, P, S: Sagas>(
    world: &World<'_, F, M, K, P, S>,
    project: &Project,
) -> Result<(), Unavailable> {
    let halt = HaltSaga::of(project, Purpose::Move { plan: project.plan });
    let input = serde_json::to_string(&halt).map_err(|it| Unavailable::new("the input", it))?;
    world.halts.ensure_started(&halt.execution_name(), &input).await
}
