//! Waiting until a worker can run instances.

use crate::handler::{Config, ProvisionError, worker_of};
use contracts::{
    provision::{ReadyWorker, Saga},
    worker::{Exit, ready},
};
use domain::worker::{State, Worker};
use ports::{
    clock::Clock,
    commands::{CommandError, Commands},
    fleet::Fleet,
    machines::Machines,
};
use std::{net::Ipv4Addr, time::Duration};

/// How long one call waits. The saga calls again; together they wait for about ten minutes.
const PATIENCE: Duration = Duration::from_secs(110);
const PAUSE: Duration = Duration::from_millis(500);
/// How long one command on the machine waits for Docker and the image.
const COMMAND_WAIT: Duration = Duration::from_secs(25);

/// `AwaitWorker`. Changes nothing but the worker's state, so there is nothing to undo.
pub(crate) async fn await_worker(
    fleet: &impl Fleet,
    machines: &impl Machines,
    commands: &impl Commands,
    clock: &impl Clock,
    config: &Config,
    saga: &Saga,
) -> Result<ReadyWorker, ProvisionError> {
    let id = worker_of(saga);
    let deadline = clock.now() + PATIENCE;
    loop {
        let worker = fleet.find(id).await?.filter(|it| is_ours(it, saga));
        let worker = worker.ok_or_else(|| ProvisionError::GivenUp(id.clone()))?;
        if let Some(ready) = place_on(&worker, saga) {
            return Ok(ready);
        }
        if clock.now() >= deadline {
            return Err(ProvisionError::NotReadyYet(id.clone()));
        }
        match answers(machines, commands, config, &worker).await? {
            Some(address) => fleet
                .record_ready(id, address)
                .await
                .map_err(|error| ProvisionError::recording(id, error))?,
            None => clock.sleep(PAUSE).await,
        }
    }
}

/// Whether the worker still holds this saga's place. An undo takes it away.
fn is_ours(worker: &Worker, saga: &Saga) -> bool {
    let held = worker.reservations.get(&saga.project_id);
    worker.state != State::Terminated && held.is_some_and(|it| it.id == saga.reservation_id)
}

/// Where the project is on a worker that is ready.
fn place_on(worker: &Worker, saga: &Saga) -> Option<ReadyWorker> {
    let reservation = worker.reservations.get(&saga.project_id)?;
    (worker.state == State::Ready).then_some(())?;
    Some(ReadyWorker {
        worker_id: worker.id.clone(),
        machine_id: worker.machine_id.clone()?,
        address: worker.address?,
        port: reservation.port,
    })
}

/// The machine's address once its Docker has the agent image; `None` if not yet.
async fn answers(
    machines: &impl Machines,
    commands: &impl Commands,
    config: &Config,
    worker: &Worker,
) -> Result<Option<Ipv4Addr>, ProvisionError> {
    let Some(machine) = machines.find(&worker.id).await?.filter(|it| it.running) else {
        return Ok(None);
    };
    let argv = ready(&config.agent_image, COMMAND_WAIT);
    match commands.run(&machine.id, &argv, COMMAND_WAIT + PAUSE * 10).await {
        Ok(finished) if Exit::from(finished.exit_code) == Exit::Done => Ok(machine.address),
        // Booting: the agent has not registered, or the program is not installed yet.
        Ok(_) | Err(CommandError::Unreachable(_) | CommandError::TimedOut) => Ok(None),
        Err(CommandError::Unavailable(cause)) => Err(cause.into()),
    }
}
