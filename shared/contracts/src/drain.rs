//! The saga that gives an empty worker back, or stops it, unless somebody needs it after all.

use crate::provision::Caught;
use domain::id::WorkerId;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// The state of one execution.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Saga {
    pub worker_id: WorkerId,
    /// When it became empty. Whatever happened to it since calls the drain off.
    pub idle_since: Timestamp,
    /// Whether its machine is stopped and kept, rather than given back.
    pub park: bool,
    #[serde(rename = "DrainWorker", default, skip_serializing_if = "Option::is_none")]
    pub drained: Option<Drained>,
    /// Why the saga unwinds, as the state machine caught it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<Caught>,
}

/// How it went. `None`: somebody was placed there meanwhile, and the worker stays.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Drained {
    pub machine_id: Option<String>,
}

impl Saga {
    /// The execution's name, which is its idempotency key: a worker is drained once for every time
    /// that it became empty.
    pub fn execution_name(worker: &WorkerId, idle_since: Timestamp) -> String {
        format!("drain-{worker}-{}", idle_since.as_millisecond())
    }
}
