//! The saga that brings an instance to rest: its data into a backup, its place to others.

use crate::provision::{Caught, ReadyWorker};
use domain::{
    backup::{Backup, BackupName},
    id::{ProjectId, ReservationId, TenantId},
    project::{Project, Purpose},
    route::HostName,
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// The state of one execution. Names and numbers, never a secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Saga {
    pub project_id: ProjectId,
    pub tenant_id: TenantId,
    /// Of the provisioning whose instance is halted. Fences the late.
    pub attempt: u32,
    pub host: HostName,
    pub reservation_id: ReservationId,
    pub purpose: Purpose,
    /// Which backup of this attempt the halt takes.
    pub number: u32,
    #[serde(rename = "Locate", default, skip_serializing_if = "Option::is_none")]
    pub located: Option<Located>,
    #[serde(rename = "Archive", default, skip_serializing_if = "Option::is_none")]
    pub archived: Option<Archived>,
    /// Why the saga unwinds, as the state machine caught it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<Caught>,
}

/// Where the instance is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Located {
    /// `None`: it is nowhere, so there is nothing to stop.
    pub worker: Option<ReadyWorker>,
    /// When that was. Its owner cannot reach it from about then on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Timestamp>,
}

/// The instance is stopped.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Archived {
    /// `None`: there was nothing to keep, and what was kept before stays.
    pub backup: Option<Backup>,
}

impl Saga {
    pub fn of(project: &Project, purpose: Purpose) -> Self {
        Self {
            project_id: project.id.clone(),
            tenant_id: project.tenant_id.clone(),
            attempt: project.attempt,
            host: project.host.clone(),
            reservation_id: project.id.reservation(project.attempt),
            purpose,
            number: project.halts,
            located: None,
            archived: None,
            error: None,
        }
    }

    /// The execution's name, which is its idempotency key: an instance is halted once. A halt that was
    /// undone may be tried again.
    pub fn execution_name(&self) -> String {
        format!("halt-{}-{}-{}", self.project_id, self.attempt, self.number)
    }

    pub fn backup_name(&self) -> BackupName {
        let (project, attempt, number) = (self.project_id.clone(), self.attempt, self.number);
        BackupName { project, attempt, number }
    }

    pub fn worker(&self) -> Option<&ReadyWorker> {
        self.located.as_ref()?.worker.as_ref()
    }
}
