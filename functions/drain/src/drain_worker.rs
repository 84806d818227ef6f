//! The point of no return, unless somebody needs the worker after all.
//!
//! One conditional write decides: it is refused if anything was placed on the worker, taken from it or
//! done to it since the drain was planned. From then on the worker admits nothing.

use crate::handler::{DrainError, World};
use contracts::drain::{Drained, Saga};
use domain::worker::{Event, State, Worker};
use ports::{
    Unavailable,
    clock::Clock,
    fleet::{Change, Fleet},
    machines::{Machine, Machines},
};

/// `DrainWorker`.
pub(crate) async fn drain<F: Fleet, M: Machines, K: Clock, P, S>(
    world: &World<'_, F, M, K, P, S>,
    saga: &Saga,
) -> Result<Drained, DrainError> {
    let World { fleet, clock, .. } = world;
    let stays = Drained { machine_id: None };
    let Some(worker) = fleet.find(&saga.worker_id).await? else { return Ok(stays) };
    let Some(event) = leaves_by(worker.state) else { return Ok(stays) };
    let change = Change::by(event, clock.now()).if_empty().if_unchanged_since(saga.idle_since());
    if !fleet.change(&worker.id, &change).await? {
        return Ok(stays);
    }
    let machine_id = machine_id(world, &worker).await?;
    if machine_id.is_none() {
        // All that there is of this worker is its record.
        fleet.change(&worker.id, &Change::by(Event::Emptied, clock.now())).await?;
    }
    Ok(Drained { machine_id })
}

/// How a worker goes. A stopped one has nothing to be emptied of. The states that this leads to are
/// named too: they are what a repeat finds.
fn leaves_by(state: State) -> Option<Event> {
    match state {
        State::Ready | State::Draining => Some(Event::DrainRequested),
        State::WarmStopped | State::Terminated => Some(Event::Emptied),
        State::Provisioning | State::Starting | State::Error => None,
    }
}

/// `UndoDrainWorker`. Without a machine that runs there is nothing to go back to: what has become of
/// the worker is then for the watch and the reaper to find.
pub(crate) async fn call_off<F: Fleet, M: Machines, K: Clock, P, S>(
    world: &World<'_, F, M, K, P, S>,
    saga: &Saga,
) -> Result<(), DrainError> {
    let World { fleet, machines, clock, .. } = world;
    let id = &saga.worker_id;
    let Some(worker) = fleet.find(id).await? else { return Ok(()) };
    let may_serve = matches!(worker.state, State::Ready | State::Draining);
    if !may_serve || !machines.find(id).await?.as_ref().is_some_and(Machine::is_running) {
        return Ok(());
    }
    // Whether it was drained or not: a drain that is still on its way must find that something has
    // happened since it was planned.
    let drain = Change::by(Event::DrainRequested, clock.now());
    if fleet.change(id, &drain.if_empty().if_unchanged_since(saga.idle_since())).await? {
        fleet.change(id, &Change::by(Event::DrainCancelled, clock.now())).await?;
    }
    Ok(())
}

/// As recorded, or as its tag tells where a purchase's answer was lost.
pub(crate) async fn machine_id<F, M: Machines, K, P, S>(
    world: &World<'_, F, M, K, P, S>,
    worker: &Worker,
) -> Result<Option<String>, Unavailable> {
    match &worker.machine_id {
        Some(id) => Ok(Some(id.clone())),
        None => Ok(world.machines.find(&worker.id).await?.map(|it| it.id)),
    }
}
