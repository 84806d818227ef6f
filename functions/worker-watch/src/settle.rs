//! Everything that a lost worker held is settled: owners, routes, places, the machine.
//!
//! Each part is repeatable, and the reservation goes last: while it is there, the next look begins
//! again at the first part.

use crate::{
    fate::{Fate, REASON, fate},
    handler::WatchError,
    world::Ports,
};
use contracts::routes::WakeUp;
use domain::{
    id::WorkerId,
    project::{Event as ProjectEvent, Project},
    worker::{Event, Holder, Reservation, State, Worker},
};
use ports::{
    clock::Clock,
    fleet::{Change as WorkerChange, Fleet},
    machines::Machines,
    projects::{ChangeError, Projects},
    queue::Queue,
    routes::{Change, RecordError, RouteLog},
};

/// Settles what is on `worker` and, once nothing is, gives back what is left of its machine.
///
/// Says first that the worker is lost, which wakes somebody, and at each try: who found it may be the
/// reaper, or have died before saying so.
pub(crate) async fn settle(
    world: &impl Ports,
    worker: &WorkerId,
    why: &str,
) -> Result<(), WatchError> {
    // Read anew: until it was found lost it admitted instances.
    let lost = |it: &Worker| it.state == State::Error;
    let Some(worker) = world.fleet().find(worker).await?.filter(lost) else { return Ok(()) };
    let machine = worker.machine_id.as_deref().unwrap_or_default();
    tracing::error!(worker.id = %worker.id, machine.id = machine, why, "worker lost");
    let mut is_empty = true;
    for (holder, held) in &worker.reservations {
        is_empty &= settle_one(world, &worker.id, holder, held).await?;
    }
    if is_empty {
        give_back(world, &worker.id).await?;
    }
    Ok(())
}

/// Whether the place is given back.
async fn settle_one(
    world: &impl Ports,
    worker: &WorkerId,
    holder: &Holder,
    held: &Reservation,
) -> Result<bool, WatchError> {
    let project = match holder.project() {
        Some(id) => world.projects().find(id).await?,
        None => None,
    };
    match (fate(holder, held, project.as_ref()), project) {
        (Fate::Leave, _) => return Ok(false),
        (Fate::Settle, Some(project)) => {
            tell_owner(world, worker, &project).await?;
            show_failed(world, &project).await?;
        }
        (Fate::Settle | Fate::Release, _) => (),
    }
    // A placement that is repeated late finds the tombstone, and takes nothing for what is settled.
    world.fleet().give_up(&held.id).await?;
    world.fleet().release(worker, holder, &held.id, world.clock().now()).await?;
    // Plans that are sold without a limit were never counted, which is success too.
    world.fleet().count_out(held.plan, &held.id).await?;
    Ok(true)
}

async fn tell_owner(
    world: &impl Ports,
    worker: &WorkerId,
    project: &Project,
) -> Result<(), WatchError> {
    let (id, attempt) = (&project.id, project.attempt);
    let changed = world.projects().change(id, attempt, ProjectEvent::InstanceLost, Some(REASON));
    match changed.await {
        Ok(_) => {
            tracing::error!(worker.id = %worker, project.id = %id, attempt, "instance lost");
            Ok(())
        }
        // It has gone on without this attempt: what is here is nobody's any more.
        Err(ChangeError::Unknown(_) | ChangeError::Fenced { .. }) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

async fn show_failed(world: &impl Ports, project: &Project) -> Result<(), WatchError> {
    let change = Change::closed(project.host.clone(), project.id.clone(), project.attempt);
    match world.routes().record(&change).await {
        Ok(at) => Ok(world.wake_ups().send(&WakeUp { sequence: at.sequence }).await?),
        // The host shows a later attempt.
        Err(RecordError::Fenced { .. }) => Ok(()),
        Err(RecordError::Unavailable(cause)) => Err(cause.into()),
    }
}

/// Ends a machine that may still be there in part: stopped, or on its way.
async fn give_back(world: &impl Ports, worker: &WorkerId) -> Result<(), WatchError> {
    if let Some(machine) = world.machines().find(worker).await? {
        world.machines().terminate(&machine.id).await?;
    }
    let change = WorkerChange::by(Event::Emptied, world.clock().now()).if_empty();
    if world.fleet().change(worker, &change).await? {
        tracing::info!(worker.id = %worker, "settled");
    }
    Ok(())
}
