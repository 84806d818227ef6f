//! Why each project is where it is: every placement with what else it could have been.

use crate::Unavailable;
use domain::{
    fit::{Refusal, Score},
    id::{BlankId, ProjectId, ReservationId, WorkerId},
    plan::PlanId,
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

pub trait Placements {
    /// Keeps the decision for ninety days. The first one for a reservation stays: a repeated
    /// placement finds its reservation and decides nothing.
    async fn record(&self, decision: &Decision) -> Result<(), Unavailable>;

    /// The decisions about `project`, oldest first.
    async fn list(&self, project: &ProjectId) -> Result<Vec<Decision>, Unavailable>;
}

/// One placement.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decision {
    pub project_id: ProjectId,
    pub reservation_id: ReservationId,
    pub plan: PlanId,
    pub outcome: Outcome,
    /// How many conditional writes it took.
    pub writes: u32,
    /// How many workers were looked at, and the first hundred of them, the best first.
    pub considered: u32,
    pub alternatives: Vec<Alternative>,
    pub at: Timestamp,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum Outcome {
    /// It took a blank instance over.
    Claimed {
        worker_id: WorkerId,
        blank_id: BlankId,
    },
    Placed {
        worker_id: WorkerId,
    },
    /// It goes to a worker that is started for it.
    Woken {
        worker_id: WorkerId,
    },
    /// No worker has room: one is bought.
    NoRoom,
}

/// A worker as the placement saw it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Alternative {
    pub worker_id: WorkerId,
    pub free_mib: u32,
    pub free_cpu_millis: u32,
    /// `None` if it could not take the demand.
    pub score: Option<Score>,
    pub refusal: Option<Refusal>,
}
