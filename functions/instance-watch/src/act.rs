//! What was decided is done, each duty under a name that makes a repeat harmless.

use crate::{
    handler::WatchError,
    words::reason,
    world::{Ports, World},
};
use contracts::{halt, mail::Letter, restart, routes::WakeUp};
use domain::{
    health::{Case, Duty, News, Trouble},
    project::{Event, Project, Purpose, State},
};
use jiff::Timestamp;
use ports::{
    accounts::Accounts,
    cases::{Cases, KeepError},
    projects::{ChangeError, Projects},
    queue::Queue,
    routes::{Change, RecordError, RouteLog},
    sagas::Sagas,
};

/// Does what `case` owes, and notes that it is done. Until then nobody judges the instance anew.
pub(crate) async fn settle<P: Ports>(
    world: &World<'_, P>,
    project: Option<&Project>,
    case: &Case,
) -> Result<(), WatchError> {
    if case.owed.is_empty() {
        return Ok(());
    }
    if let Some(project) = project {
        for duty in &case.owed {
            perform(world, project, case, *duty).await?;
        }
    }
    match world.cases.keep(&case.settled()).await {
        Ok(_) | Err(KeepError::LostRace) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

async fn perform<P: Ports>(
    world: &World<'_, P>,
    project: &Project,
    case: &Case,
    duty: Duty,
) -> Result<(), WatchError> {
    // What its owner or a saga has done meanwhile counts.
    let is_here = project.state == State::Running && project.attempt == case.attempt;
    match duty {
        Duty::Tell { news } => tell(world, project, news).await,
        Duty::Restart { asked_at } if is_here => start_again(world, project, asked_at).await,
        Duty::Move if is_here => go_elsewhere(world, project).await,
        Duty::GiveUp { trouble } => give_up(world, project, case.attempt, trouble).await,
        Duty::Restart { .. } | Duty::Move => Ok(()),
    }
}

async fn start_again<P: Ports>(
    world: &World<'_, P>,
    project: &Project,
    asked_at: Timestamp,
) -> Result<(), WatchError> {
    let saga = restart::Saga::of(project, asked_at);
    let input = serde_json::to_string(&saga)?;
    world.restarts.ensure_started(&saga.execution_name(), &input).await?;
    tracing::warn!(project.id = %project.id, project.attempt, "instance started again");
    Ok(())
}

/// With what it has: a halt takes the volume, or what is left of it, along.
async fn go_elsewhere<P: Ports>(world: &World<'_, P>, project: &Project) -> Result<(), WatchError> {
    let saga = halt::Saga::of(project, Purpose::Move { plan: project.plan });
    let input = serde_json::to_string(&saga)?;
    world.halts.ensure_started(&saga.execution_name(), &input).await?;
    tracing::warn!(project.id = %project.id, project.attempt, "instance placed anew");
    Ok(())
}

/// Its container goes by the reaper, once nothing stands behind it.
async fn give_up<P: Ports>(
    world: &World<'_, P>,
    project: &Project,
    attempt: u32,
    trouble: Trouble,
) -> Result<(), WatchError> {
    // Given up already: by a look that came no further than that.
    if project.attempt != attempt || !matches!(project.state, State::Running | State::Error) {
        return Ok(());
    }
    let (id, why) = (&project.id, Some(reason(trouble)));
    match world.projects.change(id, attempt, Event::InstanceLost, why).await {
        Ok(_) => {
            tracing::error!(project.id = %id, attempt, ?trouble, "instance given up");
            show_failed(world, project).await
        }
        // It has gone on without this attempt.
        Err(ChangeError::Unknown(_) | ChangeError::Fenced { .. } | ChangeError::Illegal(_)) => {
            Ok(())
        }
        Err(error) => Err(error.into()),
    }
}

async fn show_failed<P: Ports>(world: &World<'_, P>, project: &Project) -> Result<(), WatchError> {
    let change = Change::closed(project.host.clone(), project.id.clone(), project.attempt);
    match world.routes.record(&change).await {
        Ok(at) => Ok(world.wake_ups.send(&WakeUp { sequence: at.sequence }).await?),
        // The host shows a later attempt.
        Err(RecordError::Fenced { .. }) => Ok(()),
        Err(RecordError::Unavailable(cause)) => Err(cause.into()),
    }
}

async fn tell<P: Ports>(
    world: &World<'_, P>,
    project: &Project,
    news: News,
) -> Result<(), WatchError> {
    if let News::Unwell { trouble } = news {
        tracing::error!(project.id = %project.id, project.attempt, ?trouble, "instance unwell");
    }
    let Some(to) = world.accounts.find_owner_address(&project.tenant_id).await? else {
        tracing::warn!(project.id = %project.id, "it has no owner to tell");
        return Ok(());
    };
    let letter = Letter::Health {
        to: to.as_str().to_owned(),
        project_id: project.id.clone(),
        project_name: project.name.as_str().to_owned(),
        news,
    };
    Ok(world.letters.send(&letter).await?)
}
