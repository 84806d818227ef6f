//! The saga that starts an instance again where it is: its container, its data and its place stay.

use crate::provision::Caught;
use domain::{
    id::{ProjectId, ReservationId, TenantId},
    project::Project,
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// The state of one execution.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Saga {
    pub project_id: ProjectId,
    pub tenant_id: TenantId,
    /// Of the provisioning whose instance is started again. Fences the late.
    pub attempt: u32,
    pub reservation_id: ReservationId,
    /// When it was asked for. What has started since was started again already.
    pub asked_at: Timestamp,
    /// Why the saga fails, as the state machine caught it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<Caught>,
}

impl Saga {
    pub fn of(project: &Project, asked_at: Timestamp) -> Self {
        Self {
            project_id: project.id.clone(),
            tenant_id: project.tenant_id.clone(),
            attempt: project.attempt,
            reservation_id: project.id.reservation(project.attempt),
            asked_at,
            error: None,
        }
    }

    /// The execution's name, which is its idempotency key: what is asked for at one moment is done once.
    pub fn execution_name(&self) -> String {
        let asked_ms = self.asked_at.as_millisecond();
        format!("restart-{}-{}-{asked_ms}", self.project_id, self.attempt)
    }
}
