//! Which event each step is.

use crate::{configuration, reason};
use contracts::{configure::Saga as ConfigureSaga, provision::Saga};
use domain::project::Event;
use ports::{
    Unavailable,
    clock::Clock,
    configurations::Configurations,
    projects::{ChangeError, Projects},
    sagas::Sagas,
};
use runtime::fault::{Classify, Fault};
use serde::Deserialize;

/// What a state machine sends.
#[derive(Clone, Debug, Deserialize)]
#[serde(tag = "step", content = "saga")]
pub enum Call {
    Begin(Saga),
    UndoBegin(Saga),
    Finish(Saga),
    UndoFinish(Saga),
    RecordApplied(ConfigureSaga),
    UndoConfigure(ConfigureSaga),
}

/// Everything outside that the steps need.
pub struct World<'a, P, N, S, C> {
    pub projects: &'a P,
    pub configurations: &'a N,
    /// Executions that bring configurations to instances.
    pub configures: &'a S,
    pub clock: &'a C,
}

#[derive(Debug, thiserror::Error)]
pub enum StepError {
    #[error("could not record how far the project has come")]
    Change(#[from] ChangeError),
    #[error("could not record what its instance has taken over")]
    Configuration(#[from] Unavailable),
}

impl Classify for StepError {
    fn fault(&self) -> Fault {
        match self {
            Self::Configuration(_)
            | Self::Change(ChangeError::LostRace | ChangeError::Unavailable(_)) => Fault::Retryable,
            Self::Change(
                ChangeError::Unknown(_)
                | ChangeError::Illegal(_)
                | ChangeError::Fenced { .. }
                | ChangeError::OtherSubscription,
            ) => Fault::Terminal,
        }
    }
}

pub async fn handle<P: Projects, N: Configurations, S: Sagas, C: Clock>(
    world: &World<'_, P, N, S, C>,
    call: &Call,
) -> Result<(), StepError> {
    let projects = world.projects;
    match call {
        Call::Begin(saga) => change(projects, saga, Event::ProvisioningBegan, None).await,
        Call::Finish(saga) => {
            change(projects, saga, Event::ProvisioningFinished, None).await?;
            Ok(configuration::catch_up(world, saga).await?)
        }
        Call::UndoFinish(saga) => undo(projects, saga, Event::FinishUndone, None).await,
        Call::UndoBegin(saga) => {
            let reason = reason::for_owner(saga);
            // A Finish that timed out may have landed since its own undo.
            undo(projects, saga, Event::FinishUndone, None).await?;
            undo(projects, saga, Event::ProvisioningFailed, Some(reason)).await
        }
        Call::RecordApplied(saga) => configuration::record(world, saga).await,
        Call::UndoConfigure(saga) => configuration::record_failed(world, saga).await,
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
        Err(StepError::Change(
            ChangeError::Unknown(_) | ChangeError::Illegal(_) | ChangeError::Fenced { .. },
        )) => Ok(()),
        other => other,
    }
}
