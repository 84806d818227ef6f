//! Commands on workers.

use crate::Unavailable;
use std::time::Duration;

pub trait Commands {
    /// Runs `argv` on the machine and waits for its end, or for `patience` to run out. The machine ends
    /// what has then run for `patience`; what was delivered late may go on a little after we are gone.
    ///
    /// Not idempotent by itself: commands must be, or carry a key by which the machine knows a repeat. Nothing secret goes into `argv`, which both the
    /// provider and the machine keep in their histories.
    async fn run(
        &self,
        machine_id: &str,
        argv: &[String],
        patience: Duration,
    ) -> Result<Finished, CommandError>;
}

/// A command that came to its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finished {
    pub exit_code: i32,
    /// The first 24,000 characters.
    pub stdout: String,
    pub stderr: String,
}

#[derive(Debug, thiserror::Error)]
pub enum CommandError {
    /// The machine does not take commands: not yet, or not any more. This one was not delivered, and
    /// nothing of it ran.
    #[error("machine `{0}` takes no commands")]
    Unreachable(String),
    /// It was sent, and nobody knows how it ended or whether it does still: its time ran out, or we lost
    /// sight of it. Send it again: it is idempotent.
    #[error("the command has not ended in time")]
    TimedOut,
    /// Nobody knows whether it was sent.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}
