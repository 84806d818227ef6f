//! The place of an instance that comes to rest: where it is, and its end.

use crate::{
    handler::{PlaceError, World, release as give_back},
    project::count_out,
};
use contracts::{
    halt::{Located, Saga},
    provision::ReadyWorker,
};
use domain::worker::State;
use ports::{clock::Clock, fleet::Fleet};

/// A worker that is lost is not "nowhere": the owner is told first what was lost with it.
pub(crate) async fn locate<F: Fleet, P, C: Clock, R>(
    world: &World<'_, F, P, C, R>,
    saga: &Saga,
) -> Result<Located, PlaceError> {
    let workers = world.fleet.workers().await?;
    let at = Some(world.clock.now());
    let its = workers.iter().find(|it| it.find_reservation(&saga.reservation_id).is_some());
    match its {
        Some(worker) if worker.state == State::Error => Err(PlaceError::WorkerLost),
        Some(worker) => Ok(Located { worker: ReadyWorker::at(worker, &saga.reservation_id), at }),
        None => Ok(Located { worker: None, at }),
    }
}

pub(crate) async fn release<F: Fleet, P, C: Clock, R>(
    world: &World<'_, F, P, C, R>,
    saga: &Saga,
) -> Result<(), PlaceError> {
    let reservation = &saga.reservation_id;
    let workers = world.fleet.workers().await?;
    let held = workers.iter().find_map(|it| it.find_reservation(reservation));
    let plan = held.map(|(_, it)| it.plan);
    // Counted out first: what the reservation was counted as is known while it is there.
    if let Some(plan) = plan {
        count_out(world, plan, reservation).await?;
    }
    give_back(world, reservation).await
}
