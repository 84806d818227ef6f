//! A copy of what an instance knows, kept where no worker can lose it.

use crate::id::ProjectId;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// The archive of a volume at one moment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Backup {
    /// Which provisioning's data it is, and the how-manieth of it: together its name.
    pub attempt: u32,
    pub number: u32,
    /// Of the archive, in lower-case hexadecimal. What has another one is not restored.
    pub sha256: String,
    pub bytes: u64,
    pub taken_at: Timestamp,
}

/// Which backup of which project, before anybody knows what is in it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BackupName {
    pub project: ProjectId,
    pub attempt: u32,
    pub number: u32,
}

impl Backup {
    pub fn name(&self, project: &ProjectId) -> BackupName {
        BackupName { project: project.clone(), attempt: self.attempt, number: self.number }
    }
}
