//! The one step, and how it fails.

use contracts::erase::Saga;
use domain::{
    id::ProjectId,
    project::{Project, State},
};
use ports::{
    Unavailable,
    backups::Backups,
    configurations::{Configurations, ReplaceError},
    erasure::Erasure,
    projects::Projects,
};
use runtime::fault::{Classify, Fault};
use serde::Deserialize;

/// What the state machine sends.
#[derive(Clone, Debug, Deserialize)]
#[serde(tag = "step", content = "saga")]
pub enum Call {
    EraseData(Saga),
}

/// Everything that keeps something of a project.
#[derive(Debug)]
pub struct World<'a, P, N, B, E> {
    pub projects: &'a P,
    pub configurations: &'a N,
    pub backups: &'a B,
    pub erasure: &'a E,
}

#[derive(Debug, thiserror::Error)]
pub enum EraseError {
    #[error("`{0}` is not being deleted, or by somebody else")]
    NotDeleting(ProjectId),
    #[error("could not give back what the configuration claims")]
    Configuration(#[from] ReplaceError),
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

impl Classify for EraseError {
    fn fault(&self) -> Fault {
        match self {
            Self::NotDeleting(_) => Fault::Terminal,
            Self::Configuration(_) | Self::Unavailable(_) => Fault::Retryable,
        }
    }
}

/// Erases, whatever of it an earlier call has erased. A project that is deleted is left as it is.
pub async fn handle<P, N, B, E>(
    world: &World<'_, P, N, B, E>,
    call: &Call,
) -> Result<(), EraseError>
where
    P: Projects,
    N: Configurations,
    B: Backups,
    E: Erasure,
{
    let Call::EraseData(saga) = call;
    let project = world.projects.find(&saga.project_id).await?;
    let ours = |it: &Project| it.tenant_id == saga.tenant_id && it.attempt == saga.attempt;
    match project.filter(ours).map(|it| it.state) {
        Some(State::Deleting) => erase(world, &saga.project_id).await,
        Some(State::Deleted) => Ok(()),
        _ => Err(EraseError::NotDeleting(saga.project_id.clone())),
    }
}

/// What is claimed goes first: only the configuration knows what that is.
async fn erase<P, N: Configurations, B: Backups, E: Erasure>(
    world: &World<'_, P, N, B, E>,
    project: &ProjectId,
) -> Result<(), EraseError> {
    if let Some(before) = world.configurations.find(project).await? {
        world.configurations.replace(&before, &before.cleared()).await?;
    }
    world.backups.erase(project).await?;
    Ok(world.erasure.forget(project).await?)
}
