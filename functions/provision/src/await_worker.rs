//! Waiting until a worker can run instances; starting it if it is stopped.

use crate::{
    buy_worker,
    handler::{ProvisionError, World},
    patience::Wait,
};
use contracts::{
    provision::{ReadyWorker, Saga},
    worker::{Exit, ready},
};
use domain::{
    id::WorkerId,
    worker::{Cordon, State, Worker},
};
use ports::{
    clock::Clock,
    commands::{CommandError, Commands},
    fleet::Fleet,
    machines::{Machine, Machines, Power, PowerError},
};
use std::{net::Ipv4Addr, time::Duration};

/// How long one command on the machine waits for Docker and the image.
const COMMAND_WAIT: Duration = Duration::from_secs(25);
/// How much longer it may take to come back.
const COMMAND_MARGIN: Duration = Duration::from_secs(5);

/// `AwaitWorker`. What it changes besides the worker's state, [`buy_worker::give_back`] undoes.
pub(crate) async fn await_worker<F: Fleet, M: Machines, C: Commands, K: Clock>(
    world: &World<'_, F, M, C, K>,
    saga: &Saga,
) -> Result<ReadyWorker, ProvisionError> {
    let mut wait = Wait::begin(world.clock);
    loop {
        let ours = find_ours(world, saga).await?;
        if let Some(ready) = ours.as_ref().and_then(|it| place_on(it, saga)) {
            return Ok(ready);
        }
        if wait.is_over() {
            let id = ours.map_or_else(|| saga.new_worker_id.clone(), |it| it.id);
            return Err(ProvisionError::NotReadyYet(id));
        }
        match come_closer(world, saga, ours.as_ref()).await {
            Ok(true) => (),
            Ok(false) => wait.pause().await,
            Err(error) => wait.sit_out(error).await?,
        }
    }
}

/// The worker that holds this saga's place: the one that was bought for it, or the one it found.
/// `None`: it left the one that it found, and was cut off before it had another.
async fn find_ours<F: Fleet, M, C, K>(
    world: &World<'_, F, M, C, K>,
    saga: &Saga,
) -> Result<Option<Worker>, ProvisionError> {
    let found = saga.reserve.as_ref().and_then(|it| it.worker_id.as_ref());
    for id in [Some(&saga.new_worker_id), found].into_iter().flatten() {
        if let Some(worker) = world.fleet.find(id).await?.filter(|it| is_ours(it, saga)) {
            return Ok(Some(worker));
        }
    }
    match found {
        Some(_) if is_woken(saga) && !world.fleet.is_given_up(&saga.reservation_id).await? => {
            Ok(None)
        }
        lost => Err(ProvisionError::GivenUp(lost.unwrap_or(&saga.new_worker_id).clone())),
    }
}

/// Only who waits for a stopped worker may end up on another one. Anybody else may have launched by
/// now: a call that is repeated late must not move their place from under them.
fn is_woken(saga: &Saga) -> bool {
    saga.reserve.as_ref().is_some_and(|it| it.woken)
}

/// Whether the worker still holds this saga's place. An undo takes it away.
fn is_ours(worker: &Worker, saga: &Saga) -> bool {
    let held = worker.held_by(&saga.project_id);
    worker.state != State::Terminated && held.is_some_and(|it| it.id == saga.reservation_id)
}

/// Where the project is on a worker that is ready.
fn place_on(worker: &Worker, saga: &Saga) -> Option<ReadyWorker> {
    let reservation = worker.held_by(&saga.project_id)?;
    (worker.state == State::Ready).then_some(())?;
    Some(ReadyWorker {
        worker_id: worker.id.clone(),
        node_id: worker.node_id.clone()?,
        address: worker.address?,
        port: reservation.port,
    })
}

