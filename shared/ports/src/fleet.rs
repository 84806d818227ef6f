//! The fleet: every worker, and every claim on its capacity.

use crate::Unavailable;
use domain::{
    id::{ProjectId, ReservationId, WorkerId},
    worker::{Reservation, Worker},
};
use std::net::Ipv4Addr;

pub trait Fleet {
    /// Every worker that is not terminated, strongly consistent. What it says of free capacity may
    /// be old a moment later: [`Fleet::reserve`] decides.
    async fn workers(&self) -> Result<Vec<Worker>, Unavailable>;

    async fn find(&self, worker: &WorkerId) -> Result<Option<Worker>, Unavailable>;

    /// Takes `claim` from `worker` for `project`, in one conditional write.
    ///
    /// Idempotent: a worker that already holds this very reservation is success, and the port is
    /// the one of the first time.
    async fn reserve(
        &self,
        worker: &WorkerId,
        project: &ProjectId,
        claim: &Reservation,
    ) -> Result<Reservation, ReserveError>;

    /// Undo of [`Fleet::reserve`] on `worker`. Releasing what is not there succeeds; so does
    /// releasing when the project holds another, newer reservation, which stays.
    async fn release(
        &self,
        worker: &WorkerId,
        project: &ProjectId,
        reservation: &ReservationId,
    ) -> Result<(), Unavailable>;

    /// Records that `reservation` was given up for good. Whoever still tries to take it finds this
    /// and gives back what it took: see [`Fleet::is_given_up`].
    async fn give_up(&self, reservation: &ReservationId) -> Result<(), Unavailable>;

    /// Strongly consistent. Ask *after* taking, not before: only then is no order of events lost.
    async fn is_given_up(&self, reservation: &ReservationId) -> Result<bool, Unavailable>;

    /// Adds a worker that is about to be bought. One that exists is left as it is.
    async fn ensure_recorded(&self, worker: &Worker) -> Result<(), Unavailable>;

    /// Removes a record that never became a machine, so that another offering can take its name.
    /// A worker that has a machine, or was taken out of the fleet, stays.
    async fn forget_unbought(&self, worker: &WorkerId) -> Result<(), Unavailable>;

    /// Notes which machine the worker became. Another machine than the recorded one is refused.
    async fn record_machine(&self, worker: &WorkerId, machine_id: &str) -> Result<(), RecordError>;

    /// Notes that the worker's Docker answers at `address`: provisioning becomes ready.
    async fn record_ready(&self, worker: &WorkerId, address: Ipv4Addr) -> Result<(), RecordError>;

    /// Admits nothing more to the worker. An unknown worker is success.
    async fn cordon(&self, worker: &WorkerId) -> Result<(), Unavailable>;

    /// Takes the worker out of the fleet if nothing is reserved on it. `false` if something is.
    ///
    /// From then on it admits nothing. Repeating is success.
    async fn retire_if_empty(&self, worker: &WorkerId) -> Result<bool, Unavailable>;
}

#[derive(Debug, thiserror::Error)]
pub enum ReserveError {
    /// Another placement was faster, or the worker stopped admitting. Choose again.
    #[error("worker no longer has the capacity")]
    LostRace,
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

#[derive(Debug, thiserror::Error)]
pub enum RecordError {
    #[error("the fleet does not know this worker, or knows it as another machine")]
    Refused,
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}
