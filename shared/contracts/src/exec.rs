//! The saga that runs an operator's command in an instance: its input, and what its steps leave.

use crate::{
    inspect::Located,
    provision::{Caught, ReadyWorker},
};
use domain::{
    id::{ProjectId, ReservationId},
    project::Project,
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// How long a command may take at most.
pub const MAX_WAIT_S: u32 = 300;
/// Who does not say gets so long.
pub const USUAL_WAIT_S: u32 = 30;
/// Of a command as JSON: in base64 it still fits into one argument of the worker's.
pub const MAX_ARGV_BYTES: usize = 2_900;

/// What an operator wants to be run, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Order {
    /// Words, and never a line for a shell.
    pub argv: Vec<String>,
    /// In words for whoever reads the audit.
    pub reason: String,
    pub who: String,
    pub wait_s: u32,
}

/// The state of one execution. It holds what was printed, without the instance's own secrets.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Saga {
    pub project_id: ProjectId,
    /// Of the provisioning whose instance is meant.
    pub attempt: u32,
    pub reservation_id: ReservationId,
    /// When it was ordered, in milliseconds. Only grows: the worker runs each number once, and none that
    /// is lower than the last.
    pub number: u64,
    pub order: Order,
    #[serde(rename = "FindInstance", default, skip_serializing_if = "Option::is_none")]
    pub located: Option<Located>,
    #[serde(rename = "RunCommand", default, skip_serializing_if = "Option::is_none")]
    pub outcome: Option<Outcome>,
    /// Why the saga failed, as the state machine caught it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<Caught>,
}

/// What became of the command.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum Outcome {
    Ended(Ended),
    /// It began, and whoever watched over it was killed: nobody knows how far it came.
    Interrupted,
    /// It did not run: there is no instance that could run it.
    NothingRuns,
    /// The worker takes no commands now. It did not run, unless an earlier try was cut off.
    NotReached,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ended {
    pub exit_code: i32,
    /// It was ended, with all that it had started.
    pub timed_out: bool,
    /// The beginning of it, at most 8 KiB.
    pub stdout: String,
    pub stderr: String,
    /// One of the two was longer.
    pub truncated: bool,
}

impl Saga {
    pub fn of(project: &Project, order: Order, at: Timestamp) -> Self {
        Self {
            project_id: project.id.clone(),
            attempt: project.attempt,
            reservation_id: project.id.reservation(project.attempt),
            number: at.as_millisecond().try_into().unwrap_or_default(),
            order,
            located: None,
            outcome: None,
            error: None,
        }
    }

    /// The execution's name, which is its idempotency key.
    pub fn execution_name(project: &ProjectId, number: u64) -> String {
        format!("exec-{project}-{number}")
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
        let ended = Ended {
            exit_code: 3,
            timed_out: false,
            stdout: "a\n".to_owned(),
            stderr: String::new(),
            truncated: false,
        };
        let cases = [
            (
                Outcome::Ended(ended),
                r#"{"outcome":"ended","exit_code":3,"timed_out":false,"stdout":"a\n","stderr":"","truncated":false}"#,
            ),
            (Outcome::Interrupted, r#"{"outcome":"interrupted"}"#),
            (Outcome::NothingRuns, r#"{"outcome":"nothing_runs"}"#),
            (Outcome::NotReached, r#"{"outcome":"not_reached"}"#),
        ];
        for (outcome, wire) in cases {
            assert_eq!(serde_json::to_string(&outcome).unwrap(), wire);
            assert_eq!(serde_json::from_str::<Outcome>(wire).unwrap(), outcome);
        }
    }
}
