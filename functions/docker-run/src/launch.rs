//! Open the secrets, hand the configuration over, launch; or let a warm blank be taken over.

use crate::{
    configuration::{render, render_blank},
    handler::{LaunchError, Ports, World},
    rest::PATIENCE,
    secrets::{open_secrets, open_settings},
};
use contracts::{
    blank::{GENERATION, Saga as BlankSaga},
    provision::{Launched, ReadyWorker, Saga},
    worker::{Adopt, Exit, Launch, Restore, read_configuration, remove},
};
use domain::{
    backup::Backup,
    id::{BlankId, InstanceId},
    plan::Plan,
    project::{Project, State},
    worker::{Cordon, Holder},
};
use ports::{
    backups::Backups,
    bundles::Bundles,
    commands::{CommandError, Commands, Finished},
    fleet::Fleet,
    projects::Projects,
    random::Random,
};
use std::time::Duration;

/// Fetch, validate, start: seconds. The rest is for a worker that does the same for others.
const LAUNCH_PATIENCE: Duration = Duration::from_secs(110);
/// A gateway may take a minute to put its work down.
const REMOVE_PATIENCE: Duration = Duration::from_secs(110);

/// Whose bundle it is that a launch hands over. See [`Bundles::publish`].
const LAUNCH: u32 = 0;

/// What is launched, whoever it is for.
struct Order<'a> {
    holder: Holder,
    generation: u32,
    instance: &'a InstanceId,
    plan: &'static Plan,
    configuration: String,
    /// Of the configuration.
    version: u32,
    /// What the volume starts from, and where it can be fetched.
    restore: Option<(&'a Backup, &'a str)>,
}

pub(crate) async fn project<P: Ports>(
    world: &World<'_, P>,
    saga: &Saga,
) -> Result<Launched, LaunchError> {
    let worker = saga.worker.as_ref().ok_or(LaunchError::Nowhere)?;
    let project = find_project(world, saga).await?;
    let secrets = open_secrets(world, &project).await?;
    let (version, settings) = open_settings(world, &project).await?;
    let link = match &saga.restore {
        Some(backup) => Some(world.backups.download_link(&backup.name(&saga.project_id)).await?),
        None => None,
    };
    let order = Order {
        holder: Holder::from(saga.project_id.clone()),
        generation: saga.attempt,
        instance: &saga.instance_id,
        plan: saga.plan.plan(),
        configuration: render(&project, &world.config.platform, &secrets, &settings).to_string(),
        version,
        restore: saga.restore.as_deref().zip(link.as_deref()),
    };
    let container = format!("openclaw-{}", saga.project_id);
    if let Some(blank) = saga.blank_id() {
        // Nothing can be restored into what runs.
        if order.restore.is_none()
            && let Some(configuration) = adopt(world, saga, blank, worker, &order).await?
        {
            return Ok(Launched { container, adopted: true, configuration });
        }
        // It is not there any more, or would hold the port.
        ensure_removed(world, worker, &Holder::from(blank.clone()), GENERATION).await?;
    }
    let configuration = launch(world, worker, &order).await?;
    Ok(Launched { container, adopted: false, configuration })
}

/// Undo of [`project`].
pub(crate) async fn remove_project<P: Ports>(
    world: &World<'_, P>,
    saga: &Saga,
) -> Result<(), LaunchError> {
    let holder = Holder::from(saga.project_id.clone());
    world.bundles.withdraw(&holder, saga.attempt, LAUNCH).await?;
    // No worker was ready, so nothing was launched.
    let Some(worker) = &saga.worker else { return Ok(()) };
    remove_or_cordon(world, worker, &holder, saga.attempt).await?;
    match saga.blank_id() {
        // Its reservation went over to the project, so nobody else removes it.
        Some(blank) => {
            let blank = Holder::from(blank.clone());
            remove_or_cordon(world, worker, &blank, GENERATION).await
        }
        None => Ok(()),
    }
}

pub(crate) async fn blank<P: Ports>(
    world: &World<'_, P>,
    saga: &BlankSaga,
) -> Result<Launched, LaunchError> {
    let worker = saga.worker.as_ref().ok_or(LaunchError::Nowhere)?;
    let token = throw_away_token(world.random);
    let order = Order {
        holder: Holder::from(saga.blank_id.clone()),
        generation: GENERATION,
        instance: &saga.instance_id,
        plan: saga.plan.plan(),
        configuration: render_blank(&world.config.platform, &token).to_string(),
        version: 0,
        restore: None,
    };
    let configuration = launch(world, worker, &order).await?;
    let container = format!("openclaw-{}", saga.blank_id);
    Ok(Launched { container, adopted: false, configuration })
}

/// Undo of [`blank`].
pub(crate) async fn remove_blank<P: Ports>(
    world: &World<'_, P>,
    saga: &BlankSaga,
) -> Result<(), LaunchError> {
    let holder = Holder::from(saga.blank_id.clone());
    world.bundles.withdraw(&holder, GENERATION, LAUNCH).await?;
    let Some(worker) = &saga.worker else { return Ok(()) };
    remove_or_cordon(world, worker, &holder, GENERATION).await
}

