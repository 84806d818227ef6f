//! Open the secrets, hand the configuration over, launch.

use crate::configuration::{Platform, Secrets, render};
use contracts::{
    provision::{Call, Launched, ReadyWorker, Saga},
    worker::{Exit, Launch, remove},
};
use domain::project::Project;
use ports::{
    Unavailable,
    bundles::Bundles,
    commands::{CommandError, Commands},
    fleet::Fleet,
    projects::Projects,
    vault::{SecretKind, Vault},
};
use runtime::fault::{Classify, Fault};
use serde::Deserialize;
use std::time::Duration;

/// Fetch, validate, start: seconds. The rest is for a worker that does the same for others.
const LAUNCH_PATIENCE: Duration = Duration::from_secs(110);
/// A gateway may take a minute to put its work down.
const REMOVE_PATIENCE: Duration = Duration::from_secs(110);

#[derive(Clone, Copy, Debug, Deserialize)]
pub enum Step {
    Launch,
    UndoLaunch,
}

/// What a stage says about instances.
#[derive(Clone, Debug)]
pub struct Config {
    pub platform: Platform,
    pub agent_image: String,
    /// The one private `address:port` that an instance may reach.
    pub model_egress: String,
}

/// Everything outside that a launch needs.
pub struct World<'a, P, V, B, C, F> {
    pub projects: &'a P,
    pub vault: &'a V,
    pub bundles: &'a B,
    pub commands: &'a C,
    pub fleet: &'a F,
    pub config: &'a Config,
}

#[derive(Debug, thiserror::Error)]
pub enum LaunchError {
    #[error("the saga has not said where the instance goes")]
    Nowhere,
    #[error("the project is gone, or at another attempt")]
    NotOurs,
    #[error("the worker refused to launch ({exit:?}): {reason}")]
    Refused { exit: Exit, reason: String },
    #[error("the worker could not do it now ({exit:?}): {reason}")]
    Busy { exit: Exit, reason: String },
    #[error("could not reach the worker")]
    Command(#[from] CommandError),
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

impl Classify for LaunchError {
    fn fault(&self) -> Fault {
        match self {
            Self::Nowhere | Self::NotOurs | Self::Refused { .. } => Fault::Terminal,
            Self::Busy { .. } | Self::Command(_) | Self::Unavailable(_) => Fault::Retryable,
        }
    }
}

impl<P: Projects, V: Vault, B: Bundles, C: Commands, F: Fleet> World<'_, P, V, B, C, F> {
    async fn launch(&self, saga: &Saga) -> Result<Launched, LaunchError> {
        let worker = saga.worker.as_ref().ok_or(LaunchError::Nowhere)?;
        let project = self.project(saga).await?;
        let secrets = self.secrets(&project).await?;
        let configuration = render(&project, &self.config.platform, &secrets).to_string();
        let url = self.bundles.publish(&saga.project_id, saga.attempt, &configuration).await?;
        let argv = self.command(saga, worker, &url).argv();
        let finished = self.commands.run(&worker.machine_id, &argv, LAUNCH_PATIENCE).await?;
        // However it ended, it has fetched what it will fetch.
        self.bundles.withdraw(&saga.project_id, saga.attempt).await?;
        let reason = finished.stderr;
        match Exit::from(finished.exit_code) {
            Exit::Done => Ok(Launched { container: format!("openclaw-{}", saga.project_id) }),
            exit @ (Exit::Misused | Exit::BadConfiguration | Exit::Crashed | Exit::Fenced) => {
                Err(LaunchError::Refused { exit, reason })
            }
            exit @ (Exit::NotYet | Exit::Unknown(_)) => Err(LaunchError::Busy { exit, reason }),
        }
    }

    /// Undo of [`World::launch`].
    async fn remove(&self, saga: &Saga) -> Result<(), LaunchError> {
        self.bundles.withdraw(&saga.project_id, saga.attempt).await?;
        // No worker was ready, so nothing was launched.
        let Some(worker) = &saga.worker else {
            return Ok(());
        };
        let argv = remove(&saga.project_id, saga.attempt);
        let finished = match self.commands.run(&worker.machine_id, &argv, REMOVE_PATIENCE).await {
            Ok(finished) => finished,
            // A machine that takes no commands may come back with the container on it. Nothing new
            // goes there, and the owner does not wait for it.
            Err(CommandError::Unreachable(_)) => {
                return Ok(self.fleet.cordon(&worker.worker_id).await?);
            }
            Err(error) => return Err(error.into()),
        };
        match Exit::from(finished.exit_code) {
            // A later generation owns the container: nothing of ours is left.
            Exit::Done | Exit::Fenced => Ok(()),
            exit => Err(LaunchError::Busy { exit, reason: finished.stderr }),
        }
    }

    async fn project(&self, saga: &Saga) -> Result<Project, LaunchError> {
        let project = self.projects.find(&saga.project_id).await?;
        let ours = |it: &Project| it.attempt == saga.attempt && it.tenant_id == saga.tenant_id;
        project.filter(ours).ok_or(LaunchError::NotOurs)
    }

    async fn secrets(&self, project: &Project) -> Result<Secrets, LaunchError> {
        let sealed = self.projects.secrets(&project.id).await?.ok_or(LaunchError::NotOurs)?;
        let tenant = &project.tenant_id;
        let token = self.vault.open(tenant, SecretKind::GatewayToken, &sealed.gateway_token);
        let key = self.vault.open(tenant, SecretKind::ModelKey, &sealed.model_key);
        Ok(Secrets { gateway_token: token.await?, model_key: key.await? })
    }

    fn command<'a>(&'a self, saga: &'a Saga, worker: &ReadyWorker, url: &'a str) -> Launch<'a> {
        let plan = saga.plan.plan();
        Launch {
            project: &saga.project_id,
            instance: &saga.instance_id,
            generation: saga.attempt,
            port: worker.port,
            limits: plan.limits,
            heap_mib: plan.heap_mib,
            image: &self.config.agent_image,
            bundle_url: url,
            edge_cidr: &self.config.platform.edge_cidr,
            model_egress: &self.config.model_egress,
        }
    }
}

pub async fn handle<P: Projects, V: Vault, B: Bundles, C: Commands, F: Fleet>(
    world: &World<'_, P, V, B, C, F>,
    call: &Call<Step>,
) -> Result<Option<Launched>, LaunchError> {
    match call.step {
        Step::Launch => world.launch(&call.saga).await.map(Some),
        Step::UndoLaunch => world.remove(&call.saga).await.map(|()| None),
    }
}
