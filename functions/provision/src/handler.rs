//! The steps, and how they fail.

use crate::{
    await_worker::await_worker,
    buy_worker,
    patience::{self, PATIENCE},
    spare,
};
use contracts::{
    grow::Saga as GrowSaga,
    provision::{ReadyWorker, Saga},
};
use domain::{
    id::WorkerId,
    offering::{Architecture, Offerings},
};
use jiff::Timestamp;
use ports::{
    Unavailable,
    clock::Clock,
    commands::{CommandError, Commands},
    fleet::{Fleet, RecordError},
    machines::{Machines, PowerError},
};
use runtime::fault::{Classify, Fault};
use serde::Deserialize;

/// What a state machine sends.
#[derive(Clone, Debug, Deserialize)]
#[serde(tag = "step", content = "saga")]
pub enum Call {
    BuyWorker(Saga),
    UndoBuyWorker(Saga),
    AwaitWorker(Saga),
    GetSpare(GrowSaga),
    UndoGetSpare(GrowSaga),
    AwaitSpare(GrowSaga),
}

/// What a stage says about its workers.
#[derive(Clone, Debug)]
pub struct Config {
    pub offerings: Offerings,
    pub architecture: Architecture,
    pub region: String,
    /// The image that a worker must have loaded before it admits an instance.
    pub agent_image: String,
}

/// Everything outside that buying needs.
#[derive(Debug)]
pub struct World<'a, F, M, C, K> {
    pub fleet: &'a F,
    pub machines: &'a M,
    pub commands: &'a C,
    pub clock: &'a K,
    pub config: &'a Config,
}

#[derive(Debug, thiserror::Error)]
pub enum ProvisionError {
    #[error("no offering holds this plan or has capacity now: {0}")]
    NothingToBuy(String),
    #[error("worker `{0}` was given up")]
    GivenUp(WorkerId),
    #[error("worker `{0}` is not ready yet")]
    NotReadyYet(WorkerId),
    #[error("worker `{0}` is no longer there to be started")]
    NotStartable(WorkerId),
    #[error("could not read or write the fleet")]
    Fleet(#[from] Unavailable),
    #[error("could not start the machine")]
    Power(#[from] PowerError),
    #[error("could not ask the machine")]
    Command(#[from] CommandError),
}

impl Classify for ProvisionError {
    fn fault(&self) -> Fault {
        match self {
            Self::NothingToBuy(_)
            | Self::GivenUp(_)
            | Self::NotStartable(_)
            | Self::Power(PowerError::InsufficientCapacity { .. } | PowerError::Refused(_)) => {
                Fault::Terminal
            }
            Self::NotReadyYet(_)
            | Self::Fleet(_)
            | Self::Power(PowerError::Unavailable(_))
            | Self::Command(_) => Fault::Retryable,
        }
    }
}

impl ProvisionError {
    /// When the provider wants to be asked again, if it said so.
    pub(crate) fn not_before(&self) -> Option<Timestamp> {
        match self {
            Self::Fleet(cause) | Self::Power(PowerError::Unavailable(cause)) => cause.not_before,
            Self::NothingToBuy(_)
            | Self::GivenUp(_)
            | Self::NotReadyYet(_)
            | Self::NotStartable(_)
            | Self::Power(_)
            | Self::Command(_) => None,
        }
    }

    pub(crate) fn recording(worker: &WorkerId, error: RecordError) -> Self {
        match error {
            RecordError::Refused => Self::GivenUp(worker.clone()),
            RecordError::Unavailable(cause) => Self::Fleet(cause),
        }
    }
}

pub async fn handle<F: Fleet, M: Machines, C: Commands, K: Clock>(
    world: &World<'_, F, M, C, K>,
    call: &Call,
) -> Result<Option<ReadyWorker>, ProvisionError> {
    let done = match call {
        Call::AwaitWorker(saga) => return await_worker(world, saga).await.map(Some),
        Call::AwaitSpare(saga) => return spare::await_ready(world, saga).await.map(|()| None),
        Call::BuyWorker(saga) => buy_worker::for_project(world, saga).await,
        Call::UndoBuyWorker(saga) => buy_worker::give_back(world, saga).await,
        Call::GetSpare(saga) => spare::get(world, saga).await,
        Call::UndoGetSpare(saga) => spare::give_back(world, saga).await,
    };
    if let Err(error) = &done {
        // The saga asks again. It shall find an open door.
        patience::sit_out(world.clock, error, world.clock.now() + PATIENCE).await;
    }
    done.map(|()| None)
}