/// The version of the configuration that the container has: a repetition may find that of the first.
async fn launch<P: Ports>(
    world: &World<'_, P>,
    worker: &ReadyWorker,
    order: &Order<'_>,
) -> Result<u32, LaunchError> {
    let (holder, generation) = (&order.holder, order.generation);
    let url = world.bundles.publish(holder, generation, LAUNCH, &order.configuration).await?;
    let command = Launch {
        holder,
        instance: order.instance,
        generation,
        port: worker.port,
        limits: order.plan.limits,
        heap_mib: order.plan.heap_mib,
        image: &world.config.agent_image,
        bundle_url: &url,
        edge_cidr: &world.config.platform.edge_cidr,
        model_egress: &world.config.model_egress,
        configuration: order.version,
        restore: order.restore.map(|(backup, url)| Restore { backup, url }),
    };
    let patience = if order.restore.is_some() { PATIENCE } else { LAUNCH_PATIENCE };
    let finished = world.commands.run(&worker.node_id, &command.argv(), patience).await?;
    // However it ended, it has fetched what it will fetch.
    world.bundles.withdraw(holder, generation, LAUNCH).await?;
    accepted(Exit::from(finished.exit_code), finished)
}

/// Like [`launch`]; `None` if the blank is not there.
async fn adopt<P: Ports>(
    world: &World<'_, P>,
    saga: &Saga,
    blank: &BlankId,
    worker: &ReadyWorker,
    order: &Order<'_>,
) -> Result<Option<u32>, LaunchError> {
    let (holder, whole) = (&order.holder, &order.configuration);
    let url = world.bundles.publish(holder, saga.attempt, LAUNCH, whole).await?;
    let command = Adopt {
        project: &saga.project_id,
        instance: &saga.instance_id,
        generation: saga.attempt,
        blank,
        limits: order.plan.limits,
        bundle_url: &url,
        edge_cidr: &world.config.platform.edge_cidr,
        model_egress: &world.config.model_egress,
        configuration: order.version,
    };
    let finished = world.commands.run(&worker.node_id, &command.argv(), LAUNCH_PATIENCE).await?;
    world.bundles.withdraw(holder, saga.attempt, LAUNCH).await?;
    match Exit::from(finished.exit_code) {
        Exit::Gone => Ok(None),
        exit => accepted(exit, finished).map(Some),
    }
}

/// Who says nothing of a configuration is taken to have none: then the newest is brought once more.
fn accepted(exit: Exit, finished: Finished) -> Result<u32, LaunchError> {
    match exit {
        Exit::Done => Ok(read_configuration(&finished.stdout).unwrap_or_default()),
        exit => Err(refused(exit, finished.stderr)),
    }
}

/// Whether it is worth another try.
pub(crate) fn refused(exit: Exit, reason: String) -> LaunchError {
    match exit {
        Exit::Misused | Exit::BadConfiguration | Exit::BadBackup | Exit::Crashed | Exit::Fenced => {
            LaunchError::Refused { exit, reason }
        }
        Exit::Done | Exit::NotYet | Exit::Gone | Exit::Unknown(_) => {
            LaunchError::Busy { exit, reason }
        }
    }
}

async fn remove_or_cordon<P: Ports>(
    world: &World<'_, P>,
    worker: &ReadyWorker,
    holder: &Holder,
    generation: u32,
) -> Result<(), LaunchError> {
    match ensure_removed(world, worker, holder, generation).await {
        // A machine that takes no commands may come back with the container on it. Nothing new
        // goes there, and the owner does not wait for it.
        Err(LaunchError::Command(CommandError::Unreachable(_))) => {
            Ok(world.fleet.cordon(&worker.worker_id, Cordon::Unreachable).await?)
        }
        ended => ended,
    }
}

pub(crate) async fn ensure_removed<P: Ports>(
    world: &World<'_, P>,
    worker: &ReadyWorker,
    holder: &Holder,
    generation: u32,
) -> Result<(), LaunchError> {
    let argv = remove(holder, generation);
    let finished = world.commands.run(&worker.node_id, &argv, REMOVE_PATIENCE).await?;
    match Exit::from(finished.exit_code) {
        // A later generation owns the container: nothing of ours is left.
        Exit::Done | Exit::Fenced => Ok(()),
        exit => Err(LaunchError::Busy { exit, reason: finished.stderr }),
    }
}

async fn find_project<P: Ports>(world: &World<'_, P>, saga: &Saga) -> Result<Project, LaunchError> {
    let project = world.projects.find(&saga.project_id).await?;
    let ours = |it: &Project| it.attempt == saga.attempt && it.tenant_id == saga.tenant_id;
    // A worker that was out of reach while the attempt was undone has no tombstone of it.
    let is_on =
        |it: &Project| matches!(it.state, State::Pending | State::Provisioning | State::Running);
    project.filter(|it| ours(it) && is_on(it)).ok_or(LaunchError::NotOurs)
}

/// Closes the gateway until a project brings its own. Nobody is ever told it.
fn throw_away_token(random: &impl Random) -> String {
    let words: Vec<_> = (0..4).map(|_| format!("{:016x}", random.next())).collect();
    words.concat()
}
