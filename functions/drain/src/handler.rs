//! The steps, and how they fail.

use crate::{drain_worker, give_back, move_instances};
use contracts::{
    drain::{Drained, Emptied, Saga},
    grow::Saga as GrowSaga,
};
use domain::id::WorkerId;
use ports::{
    Unavailable, clock::Clock, fleet::Fleet, machines::Machines, projects::Projects, sagas::Sagas,
};
use runtime::fault::{Classify, Fault};
use serde::{Deserialize, Serialize};

/// What a state machine sends.
#[derive(Clone, Debug, Deserialize)]
#[serde(tag = "step", content = "saga")]
pub enum Call {
    MoveInstances(Saga),
    DrainWorker(Saga),
    UndoDrainWorker(Saga),
    GiveBack(Saga),
    ParkSpare(GrowSaga),
}

/// What a step leaves for the later ones.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Answer {
    Emptied(Emptied),
    Drained(Drained),
    /// Of what nobody asks about later.
    Nothing,
}

/// Everything outside that a drain needs.
#[derive(Debug)]
pub struct World<'a, F, M, K, P, S> {
    pub fleet: &'a F,
    pub machines: &'a M,
    pub clock: &'a K,
    pub projects: &'a P,
    /// Executions that bring instances to rest, to run elsewhere.
    pub halts: &'a S,
    /// Executions that have brought them here.
    pub provisions: &'a S,
}

#[derive(Debug, thiserror::Error)]
pub enum DrainError {
    #[error("{left} are still on worker `{worker}`, moving or not to be moved yet")]
    Occupied { worker: WorkerId, left: usize },
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
            Self::Occupied { .. } | Self::StillStopping(_) | Self::Unavailable(_) => {
                Fault::Retryable
            }
        }
    }
}

pub async fn handle<F: Fleet, M: Machines, K: Clock, P: Projects, S: Sagas>(
    world: &World<'_, F, M, K, P, S>,
    call: &Call,
) -> Result<Answer, DrainError> {
    match call {
        Call::MoveInstances(saga) => {
            move_instances::move_instances(world, saga).await.map(Answer::Emptied)
        }
        Call::DrainWorker(saga) => drain_worker::drain(world, saga).await.map(Answer::Drained),
        Call::UndoDrainWorker(saga) => drain_worker::call_off(world, saga).await.map(nothing),
        Call::GiveBack(saga) => give_back::give_back(world, saga).await.map(nothing),
        Call::ParkSpare(saga) => give_back::park_spare(world, saga).await.map(nothing),
    }
}

fn nothing((): ()) -> Answer {
    Answer::Nothing
}
