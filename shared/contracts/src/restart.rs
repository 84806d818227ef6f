//! The saga that stops an instance and starts it again, where it is and as it is.

use crate::{
    halt::Located,
    provision::{Caught, ReadyWorker},
};
use domain::{
    id::{ProjectId, ReservationId, TenantId},
    project::Project,
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// Who asks again within so many seconds means the restart that is under way.
const ONE_RESTART_S: i64 = 60;

/// The state of one execution.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Saga {
    pub project_id: ProjectId,
    pub tenant_id: TenantId,
    pub attempt: u32,
    pub reservation_id: ReservationId,
    /// Which restart of this attempt it is. Only grows: the worker refuses what is late.
    pub number: u64,
    #[serde(rename = "FindWorker", default, skip_serializing_if = "Option::is_none")]
    pub found: Option<Located>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<Caught>,
}

impl Saga {
    /// Asked for at `now`.
    pub fn of(project: &Project, now: Timestamp) -> Self {
        Self {
            project_id: project.id.clone(),
            tenant_id: project.tenant_id.clone(),
            attempt: project.attempt,
            reservation_id: project.id.reservation(project.attempt),
            number: now.as_second().div_euclid(ONE_RESTART_S).try_into().unwrap_or_default(),
            found: None,
            error: None,
        }
    }

    /// The execution's name, which is its idempotency key.
    pub fn execution_name(&self) -> String {
        format!("restart-{}-{}-{}", self.project_id, self.attempt, self.number)
    }

    pub fn worker(&self) -> Option<&ReadyWorker> {
        self.found.as_ref()?.worker.as_ref()
    }
}
