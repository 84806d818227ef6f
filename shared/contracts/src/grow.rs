//! The saga that adds a worker to the pool before anybody needs it: bought, or started again.

use crate::provision::Caught;
use domain::{id::WorkerId, plan::PlanId};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// The state of one execution.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Saga {
    pub worker_id: WorkerId,
    pub from: Source,
    /// What the worker must be able to hold.
    pub plan: PlanId,
    /// Whether it is stopped once it is ready: with its images on its disk it starts in seconds.
    pub park: bool,
    /// Why the saga unwinds, as the state machine caught it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<Caught>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    Purchase,
    /// A worker that is stopped.
    WarmPool,
}

impl Saga {
    /// The execution's name, which is its idempotency key. A worker is bought once, and may be
    /// started once for every time that it changed.
    pub fn execution_name(&self, changed_at: Timestamp) -> String {
        match self.from {
            Source::Purchase => format!("grow-{}", self.worker_id),
            Source::WarmPool => {
                format!("grow-{}-{}", self.worker_id, changed_at.as_millisecond())
            }
        }
    }
}
