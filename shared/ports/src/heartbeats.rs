//! What workers say of themselves, every few seconds.

use crate::Unavailable;
use domain::{health::Sight, worker::Holder};
use jiff::Timestamp;

pub trait Heartbeats {
    /// The last heartbeat of each of `nodes` that ever sent one and was heard of today.
    async fn last_of(&self, nodes: &[String]) -> Result<Vec<Heartbeat>, Unavailable>;
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Heartbeat {
    /// Under what name the machine takes commands.
    pub node_id: String,
    pub at: Timestamp,
    /// Whether Docker answers there.
    pub docker: bool,
    pub containers: Vec<Container>,
}

/// An instance as its worker sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Container {
    pub holder: Holder,
    pub generation: u32,
    /// How it is. `None`: this beat does not say.
    pub sight: Option<Sight>,
}
