//! The steps, and how they fail.

use crate::{blank, halt, inspect, project, resize};
use contracts::{
    blank::Saga as BlankSaga, halt::Saga as HaltSaga, inspect::Wanted, provision::Saga,
    resize::Saga as ResizeSaga,
};
use domain::{id::ReservationId, offering::Architecture, plan::PlanId};
use ports::{Unavailable, clock::Clock, fleet::Fleet, placements::Placements, random::Random};
use runtime::fault::{Classify, Fault};
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;

/// What a state machine sends.
#[derive(Clone, Debug, Deserialize)]
#[serde(tag = "step", content = "saga")]
pub enum Call {
    Reserve(Saga),
    UndoReserve(Saga),
    ReserveBlank(BlankSaga),
    UndoReserveBlank(BlankSaga),
    Locate(HaltSaga),
    Release(HaltSaga),
    Widen(ResizeSaga),
    UndoWiden(ResizeSaga),
    Settle(ResizeSaga),
    /// Of every saga that looks at one instance and changes nothing about its place.
    FindInstance(Wanted),
}

/// What a stage says about placement.
#[derive(Clone, Debug)]
pub struct Config {
    /// Of the agent image.
    pub architecture: Architecture,
    /// How many instances of a plan there may be at once. A plan that is not named has no limit.
    pub maximum_instances: BTreeMap<PlanId, u32>,
}

/// Everything outside that a placement needs.
#[derive(Debug)]
pub struct World<'a, F, P, C, R> {
    pub fleet: &'a F,
    pub placements: &'a P,
    pub clock: &'a C,
    pub random: &'a R,
    pub config: &'a Config,
}

#[derive(Debug, thiserror::Error)]
pub enum PlaceError {
    #[error("lost {0} races in a row")]
    Contended(u32),
    #[error("the reservation was given up while it was being made")]
    GivenUp,
    #[error("all {maximum} instances of this plan are taken")]
    SoldOut { maximum: u32 },
    #[error("no worker has room for a blank instance")]
    NoRoomForBlank,
    #[error("the instance's worker is lost, and what to do about that is not settled yet")]
    WorkerLost,
    #[error("the instance has no place on a worker that is ready")]
    NotPlaced,
    #[error("could not read or write the fleet")]
    Fleet(#[from] Unavailable),
    #[error("could not write the answer")]
    Answer(#[from] serde_json::Error),
}

impl Classify for PlaceError {
    fn fault(&self) -> Fault {
        match self {
            Self::GivenUp
            | Self::SoldOut { .. }
            | Self::NoRoomForBlank
            | Self::WorkerLost
            | Self::NotPlaced
            | Self::Answer(_) => Fault::Terminal,
            Self::Contended(_) | Self::Fleet(_) => Fault::Retryable,
        }
    }
}

pub async fn handle<F: Fleet, P: Placements, C: Clock, R: Random>(
    world: &World<'_, F, P, C, R>,
    call: &Call,
) -> Result<Value, PlaceError> {
    match call {
        Call::Reserve(saga) => Ok(serde_json::to_value(project::reserve(world, saga).await?)?),
        Call::UndoReserve(saga) => {
            project::release(world, saga).await?;
            Ok(Value::Null)
        }
        Call::ReserveBlank(saga) => Ok(serde_json::to_value(blank::reserve(world, saga).await?)?),
        Call::UndoReserveBlank(saga) => {
            release(world, &saga.reservation_id).await?;
            Ok(Value::Null)
        }
        Call::Locate(saga) => Ok(serde_json::to_value(halt::locate(world, saga).await?)?),
        Call::Release(saga) => {
            halt::release(world, saga).await?;
            Ok(Value::Null)
        }
        Call::Widen(saga) => Ok(serde_json::to_value(resize::widen(world, saga).await?)?),
        Call::UndoWiden(saga) => {
            resize::narrow(world, saga).await?;
            Ok(Value::Null)
        }
        Call::Settle(saga) => {
            resize::settle(world, saga).await?;
            Ok(Value::Null)
        }
        Call::FindInstance(wanted) => {
            Ok(serde_json::to_value(inspect::find(world.fleet, wanted).await?)?)
        }
    }
}

/// Gives `reservation` back wherever it is.
///
/// The tombstone comes first: a claim that is still on its way finds it and gives itself back.
pub(crate) async fn release<F: Fleet, P, C: Clock, R>(
    world: &World<'_, F, P, C, R>,
    reservation: &ReservationId,
) -> Result<(), PlaceError> {
    let fleet = world.fleet;
    fleet.give_up(reservation).await?;
    for worker in fleet.workers().await? {
        if let Some((holder, held)) = worker.find_reservation(reservation) {
            fleet.release(&worker.id, holder, &held.id, world.clock.now()).await?;
        }
    }
    Ok(())
}
