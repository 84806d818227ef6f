//! Executions of state machines.

use crate::Unavailable;
use jiff::Timestamp;

pub trait Sagas {
    /// Starts the execution called `name` with `input` (JSON).
    ///
    /// The name is the idempotency key: an execution of that name that exists already is success.
    fn ensure_started(
        &self,
        name: &str,
        input: &str,
    ) -> impl Future<Output = Result<(), Unavailable>> + Send;

    /// The steps of the execution called `name` so far, oldest first. Empty if it never started.
    fn history(&self, name: &str)
    -> impl Future<Output = Result<Vec<StepRun>, Unavailable>> + Send;

    /// How the execution called `name` stands. `None`: it never started, as far as anybody knows; what
    /// ended months ago is forgotten.
    fn course(
        &self,
        name: &str,
    ) -> impl Future<Output = Result<Option<Course>, Unavailable>> + Send;

    /// The state that the execution called `name` ended well with, as JSON. `None`: it has not, so far or
    /// ever, as far as anybody knows.
    fn result(
        &self,
        name: &str,
    ) -> impl Future<Output = Result<Option<String>, Unavailable>> + Send;

    /// When executions of this state machine failed, newest first, none before `since`.
    ///
    /// Of a few hundred failures the oldest may be left out. What was aborted by hand, or ran out of
    /// time, is no failure.
    fn failures_since(
        &self,
        since: Timestamp,
    ) -> impl Future<Output = Result<Vec<Timestamp>, Unavailable>> + Send;
}

/// How far an execution has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Course {
    Running,
    /// Well or not: it left nothing behind that it had not meant to.
    Ended {
        at: Timestamp,
    },
    /// It could not undo what it had done. A person goes on with it.
    Stuck,
}

/// One step of an execution, as its own history tells it. Retries of a step are one run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StepRun {
    pub name: String,
    pub outcome: Outcome,
    pub began_at: Timestamp,
    /// `None` while it runs.
    pub ended_at: Option<Timestamp>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    Running,
    Done,
    Failed,
}
