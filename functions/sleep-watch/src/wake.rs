//! One project is woken.

use crate::{
    handler::WatchError,
    world::{Ports, World},
};
use contracts::{provision, wake::Wake};
use domain::{
    project::{Project, State},
    sleep::Rest,
};
use jiff::SignedDuration;
use ports::{
    clock::Clock,
    projects::{ChangeError, Projects},
    queue::DelayedQueue,
    rests::{KeepError, Rests},
    sagas::Sagas,
};
use std::time::Duration;

/// Who falls asleep cannot be woken before it sleeps. So often is looked whether it does.
const AGAIN: Duration = Duration::from_secs(5);
/// A halt that takes longer has failed, and somebody is at it.
const HALT_MAX: SignedDuration = SignedDuration::from_mins(20);

/// Somebody came to the host of `project`, which is asleep as far as an edge knows.
pub(crate) async fn answer<P: Ports>(
    world: &World<'_, P>,
    project: &Project,
) -> Result<(), WatchError> {
    let rest = world.rests.find(&project.id).await?;
    let falls = |it: &Rest| {
        let is_its = project.state == State::Halting && it.attempt == project.attempt;
        is_its && world.clock.now().duration_since(it.since) < HALT_MAX
    };
    if rest.as_ref().is_some_and(falls) {
        let host = project.host.clone();
        return Ok(world.wakes.send_after(AGAIN, &Wake { host }).await?);
    }
    wake(world, project, rest.as_ref(), "a visitor").await
}

/// Has a project that sleeps run again, or go on with that. Any other stays as it is.
pub(crate) async fn wake<P: Ports>(
    world: &World<'_, P>,
    project: &Project,
    rest: Option<&Rest>,
    because: &str,
) -> Result<(), WatchError> {
    match project.state {
        State::Asleep => {
            if let Some(rest) = rest {
                count(world, rest).await?;
            }
            let started = match world.projects.request_start(&project.id).await {
                Ok(started) => started,
                // Somebody else was faster: it is on its way, or may not run any more.
                Err(ChangeError::Illegal(_) | ChangeError::Unknown(_)) => return Ok(()),
                Err(error) => return Err(error.into()),
            };
            tracing::info!(project.id = %project.id, started.attempt, because, "instance woken");
            provision(world, &started).await
        }
        // A wake that came no further.
        State::Pending if rest.is_some_and(|it| it.attempt + 1 == project.attempt) => {
            provision(world, project).await
        }
        _ => Ok(()),
    }
}

/// It is patient for longer from now on.
async fn count<P: Ports>(world: &World<'_, P>, rest: &Rest) -> Result<(), WatchError> {
    let woken = rest.woken(world.clock.now());
    if woken == *rest {
        return Ok(());
    }
    match world.rests.keep(&woken).await {
        Ok(_) | Err(KeepError::LostRace) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

async fn provision<P: Ports>(world: &World<'_, P>, project: &Project) -> Result<(), WatchError> {
    let name = provision::Saga::execution_name(&project.id, project.attempt);
    let input = serde_json::to_string(&provision::Saga::of(project))?;
    Ok(world.provisions.ensure_started(&name, &input).await?)
}
