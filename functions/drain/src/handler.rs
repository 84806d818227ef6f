//! The steps, and how they fail.

use crate::{drain_worker, give_back};
use contracts::{
    drain::{Drained, Saga},
    grow::Saga as GrowSaga,
};
use domain::id::WorkerId;
use ports::{Unavailable, clock::Clock, fleet::Fleet, machines::Machines};
use runtime::fault::{Classify, Fault};
use serde::Deserialize;

/// What a state machine sends.
#[derive(Clone, Debug, Deserialize)]
#[serde(tag = "step", content = "saga")]
pub enum Call {
    DrainWorker(Saga),
    UndoDrainWorker(Saga),
    GiveBack(Saga),
    ParkSpare(GrowSaga),
}

/// Everything outside that a drain needs.
#[derive(Debug)]
pub struct World<'a, F, M, K> {
    pub fleet: &'a F,
    pub machines: &'a M,
    pub clock: &'a K,
}

#[derive(Debug, thiserror::Error)]
pub enum DrainError {
    #[error("the machine of worker `{0}` has not stopped yet")]
    StillStopping(WorkerId),
    #[error("worker `{0}` is not being drained any more, though its machine is on its way out")]
    NoLongerDraining(WorkerId),
    #[error("could not reach the fleet or the provider")]
    Unavailable(#[from] Unavailable),
}

impl Classify for DrainError {
    fn fault(&self) -> Fault {
        match self {
            Self::NoLongerDraining(_) => Fault::Terminal,
            Self::StillStopping(_) | Self::Unavailable(_) => Fault::Retryable,
        }
    }
}

pub async fn handle<F: Fleet, M: Machines, K: Clock>(
    world: &World<'_, F, M, K>,
    call: &Call,
) -> Result<Option<Drained>, DrainError> {
    match call {
        Call::DrainWorker(saga) => drain_worker::drain(world, saga).await.map(Some),
        Call::UndoDrainWorker(saga) => drain_worker::call_off(world, saga).await.map(|()| None),
        Call::GiveBack(saga) => give_back::give_back(world, saga).await.map(|()| None),
        Call::ParkSpare(saga) => give_back::park_spare(world, saga).await.map(|()| None),
    }
}
