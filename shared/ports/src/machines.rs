//! Machines that can be bought, whichever provider sells them.

use crate::Unavailable;
use domain::{
    id::WorkerId,
    offering::{Offering, Provider},
};
use jiff::Timestamp;
use std::net::Ipv4Addr;

pub trait Machines {
    /// Buys a machine of `offering` for `worker`.
    ///
    /// Idempotent on `worker` and offering: a repeat finds the machine of the first time.
    async fn ensure_bought(
        &self,
        worker: &WorkerId,
        offering: &Offering,
    ) -> Result<Machine, BuyError>;

    /// The machine bought for `worker`, with whichever provider, unless it is gone or going. The
    /// record of last resort: it finds what was bought when the answer was lost.
    async fn find(&self, worker: &WorkerId) -> Result<Option<Machine>, Unavailable>;

    /// The same if `provider` is known to be where it was bought: nobody else is asked.
    ///
    /// What sells for one provider only has nobody else to ask.
    async fn find_at(
        &self,
        _provider: Provider,
        worker: &WorkerId,
    ) -> Result<Option<Machine>, Unavailable> {
        self.find(worker).await
    }

    /// Every machine of this stage that is not gone or going, of all providers. Fails if a single
    /// provider does not answer: half a list must not be taken for the whole.
    async fn list(&self) -> Result<Vec<Machine>, Unavailable>;

    /// Switches the machine off and keeps its disk. Repeating is success.
    async fn stop(&self, machine_id: &str) -> Result<(), PowerError>;

    /// Undo of [`Machines::stop`]. Repeating is success.
    async fn start(&self, machine_id: &str) -> Result<(), PowerError>;

    /// Gives the machine back, protected or not. Repeating is success.
    ///
    /// Machines are protected against termination by anybody else from their purchase on, where
    /// the provider knows such a thing. So ask only once nothing lives on it.
    async fn terminate(&self, machine_id: &str) -> Result<(), Unavailable>;
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Machine {
    /// The provider's name, unlike any other provider's.
    pub id: String,
    /// Whose it is by its own tag. `None`: the tag is missing or malformed.
    pub worker: Option<WorkerId>,
    pub provider: Provider,
    /// What was bought, which may be an offering's alternative.
    pub machine_type: String,
    /// Where it stands, by the provider's name: `us-east-1`, `fsn1`.
    pub region: String,
    pub state: Power,
    /// Under what name it takes commands. Some providers' machines have to join first.
    pub node_id: Option<String>,
    /// Where the edge reaches it. Known once it runs.
    pub address: Option<Ipv4Addr>,
    pub bought_at: Timestamp,
}

impl Machine {
    pub fn is_running(&self) -> bool {
        self.state == Power::Running
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Power {
    Starting,
    Running,
    Stopping,
    Stopped,
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

#[derive(Debug, thiserror::Error)]
pub enum PowerError {
    /// It cannot be started now: the provider has given its place away.
    #[error("no capacity to start `{machine_id}`")]
    InsufficientCapacity { machine_id: String },
    /// There is no such machine any more, or it is of a kind that cannot be stopped.
    #[error("the provider refused: {0}")]
    Refused(String),
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}
