//! A worker for the warm pool: bought ahead, or started ahead. Nobody is on it.

use crate::{
    await_worker::bring_up,
    buy_worker::{Order, buy, retire},
    handler::{ProvisionError, World},
    patience::Wait,
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

/// `GetSpare`.
pub(crate) async fn get<F: Fleet, M: Machines, C, K: Clock>(
    world: &World<'_, F, M, C, K>,
    saga: &Saga,
) -> Result<(), ProvisionError> {
    match saga.from {
        Source::Purchase => {
            let demand = Demand::of(saga.plan.plan(), world.config.architecture);
            let (worker, park) = (&saga.worker_id, saga.park);
            buy(world, &Order { worker, demand, holder: None, park }).await
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
    let mut wait = Wait::begin(world.clock);
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
        if wait.is_over() {
            return Err(ProvisionError::NotReadyYet(id.clone()));
        }
        match bring_up(world, &worker).await {
            Ok(true) => (),
            Ok(false) => wait.pause().await,
            Err(error) => wait.sit_out(error).await?,
        }
    }
}
