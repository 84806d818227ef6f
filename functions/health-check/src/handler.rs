//! One command that waits on the worker, so that nothing polls across the network.

use contracts::{
    blank::{GENERATION, Saga as BlankSaga},
    provision::{ReadyWorker, Saga},
    worker::{Exit, await_started, warm},
};
use domain::worker::Holder;
use ports::commands::{CommandError, Commands};
use runtime::fault::{Classify, Fault};
use serde::Deserialize;
use std::time::Duration;

/// How long the worker waits for the gateway. The slowest start measured took 54 s.
const WAIT: Duration = Duration::from_secs(100);
/// Delivery of the command and its way back.
const SLACK: Duration = Duration::from_secs(20);

/// What a state machine sends.
#[derive(Clone, Debug, Deserialize)]
#[serde(tag = "step", content = "saga")]
pub enum Call {
    CheckHealth(Saga),
    WarmBlank(BlankSaga),
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

pub async fn handle(commands: &impl Commands, call: &Call) -> Result<(), HealthError> {
    let (worker, argv) = match call {
        Call::CheckHealth(saga) => {
            let holder = Holder::from(saga.project_id.clone());
            (&saga.worker, await_started(&holder, saga.attempt, saga.plan.plan().limits, WAIT))
        }
        Call::WarmBlank(saga) => {
            let holder = Holder::from(saga.blank_id.clone());
            (&saga.worker, warm(&holder, GENERATION, saga.plan.plan().limits, WAIT))
        }
    };
    ask(commands, worker.as_ref().ok_or(HealthError::Nowhere)?, &argv).await
}

async fn ask(
    commands: &impl Commands,
    worker: &ReadyWorker,
    argv: &[String],
) -> Result<(), HealthError> {
    let finished = commands.run(&worker.node_id, argv, WAIT + SLACK).await?;
    match Exit::from(finished.exit_code) {
        Exit::Done => Ok(()),
        Exit::NotYet | Exit::Unknown(_) => Err(HealthError::NotYet),
        Exit::Crashed
        | Exit::BadConfiguration
        | Exit::BadBackup
        | Exit::Fenced
        | Exit::Gone
        | Exit::Misused => Err(HealthError::Ended(finished.stderr)),
    }
}
