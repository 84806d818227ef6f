//! The steps, and how they fail.

use crate::{
    await_worker::await_worker,
    buy_worker::{buy, give_back},
    offering::Offering,
};
use contracts::provision::{Call, ReadyWorker, Saga};
use domain::id::WorkerId;
use ports::{
    Unavailable,
    clock::Clock,
    commands::{CommandError, Commands},
    fleet::{Fleet, RecordError},
    machines::Machines,
};
use runtime::fault::{Classify, Fault};
use serde::Deserialize;

#[derive(Clone, Copy, Debug, Deserialize)]
pub enum Step {
    BuyWorker,
    UndoBuyWorker,
    AwaitWorker,
}

/// What a stage says about its workers.
#[derive(Clone, Debug)]
pub struct Config {
    pub offerings: Vec<Offering>,
    /// The image that a worker must have loaded before it admits an instance.
    pub agent_image: String,
}

#[derive(Debug, thiserror::Error)]
pub enum ProvisionError {
    #[error("no offering holds this plan or has capacity now: {0}")]
    NothingToBuy(String),
    #[error("worker `{0}` was given up")]
    GivenUp(WorkerId),
    #[error("worker `{0}` is not ready yet")]
    NotReadyYet(WorkerId),
    #[error("could not read or write the fleet")]
    Fleet(#[from] Unavailable),
    #[error("could not ask the machine")]
    Command(#[from] CommandError),
}

impl Classify for ProvisionError {
    fn fault(&self) -> Fault {
        match self {
            Self::NothingToBuy(_) | Self::GivenUp(_) => Fault::Terminal,
            Self::NotReadyYet(_) | Self::Fleet(_) | Self::Command(_) => Fault::Retryable,
        }
    }
}

impl ProvisionError {
    pub(crate) fn recording(worker: &WorkerId, error: RecordError) -> Self {
        match error {
            RecordError::Refused => Self::GivenUp(worker.clone()),
            RecordError::Unavailable(cause) => Self::Fleet(cause),
        }
    }
}

pub async fn handle(
    fleet: &impl Fleet,
    machines: &impl Machines,
    commands: &impl Commands,
    clock: &impl Clock,
    config: &Config,
    call: &Call<Step>,
) -> Result<Option<ReadyWorker>, ProvisionError> {
    let saga = &call.saga;
    match call.step {
        Step::BuyWorker => buy(fleet, machines, config, saga).await.map(|()| None),
        Step::UndoBuyWorker => give_back(fleet, machines, saga).await.map(|()| None),
        Step::AwaitWorker => {
            await_worker(fleet, machines, commands, clock, config, saga).await.map(Some)
        }
    }
}

/// The worker that the saga is about: the one it found, or the one it bought.
pub(crate) fn worker_of(saga: &Saga) -> &WorkerId {
    saga.reserve.as_ref().and_then(|it| it.worker_id.as_ref()).unwrap_or(&saga.new_worker_id)
}