/// One thing after the other until the worker is ready. `false` if there is nothing to do but wait.
async fn come_closer<F: Fleet, M: Machines, C: Commands, K: Clock>(
    world: &World<'_, F, M, C, K>,
    saga: &Saga,
    ours: Option<&Worker>,
) -> Result<bool, ProvisionError> {
    let Some(worker) = ours.filter(|it| it.machine_id.is_some()) else {
        // Also what finishes a purchase that was cut off.
        return buy_worker::for_project(world, saga).await.map(|()| false);
    };
    let brought = if worker.state == State::Error {
        Err(ProvisionError::GivenUp(worker.id.clone()))
    } else {
        bring_up(world, worker).await
    };
    match brought {
        Err(error) if is_woken(saga) && worker.id != saga.new_worker_id && is_lost(&error) => {
            leave(world, saga, worker).await.map(|()| true)
        }
        brought => brought,
    }
}

/// The provider gave the place of a stopped machine away, or the machine is gone.
fn is_lost(error: &ProvisionError) -> bool {
    use PowerError::{InsufficientCapacity, Refused};
    matches!(
        error,
        ProvisionError::GivenUp(_)
            | ProvisionError::Power(InsufficientCapacity { .. } | Refused(_))
    )
}

/// The worker that was to be started is cordoned and left to the reaper. Another one is bought instead.
async fn leave<F: Fleet, M, C, K: Clock>(
    world: &World<'_, F, M, C, K>,
    saga: &Saga,
    worker: &Worker,
) -> Result<(), ProvisionError> {
    tracing::warn!(worker.id = %worker.id, "cannot be started, buying another one");
    world.fleet.cordon(&worker.id, Cordon::Unstartable).await?;
    let holder = saga.project_id.clone().into();
    let now = world.clock.now();
    Ok(world.fleet.release(&worker.id, &holder, &saga.reservation_id, now).await?)
}

/// Whether the worker is ready now. Starts its machine if that is stopped.
pub(crate) async fn bring_up<F: Fleet, M: Machines, C: Commands, K: Clock>(
    world: &World<'_, F, M, C, K>,
    worker: &Worker,
) -> Result<bool, ProvisionError> {
    // Whoever sold it is the only one to ask.
    let found = world.machines.find_at(worker.origin.provider, &worker.id).await?;
    let Some(machine) = found else { return Ok(false) };
    if worker.state == State::Starting && machine.state == Power::Stopped {
        world.machines.start(&machine.id).await?;
        return Ok(false);
    }
    match answers(world, &machine).await? {
        Some((node_id, address)) => {
            record_ready(world, &worker.id, &node_id, address).await?;
            Ok(true)
        }
        None => Ok(false),
    }
}

async fn record_ready<F: Fleet, M, C, K: Clock>(
    world: &World<'_, F, M, C, K>,
    worker: &WorkerId,
    node_id: &str,
    address: Ipv4Addr,
) -> Result<(), ProvisionError> {
    let recorded = world.fleet.record_ready(worker, node_id, address, world.clock.now()).await;
    recorded.map_err(|error| ProvisionError::recording(worker, error))
}

/// Under what name the machine takes commands, and its address, once its Docker has the agent
/// image; `None` if not yet.
async fn answers<F, M, C: Commands, K>(
    world: &World<'_, F, M, C, K>,
    machine: &Machine,
) -> Result<Option<(String, Ipv4Addr)>, ProvisionError> {
    let joined = machine.node_id.clone().filter(|_| machine.is_running());
    let Some((node_id, address)) = joined.zip(machine.address) else { return Ok(None) };
    let argv = ready(&world.config.agent_image, COMMAND_WAIT);
    match world.commands.run(&node_id, &argv, COMMAND_WAIT + COMMAND_MARGIN).await {
        Ok(finished) if Exit::from(finished.exit_code) == Exit::Done => {
            Ok(Some((node_id, address)))
        }
        // Booting: the agent has not registered, or the program is not installed yet.
        Ok(_) | Err(CommandError::Unreachable(_) | CommandError::TimedOut) => Ok(None),
        Err(CommandError::Unavailable(cause)) => Err(cause.into()),
    }
}
