//! An instance comes to rest, and where its project goes on.

use crate::handler::{StepError, World, done};
use contracts::{halt::Saga, provision::Saga as ProvisionSaga};
use domain::project::{Project, Purpose, State};
use ports::{Unavailable, projects::Projects, sagas::Sagas};

pub(crate) async fn begin(projects: &impl Projects, saga: &Saga) -> Result<(), StepError> {
    done(projects.record_halting(&saga.project_id, saga.attempt, saga.number).await)
}

/// Undo of [`begin`].
pub(crate) async fn take_back(projects: &impl Projects, saga: &Saga) -> Result<(), StepError> {
    done(projects.record_halt_undone(&saga.project_id, saga.attempt, saga.number).await)
}

/// From here on nothing is taken back: what the saga has left undone, others finish.
pub(crate) async fn finish(projects: &impl Projects, saga: &Saga) -> Result<(), StepError> {
    let backup = saga.archived.as_ref().and_then(|it| it.backup.as_ref());
    let (id, attempt, purpose) = (&saga.project_id, saga.attempt, saga.purpose);
    done(projects.record_halted(id, attempt, purpose, backup).await)
}

/// Starts the provisioning of a project that goes on elsewhere, or from an earlier backup.
pub(crate) async fn go_on<P: Projects, N, S: Sagas, C>(
    world: &World<'_, P, N, S, C>,
    saga: &Saga,
) -> Result<(), StepError> {
    let found = world.projects.find(&saga.project_id).await?;
    let Some(project) = found.filter(|it| waits_to_go_on(it, saga)) else { return Ok(()) };
    let name = ProvisionSaga::execution_name(&project.id, project.attempt);
    let away_since = saga.located.as_ref().and_then(|it| it.at);
    let input = serde_json::to_string(&ProvisionSaga { away_since, ..ProvisionSaga::of(&project) });
    let input = input.map_err(|it| Unavailable::new("the input", it))?;
    Ok(world.provisions.ensure_started(&name, &input).await?)
}

fn waits_to_go_on(project: &Project, saga: &Saga) -> bool {
    let goes_on = match saga.purpose {
        Purpose::Move { .. } | Purpose::Restore { .. } => true,
        Purpose::Suspend | Purpose::Stop | Purpose::Sleep => false,
    };
    goes_on && project.state == State::Pending && project.attempt == saga.attempt + 1
}
