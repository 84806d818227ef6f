//! Who called, and what they get.

use crate::{
    look::look_at,
    trigger::{Look, MachineEvent, Trigger},
    world::Ports,
};
use domain::worker::{Cordon, Worker};
use ports::{Unavailable, fleet::Fleet, projects::ChangeError, queue::send_spread};
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
            if let Some(worker) = cordon(world, &about.machine_id, Cordon::Interruption).await? {
                tracing::error!(worker.id = %worker.id, "spot interruption");
            }
        }
        MachineEvent::Rebalance(about) => {
            if let Some(worker) = cordon(world, &about.machine_id, Cordon::Rebalance).await? {
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

/// Nothing more is placed on a worker that will be gone soon. Once it is empty the warm pool gives it
/// back.
async fn cordon(
    world: &impl Ports,
    machine_id: &str,
    by: Cordon,
) -> Result<Option<Worker>, Unavailable> {
    let worker = find_by_machine(world, machine_id).await?;
    if let Some(worker) = &worker {
        world.fleet().cordon(&worker.id, by).await?;
    }
    Ok(worker)
}

async fn find_by_machine(
    world: &impl Ports,
    machine_id: &str,
) -> Result<Option<Worker>, Unavailable> {
    let workers = world.fleet().workers().await?;
    Ok(workers.into_iter().find(|it| it.machine_id.as_deref() == Some(machine_id)))
}
