//! Which event each step is.

use crate::reason;
use contracts::provision::{Call, Saga};
use domain::project::Event;
use ports::projects::{ChangeError, Projects};
use runtime::fault::{Classify, Fault};
use serde::Deserialize;

#[derive(Clone, Copy, Debug, Deserialize)]
pub enum Step {
    Begin,
    UndoBegin,
    Finish,
    UndoFinish,
}

#[derive(Debug, thiserror::Error)]
#[error("could not record how far the project has come")]
pub struct StepError(#[from] ChangeError);

impl Classify for StepError {
    fn fault(&self) -> Fault {
        match self.0 {
            ChangeError::LostRace | ChangeError::Unavailable(_) => Fault::Retryable,
            ChangeError::Unknown(_)
            | ChangeError::Illegal(_)
            | ChangeError::Fenced { .. }
            | ChangeError::OtherSubscription => Fault::Terminal,
        }
    }
}

pub async fn handle(projects: &impl Projects, call: &Call<Step>) -> Result<(), StepError> {
    let saga = &call.saga;
    match call.step {
        Step::Begin => change(projects, saga, Event::ProvisioningBegan, None).await,
        Step::Finish => change(projects, saga, Event::ProvisioningFinished, None).await,
        Step::UndoFinish => undo(projects, saga, Event::FinishUndone, None).await,
        Step::UndoBegin => {
            let reason = reason::for_owner(saga);
            // A Finish that timed out may have landed since its own undo.
            undo(projects, saga, Event::FinishUndone, None).await?;
            undo(projects, saga, Event::ProvisioningFailed, Some(reason)).await
        }
    }
}

async fn change(
    projects: &impl Projects,
    saga: &Saga,
    event: Event,
    reason: Option<&str>,
) -> Result<(), StepError> {
    projects.change(&saga.project_id, saga.attempt, event, reason).await?;
    Ok(())
}

/// A project that is where the undo cannot touch it is not this saga's any more: nothing to undo.
async fn undo(
    projects: &impl Projects,
    saga: &Saga,
    event: Event,
    reason: Option<&str>,
) -> Result<(), StepError> {
    match change(projects, saga, event, reason).await {
        Err(StepError(
            ChangeError::Unknown(_) | ChangeError::Illegal(_) | ChangeError::Fenced { .. },
        )) => Ok(()),
        other => other,
    }
}
