//! Read, choose, claim; choose again if someone was faster.

use crate::best_fit;
use contracts::provision::{Call, Reserved, Saga};
use domain::{id::WorkerId, worker::Reservation};
use ports::{
    Unavailable,
    fleet::{Fleet, ReserveError},
};
use runtime::fault::{Classify, Fault};
use serde::Deserialize;

/// How often a lost race is answered by choosing again before the saga backs off.
pub const MAX_ATTEMPTS: u32 = 6;

#[derive(Clone, Copy, Debug, Deserialize)]
pub enum Step {
    Reserve,
    UndoReserve,
}

#[derive(Debug, thiserror::Error)]
pub enum PlaceError {
    #[error("lost {MAX_ATTEMPTS} races in a row")]
    Contended,
    #[error("the reservation was given up while it was being made")]
    GivenUp,
    #[error("could not read or write the fleet")]
    Fleet(#[from] Unavailable),
}

impl Classify for PlaceError {
    fn fault(&self) -> Fault {
        match self {
            Self::GivenUp => Fault::Terminal,
            Self::Contended | Self::Fleet(_) => Fault::Retryable,
        }
    }
}

pub async fn handle(fleet: &impl Fleet, call: &Call<Step>) -> Result<Option<Reserved>, PlaceError> {
    match call.step {
        Step::Reserve => reserve(fleet, &call.saga).await.map(Some),
        Step::UndoReserve => release(fleet, &call.saga).await.map(|()| None),
    }
}

async fn reserve(fleet: &impl Fleet, saga: &Saga) -> Result<Reserved, PlaceError> {
    let worker_id = claim(fleet, saga).await?;
    // Asked after the claim: whichever of an undo and this comes second, one of them sees the other.
    if fleet.is_given_up(&saga.reservation_id).await? {
        release(fleet, saga).await?;
        return Err(PlaceError::GivenUp);
    }
    Ok(Reserved { worker_id })
}

/// The worker that holds the reservation, or `None` if no worker has room.
async fn claim(fleet: &impl Fleet, saga: &Saga) -> Result<Option<WorkerId>, PlaceError> {
    for _ in 0..MAX_ATTEMPTS {
        let workers = fleet.workers().await?;
        // Before any choice: on a retry the fleet may be full, of us.
        let holds = |it: &Reservation| it.id == saga.reservation_id;
        if let Some(worker) = workers.iter().find(|it| it.reservations.values().any(holds)) {
            return Ok(Some(worker.id.clone()));
        }
        let demand = saga.plan.plan().limits;
        let Some(worker) = best_fit::choose(&workers, demand) else {
            return Ok(None);
        };
        let Some(port) = worker.free_port() else {
            return Ok(None);
        };
        let claim = Reservation { id: saga.reservation_id.clone(), demand, port };
        match fleet.reserve(&worker.id, &saga.project_id, &claim).await {
            Ok(_) => return Ok(Some(worker.id.clone())),
            // The next read is strongly consistent: it shows what the winner left.
            Err(ReserveError::LostRace) => (),
            Err(ReserveError::Unavailable(cause)) => return Err(cause.into()),
        }
    }
    Err(PlaceError::Contended)
}

/// Undo of [`reserve`].
async fn release(fleet: &impl Fleet, saga: &Saga) -> Result<(), PlaceError> {
    fleet.give_up(&saga.reservation_id).await?;
    for worker in fleet.workers().await? {
        if worker.reservations.get(&saga.project_id).is_some_and(|it| it.id == saga.reservation_id)
        {
            fleet.release(&worker.id, &saga.project_id, &saga.reservation_id).await?;
        }
    }
    Ok(())
}
