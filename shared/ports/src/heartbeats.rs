//! What workers say of themselves, every few seconds.

use crate::Unavailable;
use domain::{
    health::Sight,
    id::ProjectId,
    worker::{Holder, Reservation, State, Worker},
};
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeMap;

/// What is older says nothing of now: a heartbeat was missed, or two.
const FRESH: SignedDuration = SignedDuration::from_secs(33);

pub trait Heartbeats {
    /// The last heartbeat of each of `nodes` that ever sent one and was heard of today.
    async fn last_of(&self, nodes: &[String]) -> Result<Vec<Heartbeat>, Unavailable>;
}

/// The last heartbeat of each of `workers` that is ready, by the name under which it takes commands.
pub async fn of_ready(
    heartbeats: &impl Heartbeats,
    workers: &[Worker],
) -> Result<BTreeMap<String, Heartbeat>, Unavailable> {
    let ready = workers.iter().filter(|it| it.state == State::Ready);
    let nodes: Vec<_> = ready.filter_map(|it| it.node_id.clone()).collect();
    let beats = heartbeats.last_of(&nodes).await?;
    Ok(beats.into_iter().map(|it| (it.node_id.clone(), it)).collect())
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

impl Heartbeat {
    /// Whether it says how the instances of the worker are at `now`.
    pub fn speaks_of(&self, now: Timestamp) -> bool {
        self.docker && now.duration_since(self.at) < FRESH
    }

    /// The instance of `project` that `held` is held for.
    pub fn find(&self, project: &ProjectId, held: &Reservation) -> Option<&Container> {
        let is_its = |it: &&Container| {
            it.holder.as_str() == project.as_str() && project.reservation(it.generation) == held.id
        };
        self.containers.iter().find(is_its)
    }
}

/// An instance as its worker sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Container {
    pub holder: Holder,
    pub generation: u32,
    /// How it is. `None`: this beat does not say.
    pub sight: Option<Sight>,
}
