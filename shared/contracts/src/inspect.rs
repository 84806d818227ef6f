//! Looking at one instance where it is, whatever its project is in the middle of.

use crate::provision::ReadyWorker;
use domain::id::{ProjectId, ReservationId};
use serde::{Deserialize, Serialize};

/// Of a saga's state, what says whose instance is meant.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Wanted {
    pub project_id: ProjectId,
    pub reservation_id: ReservationId,
}

/// Where the instance is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Located {
    /// `None`: it is nowhere, or its worker is lost.
    pub worker: Option<ReadyWorker>,
}
