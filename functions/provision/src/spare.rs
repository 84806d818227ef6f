//! A worker for the warm pool: bought ahead, or started ahead. Nobody is on it.

use crate::{
    await_worker::{PATIENCE, bring_up},
    buy_worker::{Order, buy, retire},
    handler::{ProvisionError, World},
};
use contracts::grow::{Saga, Source};
use domain::{
    fit::Demand,
    worker::{Event, State},
};
use ports::{
    clock::Clock,
    commands::Commands,
    fleet::{Change, Fleet},
    machines::Machines,
};
use std::time::Duration;

const PAUSE: Duration = Duration::from_secs(1);

/// `GetSpare`.
pub(crate) async fn get<F: Fleet, M: Machines, C, K: Clock>(
    world: &World<'_, F, M, C, K>,
    saga: &Saga,
) -> Result<(), ProvisionError> {
    match saga.from {
        Source::Purchase => {
            let demand = Demand::of(saga.plan.plan(), world.config.architecture);
            buy(world, &Order { worker: &saga.worker_id, demand, holder: None }).await
        }
        Source::WarmPool => {
            let change = Change::by(Event::StartRequested, world.clock.now());
            if world.fleet.change(&saga.worker_id, &change).await? {
                Ok(())
            } else {
                Err(ProvisionError::NotStartable(saga.worker_id.clone()))
            }
        }
    }
}

/// `UndoGetSpare`. A started worker that cannot be used goes back like a bought one.
pub(crate) async fn give_back<F: Fleet, M: Machines, C, K: Clock>(
    world: &World<'_, F, M, C, K>,
    saga: &Saga,
) -> Result<(), ProvisionError> {
    retire(world, &saga.worker_id).await
}

/// `AwaitSpare`.
pub(crate) async fn await_ready<F: Fleet, M: Machines, C: Commands, K: Clock>(
    world: &World<'_, F, M, C, K>,
    saga: &Saga,
) -> Result<(), ProvisionError> {
    let id = &saga.worker_id;
    let deadline = world.clock.now() + PATIENCE;
    loop {
        let worker = world.fleet.find(id).await?;
        let worker = worker.ok_or_else(|| ProvisionError::GivenUp(id.clone()))?;
        match worker.state {
            State::Ready => return Ok(()),
            State::Provisioning | State::Starting => (),
            State::Draining | State::WarmStopped | State::Error | State::Terminated => {
                return Err(ProvisionError::GivenUp(id.clone()));
            }
        }
        if world.clock.now() >= deadline {
            return Err(ProvisionError::NotReadyYet(id.clone()));
        }
        if !bring_up(world, &worker).await? {
            world.clock.sleep(PAUSE).await;
        }
    }
}
