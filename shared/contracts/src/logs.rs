//! The saga that reads what an instance has printed: its input, and what its steps leave.

use crate::{
    inspect::Located,
    provision::{Caught, ReadyWorker},
};
use domain::{
    id::{LogsId, ProjectId, ReservationId, TenantId},
    project::Project,
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// How many lines anybody gets at most.
pub const MAX_LINES: u32 = 5_000;
/// Who does not say gets so many.
pub const USUAL_LINES: u32 = 500;

/// The time in `text`, if it is one that a worker understands.
pub fn read_since(text: &str) -> Result<Timestamp, NotATime> {
    let time = text.parse::<Timestamp>().ok();
    time.filter(|it| *it >= Timestamp::UNIX_EPOCH).ok_or(NotATime)
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be a time like `2026-11-21T20:00:00Z`")]
pub struct NotATime;

/// The state of one execution. What was printed is never in it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Saga {
    pub project_id: ProjectId,
    pub tenant_id: TenantId,
    /// Of the provisioning whose instance is asked for.
    pub attempt: u32,
    pub reservation_id: ReservationId,
    pub id: LogsId,
    /// How many of the last lines.
    pub tail: u32,
    /// None that is older.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<Timestamp>,
    #[serde(rename = "FindInstance", default, skip_serializing_if = "Option::is_none")]
    pub located: Option<Located>,
    #[serde(rename = "ReadLogs", default, skip_serializing_if = "Option::is_none")]
    pub outcome: Option<Outcome>,
    /// Why the saga failed, as the state machine caught it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<Caught>,
}

/// What became of it. None of these is a failure of ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum Outcome {
    /// They are where the link led.
    Stored {
        bytes: u64,
        /// There was more than we take.
        truncated: bool,
    },
    /// There is no container that could have printed anything.
    NothingThere,
    /// Its worker takes no commands, or did not answer in time.
    NotReached,
}

impl Saga {
    pub fn of(project: &Project, id: LogsId, tail: u32, since: Option<Timestamp>) -> Self {
        Self {
            project_id: project.id.clone(),
            tenant_id: project.tenant_id.clone(),
            attempt: project.attempt,
            reservation_id: project.id.reservation(project.attempt),
            id,
            tail,
            since,
            located: None,
            outcome: None,
            error: None,
        }
    }

    /// The execution's name, which is its idempotency key.
    pub fn execution_name(project: &ProjectId, id: &LogsId) -> String {
        format!("logs-{project}-{}", id.body())
    }

    pub fn worker(&self) -> Option<&ReadyWorker> {
        self.located.as_ref()?.worker.as_ref()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_outcome_reads_as_agreed() {
        let stored = Outcome::Stored { bytes: 7, truncated: false };
        let cases = [
            (stored, r#"{"outcome":"stored","bytes":7,"truncated":false}"#),
            (Outcome::NothingThere, r#"{"outcome":"nothing_there"}"#),
            (Outcome::NotReached, r#"{"outcome":"not_reached"}"#),
        ];
        for (outcome, wire) in cases {
            assert_eq!(serde_json::to_string(&outcome).unwrap(), wire);
            assert_eq!(serde_json::from_str::<Outcome>(wire).unwrap(), outcome);
        }
    }

    #[test]
    fn a_time_is_one_that_the_worker_understands() {
        for (text, is_time) in [
            ("2026-11-21T20:00:00Z", true),
            ("2026-11-21T20:00:00.25+01:00", true),
            ("9999-12-30T00:00:00Z", true),
            ("-000001-01-01T00:00:00Z", false),
            ("1969-12-31T23:59:59Z", false),
            ("yesterday", false),
            ("", false),
        ] {
            assert_eq!(read_since(text).is_ok(), is_time, "{text}");
        }
    }

    #[test]
    fn a_name_holds_the_longest_ids() {
        let longest = "a".repeat(domain::id::MAX_BODY_LEN);
        let project = ProjectId::new(&longest[..20]).unwrap();
        let name = Saga::execution_name(&project, &LogsId::new(&longest).unwrap());
        assert!(name.len() <= 80, "Step Functions takes no longer one: {name}");
    }
}
