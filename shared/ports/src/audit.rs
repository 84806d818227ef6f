//! What operators did inside of instances, for whoever asks later.

use crate::Unavailable;
use contracts::exec::{Order, Outcome, Saga};
use domain::id::ProjectId;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

pub trait Audit {
    /// Keeps that a command is about to be run, for good. The first entry of a project and number stays.
    async fn record(&self, entry: &Entry) -> Result<(), Unavailable>;

    /// Keeps what became of it. A repeat replaces what it said.
    async fn conclude(&self, entry: &Entry) -> Result<(), Unavailable>;

    /// All entries, oldest first.
    async fn list(&self) -> Result<Vec<Entry>, Unavailable>;
}

/// One command.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    pub project_id: ProjectId,
    pub number: u64,
    pub at: Timestamp,
    pub who: String,
    pub reason: String,
    pub argv: Vec<String>,
    pub verdict: Verdict,
}

/// What became of a command. What it printed is not kept here.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "verdict", rename_all = "snake_case")]
pub enum Verdict {
    /// Nobody has said yet.
    Begun,
    Ended {
        exit_code: i32,
        timed_out: bool,
    },
    Interrupted,
    NothingRuns,
    NotReached,
    /// Its execution failed: whether it ran is not known.
    Unknown,
}

impl Entry {
    pub fn of(saga: &Saga, verdict: Verdict) -> Self {
        let Order { argv, reason, who, wait_s: _ } = saga.order.clone();
        let at = i64::try_from(saga.number).unwrap_or_default();
        Self {
            project_id: saga.project_id.clone(),
            number: saga.number,
            at: Timestamp::from_millisecond(at).unwrap_or_default(),
            who,
            reason,
            argv,
            verdict,
        }
    }
}

impl From<&Outcome> for Verdict {
    fn from(outcome: &Outcome) -> Self {
        match outcome {
            Outcome::Ended(it) => Self::Ended { exit_code: it.exit_code, timed_out: it.timed_out },
            Outcome::Interrupted => Self::Interrupted,
            Outcome::NothingRuns => Self::NothingRuns,
            Outcome::NotReached => Self::NotReached,
        }
    }
}
