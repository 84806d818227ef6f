//! The saga that takes in what a customer brings along, and what its steps leave.

use crate::provision::Caught;
use domain::{
    backup::Choice,
    id::{ImportId, ProjectId, TenantId},
    project::Project,
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// Of an archive as it is uploaded.
pub const MAX_BYTES: u64 = 128 * 1024 * 1024;

/// The state of one execution. Names and numbers, nothing of what is in the archive.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Saga {
    pub project_id: ProjectId,
    pub tenant_id: TenantId,
    /// Of the instance that gives way.
    pub attempt: u32,
    pub id: ImportId,
    /// Of the backup that is made of it.
    pub number: u32,
    #[serde(rename = "CheckArchive", default, skip_serializing_if = "Option::is_none")]
    pub checked: Option<Checked>,
    #[serde(rename = "TakeOver", default, skip_serializing_if = "Option::is_none")]
    pub taken_over: Option<TakenOver>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<Caught>,
}

/// What became of the archive. None of these is a failure of ours.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum Checked {
    /// It is one of the project's backups now.
    Accepted {
        choice: Choice,
        sha256: String,
        report: Report,
    },
    Refused(Refused),
}

/// What was taken, and what was left out.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    pub files: u32,
    /// Unpacked.
    pub bytes: u64,
    /// Which OpenClaw wrote it last, if it says so.
    pub version: Option<String>,
    /// Names at the top of the state directory.
    pub taken: Vec<String>,
    pub left_out: Vec<LeftOut>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeftOut {
    pub name: String,
    pub entries: u32,
}

/// Why nothing was taken.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refused {
    /// Which entry was wrong. `None`: the archive as a whole.
    pub entry: Option<String>,
    pub reason: String,
}

/// How the project comes to what it was brought.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TakenOver {
    /// Its instance is halted, with a last backup, and starts from it.
    AtOnce,
    WithTheNextStart,
    /// It was on its way elsewhere by then. What was brought is among its backups.
    NotNow,
    /// There is nothing to take over.
    Nothing,
}

impl Saga {
    pub fn of(project: &Project, id: ImportId, now: Timestamp) -> Self {
        Self {
            project_id: project.id.clone(),
            tenant_id: project.tenant_id.clone(),
            attempt: project.attempt,
            id,
            // Like a backup of what runs: larger than every halt's, and than every earlier one's.
            number: u32::try_from(now.as_second()).unwrap_or(u32::MAX),
            checked: None,
            taken_over: None,
            error: None,
        }
    }

    /// The execution's name, which is its idempotency key: what was brought is taken in once.
    pub fn execution_name(project: &ProjectId, id: &ImportId) -> String {
        format!("import-{project}-{}", id.body())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_outcomes_read_as_agreed() {
        let refused = Refused { entry: Some("../x".to_owned()), reason: "has `..`".to_owned() };
        let wire = r#"{"outcome":"refused","entry":"../x","reason":"has `..`"}"#;
        assert_eq!(serde_json::to_string(&Checked::Refused(refused)).unwrap(), wire);
        assert_eq!(serde_json::to_string(&TakenOver::AtOnce).unwrap(), r#""at_once""#);
    }

    #[test]
    fn a_name_holds_the_longest_ids() {
        let longest = "a".repeat(domain::id::MAX_BODY_LEN);
        let project = ProjectId::new(&longest[..20]).unwrap();
        let name = Saga::execution_name(&project, &ImportId::new(&longest).unwrap());
        assert!(name.len() <= 80, "Step Functions takes no longer one: {name}");
    }
}
