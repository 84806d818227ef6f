//! The fleet: every worker, and every claim on its capacity.

use crate::{Unavailable, machines::Machine};
use domain::{
    id::{BlankId, ProjectId, ReservationId, WorkerId},
    plan::PlanId,
    worker::{Cordon, Event, Holder, Reservation, Worker},
};
use jiff::Timestamp;
use std::{collections::BTreeSet, net::Ipv4Addr};

pub trait Fleet {
    /// Every worker that is not terminated, strongly consistent. What it says of free capacity may
    /// be old a moment later: [`Fleet::reserve`] decides.
    async fn workers(&self) -> Result<Vec<Worker>, Unavailable>;

    /// Into how many parts the pool is cut, at least one. A part is what one read covers.
    fn parts(&self) -> u32;

    /// Where the pool's workers are to be, by the names of their providers; none named: anywhere. A
    /// worker elsewhere keeps what it has and gets nothing new.
    fn regions(&self) -> &BTreeSet<String>;

    /// The workers of one part, as [`Fleet::workers`] would give them.
    async fn part(&self, part: u32) -> Result<Vec<Worker>, Unavailable>;

    async fn find(&self, worker: &WorkerId) -> Result<Option<Worker>, Unavailable>;

    /// Takes `claim` from `worker` for `holder`, in one conditional write.
    ///
    /// Idempotent: a worker that already holds this very reservation is success, and the port is
    /// the one of the first time.
    async fn reserve(
        &self,
        worker: &WorkerId,
        holder: &Holder,
        claim: &Reservation,
    ) -> Result<Reservation, ReserveError>;

    /// Like [`Fleet::reserve`], on a worker that is stopped: it becomes one that is starting.
    async fn reserve_and_wake(
        &self,
        worker: &WorkerId,
        holder: &Holder,
        claim: &Reservation,
    ) -> Result<Reservation, ReserveError>;

    /// Turns the reservation of a warm blank into `claim` for `project`, in one conditional write.
    /// Capacity and port stay where they are.
    ///
    /// Idempotent like [`Fleet::reserve`]. A blank that somebody else has claimed is a lost race.
    async fn claim_blank(
        &self,
        worker: &WorkerId,
        blank: &BlankId,
        held: &Reservation,
        project: &ProjectId,
        claim: &Reservation,
    ) -> Result<Reservation, ReserveError>;

    /// From now on the blank can be claimed. Refused if its reservation is gone.
    async fn record_warm(&self, worker: &WorkerId, blank: &BlankId) -> Result<(), RecordError>;

    /// Puts `resized` in the place of `held`, in one conditional write. Both have the same id and port.
    ///
    /// Idempotent: a worker that holds exactly `resized` already is success. One that lacks room for
    /// the difference, is not ready, or holds something else than `held` is a lost race.
    async fn resize(
        &self,
        worker: &WorkerId,
        holder: &Holder,
        held: &Reservation,
        resized: &Reservation,
    ) -> Result<(), ReserveError>;

    /// Undo of [`Fleet::reserve`] on `worker`. Releasing what is not there succeeds; so does
    /// releasing when the holder has another, newer reservation, which stays.
    async fn release(
        &self,
        worker: &WorkerId,
        holder: &Holder,
        reservation: &ReservationId,
        at: Timestamp,
    ) -> Result<(), Unavailable>;

    /// Records that `reservation` was given up for good. Whoever still tries to take it finds this
    /// and gives back what it took: see [`Fleet::is_given_up`].
    async fn give_up(&self, reservation: &ReservationId) -> Result<(), Unavailable>;

    /// Strongly consistent. Ask *after* taking, not before: only then is no order of events lost.
    async fn is_given_up(&self, reservation: &ReservationId) -> Result<bool, Unavailable>;

    /// Counts `reservation` among those of `plan`, unless there are `maximum` of them already:
    /// then `false`. Counting one twice is counting it once, at the first moment.
    async fn count_in(
        &self,
        plan: PlanId,
        reservation: &ReservationId,
        maximum: u32,
        at: Timestamp,
    ) -> Result<bool, Unavailable>;

    /// Undo of [`Fleet::count_in`]. What was never counted is success.
    async fn count_out(&self, plan: PlanId, reservation: &ReservationId)
    -> Result<(), Unavailable>;

    /// Everything that is counted, of all plans, strongly consistent.
    async fn counted(&self) -> Result<Vec<Counted>, Unavailable>;

    /// Adds a worker that is about to be bought. One that exists is left as it is.
    async fn ensure_recorded(&self, worker: &Worker) -> Result<(), Unavailable>;

    /// Removes a record that never became a machine, so that another offering can take its name.
    /// A worker that has a machine, or was taken out of the fleet, stays.
    async fn forget_unbought(&self, worker: &WorkerId) -> Result<(), Unavailable>;

    /// Notes which machine the worker became, of which type and where. Another machine than the
    /// recorded one is refused. Capacity stays what was sold of the offering.
    async fn record_machine(&self, worker: &WorkerId, bought: &Machine) -> Result<(), RecordError>;

    /// Notes that the worker's Docker answers at `address` and takes commands as `node_id`: the
    /// worker is ready.
    async fn record_ready(
        &self,
        worker: &WorkerId,
        node_id: &str,
        address: Ipv4Addr,
        at: Timestamp,
    ) -> Result<(), RecordError>;

    /// Moves the worker by `change.event`, if the conditions of `change` hold: `false` if they do
    /// not, or if the event does not fit the state. Repeating is success.
    async fn change(&self, worker: &WorkerId, change: &Change) -> Result<bool, Unavailable>;

    /// Admits nothing more to the worker, in the name of `by`. A cordon that is as strong stays; so
    /// repeating is success, and so is an unknown worker.
    async fn cordon(&self, worker: &WorkerId, by: Cordon) -> Result<(), Unavailable>;

    /// Admits to the worker again, unless a stronger cordon than `by` is there. That calls off a drain
    /// that was planned before. No cordon, and no such worker, is success.
    async fn uncordon(
        &self,
        worker: &WorkerId,
        by: Cordon,
        at: Timestamp,
    ) -> Result<(), Unavailable>;

    /// Takes the worker out of the fleet if nothing is reserved on it. `false` if something is.
    ///
    /// From then on it admits nothing. Repeating is success.
    async fn retire_if_empty(&self, worker: &WorkerId) -> Result<bool, Unavailable>;
}

/// A reservation that counts towards its plan's maximum, whether it is still anywhere or not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Counted {
    pub plan: PlanId,
    pub reservation: ReservationId,
    /// The beginning of time, if it was counted before moments were kept.
    pub since: Timestamp,
}

/// A change of a worker's state, and when to refuse it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    pub event: Event,
    /// Refused if anything is reserved.
    pub only_if_empty: bool,
    /// Refused if anything was placed, released or changed since.
    pub unchanged_since: Option<Timestamp>,
    pub at: Timestamp,
}

impl Change {
    pub fn by(event: Event, at: Timestamp) -> Self {
        Self { event, only_if_empty: false, unchanged_since: None, at }
    }

    #[must_use]
    pub fn if_empty(self) -> Self {
        Self { only_if_empty: true, ..self }
    }

    #[must_use]
    pub fn if_unchanged_since(self, moment: Timestamp) -> Self {
        Self { unchanged_since: Some(moment), ..self }
    }
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
