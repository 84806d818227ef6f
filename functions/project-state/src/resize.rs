//! An instance has another plan, where it is or elsewhere.

use crate::handler::{StepError, World, done};
use contracts::{halt::Saga as HaltSaga, resize::Saga};
use domain::project::{Project, Purpose, State};
use ports::{Unavailable, projects::Projects, sagas::Sagas};

/// One that moves is under its new plan when it runs there.
pub(crate) async fn finish(projects: &impl Projects, saga: &Saga) -> Result<(), StepError> {
    if saga.worker().is_none() {
        return Ok(());
    }
    done(projects.record_plan(&saga.project_id, saga.attempt, saga.change()).await)
}

/// Undo of [`finish`].
pub(crate) async fn take_back(projects: &impl Projects, saga: &Saga) -> Result<(), StepError> {
    done(projects.record_plan_undone(&saga.project_id, saga.attempt, saga.change()).await)
}

/// Has the instance halted where it is, to run elsewhere. One that does not run any more, or has its
/// plan already, goes nowhere.
pub(crate) async fn move_instead<P: Projects, N, S: Sagas, C>(
    world: &World<'_, P, N, S, C>,
    saga: &Saga,
) -> Result<(), StepError> {
    let found = world.projects.find(&saga.project_id).await?;
    let Some(project) = found.filter(|it| is_to_move(it, saga)) else { return Ok(()) };
    let halt = HaltSaga::of(&project, Purpose::Move { plan: saga.to });
    let input = serde_json::to_string(&halt).map_err(|it| Unavailable::new("the input", it))?;
    Ok(world.halts.ensure_started(&halt.execution_name(), &input).await?)
}

fn is_to_move(project: &Project, saga: &Saga) -> bool {
    let is_there = project.state == State::Running && project.attempt == saga.attempt;
    is_there && project.plan != saga.to
}
