//! What becomes of the machine of a worker that admits nothing any more: stopped and kept, or gone.

use crate::{
    drain_worker::machine_id,
    handler::{DrainError, World},
};
use contracts::{drain::Saga, grow::Saga as GrowSaga};
use domain::{
    id::WorkerId,
    worker::{Event, State, Worker},
};
use ports::{
    clock::Clock,
    fleet::{Change, Fleet},
    machines::{Machines, Power, PowerError},
};
use std::time::Duration;

/// How long one call waits for a machine to stop. The saga calls again.
const PATIENCE: Duration = Duration::from_secs(100);
const PAUSE: Duration = Duration::from_secs(2);

/// `GiveBack`.
pub(crate) async fn give_back<F: Fleet, M: Machines, K: Clock, P, S>(
    world: &World<'_, F, M, K, P, S>,
    saga: &Saga,
) -> Result<(), DrainError> {
    let Some(worker) = world.fleet.find(&saga.worker_id).await? else { return Ok(()) };
    match worker.state {
        State::Draining if saga.park => park(world, &worker).await,
        State::Draining | State::Terminated => terminate(world, &worker).await,
        // An earlier call has stopped it, or it is somebody else's by now.
        State::WarmStopped
        | State::Provisioning
        | State::Ready
        | State::Starting
        | State::Error => Ok(()),
    }
}

/// `ParkSpare`. Whoever was placed there meanwhile keeps the worker awake, and that is as good.
pub(crate) async fn park_spare<F: Fleet, M: Machines, K: Clock, P, S>(
    world: &World<'_, F, M, K, P, S>,
    saga: &GrowSaga,
) -> Result<(), DrainError> {
    let World { fleet, clock, .. } = world;
    let found = fleet.find(&saga.worker_id).await?.filter(|_| saga.park);
    let Some(worker) = found else { return Ok(()) };
    match worker.state {
        State::Ready | State::Draining => {
            let change = Change::by(Event::DrainRequested, clock.now()).if_empty();
            if fleet.change(&worker.id, &change).await? {
                park(world, &worker).await?;
            }
            Ok(())
        }
        // An earlier call could not stop it, and gave it back.
        State::Terminated => terminate(world, &worker).await,
        State::WarmStopped | State::Provisioning | State::Starting | State::Error => Ok(()),
    }
}

/// Stops the machine, or gives it back if it cannot be stopped or costs the same when it is.
async fn park<F: Fleet, M: Machines, K: Clock, P, S>(
    world: &World<'_, F, M, K, P, S>,
    worker: &Worker,
) -> Result<(), DrainError> {
    let origin = &worker.origin;
    let machine_id = machine_id(world, worker).await?;
    let Some(machine_id) = machine_id.filter(|_| origin.provider.parks(origin.purchase)) else {
        return terminate(world, worker).await;
    };
    match world.machines.stop(&machine_id).await {
        Ok(()) => (),
        Err(PowerError::Unavailable(cause)) => return Err(cause.into()),
        Err(error @ (PowerError::Refused(_) | PowerError::InsufficientCapacity { .. })) => {
            tracing::warn!(worker.id = %worker.id, %error, "cannot be stopped, giving it back");
            return terminate(world, worker).await;
        }
    }
    if is_stopped(world, &worker.id).await? {
        record(world, &worker.id, Event::Stopped).await
    } else {
        terminate(world, worker).await
    }
}

/// Waits until the machine is off. `false`: it is gone altogether.
async fn is_stopped<F, M: Machines, K: Clock, P, S>(
    world: &World<'_, F, M, K, P, S>,
    worker: &WorkerId,
) -> Result<bool, DrainError> {
    let World { machines, clock, .. } = world;
    let deadline = clock.now() + PATIENCE;
    loop {
        match machines.find(worker).await?.map(|it| it.state) {
            None => return Ok(false),
            Some(Power::Stopped) => return Ok(true),
            Some(Power::Starting | Power::Running | Power::Stopping) => (),
        }
        if clock.now() >= deadline {
            return Err(DrainError::StillStopping(worker.clone()));
        }
        clock.sleep(PAUSE).await;
    }
}

/// The machine first: as long as the provider does not take it back, the worker can serve again.
async fn terminate<F: Fleet, M: Machines, K: Clock, P, S>(
    world: &World<'_, F, M, K, P, S>,
    worker: &Worker,
) -> Result<(), DrainError> {
    if let Some(machine_id) = machine_id(world, worker).await? {
        world.machines.terminate(&machine_id).await?;
    }
    record(world, &worker.id, Event::Emptied).await
}

async fn record<F: Fleet, M, K: Clock, P, S>(
    world: &World<'_, F, M, K, P, S>,
    worker: &WorkerId,
    event: Event,
) -> Result<(), DrainError> {
    if world.fleet.change(worker, &Change::by(event, world.clock.now())).await? {
        Ok(())
    } else {
        Err(DrainError::NoLongerDraining(worker.clone()))
    }
}
