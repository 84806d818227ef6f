//! Who called, and what they get.

use crate::{
    look::look_at,
    trigger::{Look, MachineEvent, Trigger},
    world::Ports,
};
use contracts::drain::Saga as DrainSaga;
use domain::worker::{Cordon, Worker};
use ports::{
    Unavailable, clock::Clock, fleet::Fleet, projects::ChangeError, queue::send_spread,
    sagas::Sagas,
};
use runtime::fault::{Classify, Fault};
use std::time::Duration;

/// How many times a minute is looked.
const LOOKS: u32 = 6;
pub(crate) const BETWEEN_LOOKS: Duration = Duration::from_secs(60 / LOOKS as u64);

#[derive(Debug, thiserror::Error)]
pub enum WatchError {
    #[error("could not look at the workers")]
    Look(#[from] Unavailable),
    #[error("could not change the project")]
    Project(#[from] ChangeError),
    #[error("{0} lost workers could not be settled yet")]
    Unsettled(usize),
}

impl Classify for WatchError {
    fn fault(&self) -> Fault {
        match self {
            Self::Look(_) | Self::Project(_) | Self::Unsettled(_) => Fault::Retryable,
        }
    }
}

pub async fn handle(world: &impl Ports, trigger: &Trigger) -> Result<(), WatchError> {
    match trigger {
        Trigger::Schedule => {
            // Asked for first, and whatever becomes of it: neither a look that fails nor a queue
            // that is away may cost the other looks of this minute.
            let asked = send_spread(world.looks(), LOOKS - 1, BETWEEN_LOOKS, &Look {}).await;
            look(world).await?;
            Ok(asked?)
        }
        Trigger::Look => look(world).await,
        Trigger::Machine(event) => hear(world, event).await,
    }
}

async fn look(world: &impl Ports) -> Result<(), WatchError> {
    look_at(world, &world.fleet().workers().await?, false).await
}

/// EC2 tells of every machine in the account: most are not ours.
async fn hear(world: &impl Ports, event: &MachineEvent) -> Result<(), WatchError> {
    match event {
        MachineEvent::Interruption(about) => {
            if let Some(worker) = empty(world, &about.machine_id, Cordon::Interruption).await? {
                tracing::error!(worker.id = %worker.id, "spot interruption");
            }
        }
        MachineEvent::Rebalance(about) => {
            if let Some(worker) = empty(world, &about.machine_id, Cordon::Rebalance).await? {
                tracing::warn!(worker.id = %worker.id, "rebalance recommendation");
            }
        }
        MachineEvent::StateChange(change) if change.state.is_end() => {
            if let Some(worker) = find_by_machine(world, &change.machine_id).await? {
                look_at(world, &[worker], true).await?;
            }
        }
        MachineEvent::StateChange(_) => (),
    }
    Ok(())
}

/// Nothing more is placed on a worker that will be gone soon, and what it runs moves away. What an operator
/// keeps is theirs, until it is interrupted; one that runs nothing the warm pool gives back. Repeatable: the
/// drain is named after the worker.
async fn empty(
    world: &impl Ports,
    machine_id: &str,
    by: Cordon,
) -> Result<Option<Worker>, Unavailable> {
    let Some(worker) = find_by_machine(world, machine_id).await? else { return Ok(None) };
    world.fleet().cordon(&worker.id, by).await?;
    // Read anew: until now something could be placed on it.
    let found = world.fleet().find(&worker.id).await?;
    let is_ours = |it: &Worker| it.cordon == Some(by) || by == Cordon::Interruption;
    let occupied = found.filter(|it| it.may_be_emptied() && it.has_tenants());
    if let Some(worker) = occupied.filter(is_ours) {
        let saga = DrainSaga::of_occupied(&worker, by);
        let input = serde_json::to_string(&saga).map_err(|it| Unavailable::new("the input", it))?;
        let name = saga.execution_name(world.clock().now());
        world.drains().ensure_started(&name, &input).await?;
    }
    Ok(Some(worker))
}

async fn find_by_machine(
    world: &impl Ports,
    machine_id: &str,
) -> Result<Option<Worker>, Unavailable> {
    let workers = world.fleet().workers().await?;
    Ok(workers.into_iter().find(|it| it.machine_id.as_deref() == Some(machine_id)))
}
