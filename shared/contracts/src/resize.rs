//! The saga that gives an instance the limits of another plan: where it is if its worker has room,
//! elsewhere if not.

use crate::provision::{Caught, ReadyWorker};
use domain::{
    id::{ProjectId, ReservationId, TenantId},
    plan::PlanId,
    project::{PlanChange, Project},
};
use serde::{Deserialize, Serialize};

/// The state of one execution.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Saga {
    pub project_id: ProjectId,
    pub tenant_id: TenantId,
    pub attempt: u32,
    pub reservation_id: ReservationId,
    pub from: PlanId,
    pub to: PlanId,
    /// Tells this change from an earlier one to the same plan: the subscription's version that asked.
    pub cause: u64,
    #[serde(rename = "Widen", default, skip_serializing_if = "Option::is_none")]
    pub widened: Option<Widened>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<Caught>,
}

/// Whether the worker has room for the larger of the two plans.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Widened {
    /// `None`: no room here. The instance moves.
    pub worker: Option<ReadyWorker>,
}

impl Saga {
    pub fn of(project: &Project, to: PlanId, cause: u64) -> Self {
        Self {
            project_id: project.id.clone(),
            tenant_id: project.tenant_id.clone(),
            attempt: project.attempt,
            reservation_id: project.id.reservation(project.attempt),
            from: project.plan,
            to,
            cause,
            widened: None,
            error: None,
        }
    }

    pub fn change(&self) -> PlanChange {
        PlanChange { from: self.from, to: self.to, cause: self.cause }
    }

    /// Whose tombstone says that this change is over.
    pub fn widening(&self) -> ReservationId {
        self.project_id.widening(self.attempt, self.cause)
    }

    /// Where the instance gets its limits. `None`: not here, it moves.
    pub fn worker(&self) -> Option<&ReadyWorker> {
        self.widened.as_ref()?.worker.as_ref()
    }

    /// The execution's name, which is its idempotency key.
    pub fn execution_name(&self) -> String {
        format!("resize-{}-{}-{}", self.project_id, self.attempt, self.cause)
    }
}
