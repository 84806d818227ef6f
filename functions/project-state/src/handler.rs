//! Which event each step is.

use crate::{configuration, halt, reason, resize};
use contracts::{
    configure::Saga as ConfigureSaga, erase::Saga as EraseSaga, halt::Saga as HaltSaga,
    provision::Saga, resize::Saga as ResizeSaga,
};
use domain::project::{Event, Project};
use jiff::Timestamp;
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
    BeginHalt(HaltSaga),
    UndoBeginHalt(HaltSaga),
    FinishHalt(HaltSaga),
    Continue(HaltSaga),
    FinishResize(ResizeSaga),
    UndoFinishResize(ResizeSaga),
    MoveInstead(ResizeSaga),
    BeginErase(EraseSaga),
    FinishErase(EraseSaga),
}

/// Everything outside that the steps need.
pub struct World<'a, P, N, S, C> {
    pub projects: &'a P,
    pub configurations: &'a N,
    /// Executions that bring configurations to instances.
    pub configures: &'a S,
    /// Executions that bring projects to where they run.
    pub provisions: &'a S,
    /// Executions that bring instances to rest.
    pub halts: &'a S,
    pub clock: &'a C,
}

#[derive(Debug, thiserror::Error)]
pub enum StepError {
    #[error("could not record how far the project has come")]
    Change(#[from] ChangeError),
    #[error("could not record what its instance has taken over, or start what comes next")]
    Next(#[from] Unavailable),
}

impl Classify for StepError {
    fn fault(&self) -> Fault {
        match self {
            Self::Next(_) | Self::Change(ChangeError::LostRace | ChangeError::Unavailable(_)) => {
                Fault::Retryable
            }
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
            tell_absence(world.clock.now(), saga);
            Ok(configuration::catch_up(world, saga).await?)
        }
        Call::UndoFinish(saga) => {
            unless_elsewhere(change(projects, saga, Event::FinishUndone, None).await)
        }
        Call::UndoBegin(saga) => {
            let reason = reason::for_owner(saga);
            // A Finish that timed out may have landed since its own undo.
            unless_elsewhere(change(projects, saga, Event::FinishUndone, None).await)?;
            let failed = change(projects, saga, Event::ProvisioningFailed, Some(reason)).await;
            unless_elsewhere(failed)
        }
        Call::RecordApplied(saga) => configuration::record(world, saga).await,
        Call::UndoConfigure(saga) => configuration::record_failed(world, saga).await,
        Call::BeginHalt(saga) => halt::begin(projects, saga).await,
        Call::UndoBeginHalt(saga) => {
            unless_elsewhere(halt::take_back(projects, saga).await)?;
            Ok(configuration::catch_up_after_halt(world, saga).await?)
        }
        Call::FinishHalt(saga) => halt::finish(projects, saga).await,
        Call::Continue(saga) => halt::go_on(world, saga).await,
        Call::FinishResize(saga) => resize::finish(projects, saga).await,
        Call::UndoFinishResize(saga) => unless_elsewhere(resize::take_back(projects, saga).await),
        Call::MoveInstead(saga) => resize::move_instead(world, saga).await,
        Call::BeginErase(saga) => begin_erase(projects, saga).await,
        Call::FinishErase(saga) => finish_erase(projects, saga).await,
    }
}

/// How long a move has kept an instance from its owner. A repeated step says so again, a little later.
fn tell_absence(now: Timestamp, saga: &Saga) {
    if let Some(since) = saga.away_since {
        let away_s = now.duration_since(since).as_secs();
        tracing::info!(project.id = %saga.project_id, attempt = saga.attempt, away_s, "runs elsewhere");
    }
}

async fn change(
    projects: &impl Projects,
    saga: &Saga,
    event: Event,
    reason: Option<&str>,
) -> Result<(), StepError> {
    done(projects.change(&saga.project_id, saga.attempt, event, reason).await)
}

/// Refused once somebody else pays for it: from here on there is no way back.
async fn begin_erase(projects: &impl Projects, saga: &EraseSaga) -> Result<(), StepError> {
    let payer = saga.subscription_id.as_deref();
    done(projects.record_deleting(&saga.project_id, saga.attempt, payer).await)
}

async fn finish_erase(projects: &impl Projects, saga: &EraseSaga) -> Result<(), StepError> {
    done(projects.change(&saga.project_id, saga.attempt, Event::Deleted, None).await)
}

pub(crate) fn done(changed: Result<Project, ChangeError>) -> Result<(), StepError> {
    changed?;
    Ok(())
}

/// A project that is where the undo cannot touch it is not this saga's any more: nothing to undo.
fn unless_elsewhere(undone: Result<(), StepError>) -> Result<(), StepError> {
    match undone {
        Err(StepError::Change(
            ChangeError::Unknown(_) | ChangeError::Illegal(_) | ChangeError::Fenced { .. },
        )) => Ok(()),
        other => other,
    }
}
