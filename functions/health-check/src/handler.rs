//! One command that waits on the worker, so that nothing polls across the network.

use contracts::{
    provision::{Call, Saga},
    worker::{Exit, await_started},
};
use ports::commands::{CommandError, Commands};
use runtime::fault::{Classify, Fault};
use serde::Deserialize;
use std::time::Duration;

/// How long the worker waits for the gateway. The slowest start measured took 54 s.
const WAIT: Duration = Duration::from_secs(100);
/// Delivery of the command and its way back.
const SLACK: Duration = Duration::from_secs(20);

#[derive(Clone, Copy, Debug, Deserialize)]
pub enum Step {
    CheckHealth,
}

#[derive(Debug, thiserror::Error)]
pub enum HealthError {
    #[error("the saga has not said where the instance is")]
    Nowhere,
    #[error("the gateway ended instead of starting: {0}")]
    Ended(String),
    #[error("the gateway has not started yet")]
    NotYet,
    #[error("could not ask the worker")]
    Command(#[from] CommandError),
}

impl Classify for HealthError {
    fn fault(&self) -> Fault {
        match self {
            Self::Nowhere | Self::Ended(_) => Fault::Terminal,
            Self::NotYet | Self::Command(_) => Fault::Retryable,
        }
    }
}

pub async fn handle(commands: &impl Commands, call: &Call<Step>) -> Result<(), HealthError> {
    match call.step {
        Step::CheckHealth => check(commands, &call.saga).await,
    }
}

async fn check(commands: &impl Commands, saga: &Saga) -> Result<(), HealthError> {
    let worker = saga.worker.as_ref().ok_or(HealthError::Nowhere)?;
    let argv = await_started(&saga.project_id, saga.attempt, saga.plan.plan().limits, WAIT);
    let finished = commands.run(&worker.machine_id, &argv, WAIT + SLACK).await?;
    match Exit::from(finished.exit_code) {
        Exit::Done => Ok(()),
        Exit::NotYet | Exit::Unknown(_) => Err(HealthError::NotYet),
        Exit::Crashed | Exit::BadConfiguration | Exit::Fenced | Exit::Misused => {
            Err(HealthError::Ended(finished.stderr))
        }
    }
}
