//! Everything that a lost worker held is settled: who was backed up goes on elsewhere, owners of others are
//! told, and routes, places and the machine are given back.
//!
//! Each part is repeatable, and the reservation goes last: while it is there, the next look begins
//! again at the first part.

use crate::{
    fate::{Fate, REASON, fate},
    handler::WatchError,
    world::Ports,
};
use contracts::{halt::Saga as HaltSaga, provision::Saga as ProvisionSaga, routes::WakeUp};
use domain::{
    id::WorkerId,
    project::{Event as ProjectEvent, Project, Purpose, State as ProjectState},
    worker::{Event, Holder, Reservation, State, Worker},
};
use ports::{
    Unavailable,
    clock::Clock,
    fleet::{Change as WorkerChange, Fleet},
    machines::Machines,
    projects::{ChangeError, Projects},
    queue::Queue,
    routes::{Change, RecordError, RouteLog},
    sagas::{Course, Sagas},
};

/// How many one look has go on elsewhere. Looks are ten seconds apart, and boots take longer: so a machine
/// of forty instances is no storm of forty boots.
const REPLACED_PER_LOOK: usize = 3;

/// How many more this look may have go on elsewhere.
#[derive(Debug)]
pub(crate) struct Hands(usize);

impl Default for Hands {
    fn default() -> Self {
        Self(REPLACED_PER_LOOK)
    }
}

impl Hands {
    /// `false`: the rest is for a later look.
    fn take(&mut self) -> bool {
        let left = self.0.checked_sub(1);
        self.0 = left.unwrap_or_default();
        left.is_some()
    }
}

/// Settles what is on `worker` and, once nothing is, gives back what is left of its machine.
///
/// Says first that the worker is lost, which wakes somebody, and at each try: who found it may be the
/// reaper, or have died before saying so.
pub(crate) async fn settle(
    world: &impl Ports,
    worker: &WorkerId,
    why: &str,
    hands: &mut Hands,
) -> Result<(), WatchError> {
    // Read anew: until it was found lost it admitted instances.
    let lost = |it: &Worker| it.state == State::Error;
    let Some(worker) = world.fleet().find(worker).await?.filter(lost) else { return Ok(()) };
    let machine = worker.machine_id.as_deref().unwrap_or_default();
    tracing::error!(worker.id = %worker.id, machine.id = machine, why, "worker lost");
    let (mut is_empty, mut failed) = (true, None);
    for place in &worker.reservations {
        match settle_one(world, &worker.id, place, hands).await {
            Ok(is_free) => is_empty &= is_free,
            // What cannot be done for one keeps nobody else from going on.
            Err(error) => failed = failed.or(Some(error)),
        }
    }
    match failed {
        Some(error) => Err(error),
        None if is_empty => give_back(world, &worker.id).await,
        None => Ok(()),
    }
}

/// Whether the place is given back.
async fn settle_one(
    world: &impl Ports,
    worker: &WorkerId,
    (holder, held): (&Holder, &Reservation),
    hands: &mut Hands,
) -> Result<bool, WatchError> {
    let project = match holder.project() {
        Some(id) => world.projects().find(id).await?,
        None => None,
    };
    let halts = is_being_halted(world, project.as_ref()).await?;
    let goes_on = match (fate(holder, held, project.as_ref(), halts), project) {
        (Fate::Leave, _) => return Ok(false),
        (Fate::Replace, _) if !hands.take() => return Ok(false),
        (Fate::Replace, Some(project)) => Some(replace(world, worker, &project).await?),
        (Fate::GoOn, project) => project,
        (Fate::Settle, Some(project)) => {
            tell_owner(world, worker, &project).await?;
            show_failed(world, &project).await?;
            None
        }
        (Fate::Replace | Fate::Settle | Fate::Release, _) => None,
    };
    // A placement that is repeated late finds the tombstone, and takes nothing for what is settled.
    world.fleet().give_up(&held.id).await?;
    // Before the next attempt is counted in. Plans that are sold without a limit were never counted, which
    // is success too.
    world.fleet().count_out(held.plan, &held.id).await?;
    if let Some(project) = goes_on {
        provision(world, &project).await?;
    }
    world.fleet().release(worker, holder, &held.id, world.clock().now()).await?;
    Ok(true)
}

/// Whether a saga that brings `project` to rest has not ended. Its name tells nothing of its purpose.
async fn is_being_halted(
    world: &impl Ports,
    project: Option<&Project>,
) -> Result<bool, Unavailable> {
    let Some(project) = project.filter(|it| it.state == ProjectState::Halting) else {
        return Ok(false);
    };
    let name = HaltSaga::of(project, Purpose::Suspend).execution_name();
    Ok(world.halts().course(&name).await? == Some(Course::Running))
}

/// The project under its next attempt. Refused if it has changed since it was read: a later look sees how.
async fn replace(
    world: &impl Ports,
    worker: &WorkerId,
    project: &Project,
) -> Result<Project, WatchError> {
    let (id, attempt) = (&project.id, project.attempt);
    let replaced = world.projects().record_replaced(id, attempt).await?;
    let taken_at = replaced.backup.as_ref().map(|it| it.taken_at);
    tracing::warn!(worker.id = %worker, project.id = %id, attempt, ?taken_at, "goes on from its backup");
    Ok(replaced)
}

/// Repeatable: the execution is named after the attempt.
async fn provision(world: &impl Ports, project: &Project) -> Result<(), Unavailable> {
    let name = ProvisionSaga::execution_name(&project.id, project.attempt);
    let away_since = Some(world.clock().now());
    let input = serde_json::to_string(&ProvisionSaga { away_since, ..ProvisionSaga::of(project) });
    let input = input.map_err(|it| Unavailable::new("the input", it))?;
    world.provisions().ensure_started(&name, &input).await
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
