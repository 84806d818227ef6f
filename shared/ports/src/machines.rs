//! Machines that can be bought.

use crate::Unavailable;
use domain::id::WorkerId;
use std::net::Ipv4Addr;

pub trait Machines {
    /// Buys a machine of `machine_type` for `worker`.
    ///
    /// Idempotent on `worker`: a repeat finds the machine of the first time.
    async fn ensure_bought(
        &self,
        worker: &WorkerId,
        machine_type: &str,
    ) -> Result<Machine, BuyError>;

    /// The machine bought for `worker`, unless it is gone or going. The record of last resort: it
    /// finds what was bought when the answer was lost.
    async fn find(&self, worker: &WorkerId) -> Result<Option<Machine>, Unavailable>;

    /// Gives the machine back. Repeating is success.
    async fn terminate(&self, machine_id: &str) -> Result<(), Unavailable>;
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Machine {
    pub id: String,
    pub running: bool,
    /// Where the edge reaches it. Known once it runs.
    pub address: Option<Ipv4Addr>,
}

#[derive(Debug, thiserror::Error)]
pub enum BuyError {
    /// The provider has none of this kind now. Try the next offering.
    #[error("no capacity for `{machine_type}`")]
    InsufficientCapacity { machine_type: String },
    /// The provider will not sell to us: a quota, a permission, a request that it refuses.
    #[error("the provider refused: {0}")]
    Refused(String),
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}
