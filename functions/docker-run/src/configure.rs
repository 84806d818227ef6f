//! Bring the newest configuration to an instance that runs.
//!
//! Several executions may be under way for one project. Each brings what is newest when it looks, and
//! the worker refuses what is older than what it has, so the last word is the owner's last word.

use crate::{
    configuration::render,
    handler::{LaunchError, Ports, World},
    launch::refused,
    secrets::{open_secrets, open_settings},
};
use contracts::{
    configure::{Configured, Saga},
    worker::{Configure, Exit},
};
use domain::{
    project::{Project, State},
    worker::Holder,
};
use ports::{bundles::Bundles, commands::Commands, fleet::Fleet, projects::Projects};
use std::time::Duration;

/// A gateway takes a second or two. One whose bot cannot be reached puts it down for ten first.
const WAIT: Duration = Duration::from_mins(1);
/// Delivery, fetch, validation, and a worker that does the same for others.
const SLACK: Duration = Duration::from_mins(1);

pub(crate) async fn configure<P: Ports>(
    world: &World<'_, P>,
    saga: &Saga,
) -> Result<Configured, LaunchError> {
    let project = world.projects.find(&saga.project_id).await?;
    let ours = |it: &Project| it.tenant_id == saga.tenant_id;
    let project = project.filter(ours).ok_or(LaunchError::NotOurs)?;
    let Some(node) = find_node(world, &project).await? else {
        return Ok(Configured::Passed);
    };
    let secrets = open_secrets(world, &project).await?;
    let (version, settings) = open_settings(world, &project).await?;
    let (holder, attempt) = (Holder::from(project.id.clone()), project.attempt);
    let whole = render(&project, &world.config.platform, &secrets, &settings).to_string();
    let url = world.bundles.publish(&holder, attempt, version, &whole).await?;
    let command = Configure {
        project: &project.id,
        generation: attempt,
        image: &world.config.agent_image,
        bundle_url: &url,
        configuration: version,
        wait: WAIT,
    };
    let finished = world.commands.run(&node, &command.argv(), WAIT + SLACK).await;
    // Even if nobody knows how it ended: who comes too late to fetch it says so, and is asked again.
    world.bundles.withdraw(&holder, attempt, version).await?;
    let finished = finished?;
    match Exit::from(finished.exit_code) {
        Exit::Done => Ok(Configured::Applied { version }),
        Exit::BadConfiguration => Ok(Configured::Refused { version }),
        // Something newer is there, or a later launch, which has brought this already.
        Exit::Fenced => Ok(Configured::Passed),
        exit => Err(refused(exit, finished.stderr)),
    }
}

/// Where the project's instance takes commands; `None` if none runs. One that is being provisioned is
/// looked at again when that has finished.
async fn find_node<P: Ports>(
    world: &World<'_, P>,
    project: &Project,
) -> Result<Option<String>, LaunchError> {
    if project.state != State::Running {
        return Ok(None);
    }
    let holder = Holder::from(project.id.clone());
    let reservation = project.id.reservation(project.attempt);
    let workers = world.fleet.workers().await?;
    let place = workers
        .into_iter()
        .find(|worker| worker.reservations.get(&holder).is_some_and(|it| it.id == reservation));
    Ok(place.and_then(|it| it.node_id))
}
