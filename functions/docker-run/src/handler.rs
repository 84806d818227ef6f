//! The steps, and how they fail.

use crate::{configuration::Platform, configure, inspect, launch, resize, rest, restart};
use contracts::{
    blank::Saga as BlankSaga,
    configure::{Configured, Saga as ConfigureSaga},
    exec::{Outcome as Executed, Saga as ExecSaga},
    halt::{Archived, Saga as HaltSaga},
    logs::{Outcome as LogsRead, Saga as LogsSaga},
    provision::{Launched, Saga},
    resize::Saga as ResizeSaga,
    restart::Saga as RestartSaga,
    worker::Exit,
};
use domain::id::KeyId;
use ports::{
    Unavailable,
    backups::Backups,
    bundles::Bundles,
    clock::Clock,
    commands::{CommandError, Commands},
    configurations::Configurations,
    fleet::Fleet,
    instance_logs::InstanceLogs,
    keys::ProviderKeys,
    projects::Projects,
    random::Random,
    vault::Vault,
};
use runtime::fault::{Classify, Fault};
use serde::{Deserialize, Serialize};

/// What a state machine sends.
#[derive(Clone, Debug, Deserialize)]
#[serde(tag = "step", content = "saga")]
pub enum Call {
    Launch(Saga),
    UndoLaunch(Saga),
    LaunchBlank(BlankSaga),
    UndoLaunchBlank(BlankSaga),
    Configure(ConfigureSaga),
    Archive(HaltSaga),
    UndoArchive(HaltSaga),
    Remove(HaltSaga),
    ApplyLimits(ResizeSaga),
    UndoApplyLimits(ResizeSaga),
    RestartInstance(RestartSaga),
    ReadLogs(LogsSaga),
    RunCommand(ExecSaga),
}

/// What a step leaves for the later ones.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Answer {
    Launched(Launched),
    Configured(Configured),
    Archived(Archived),
    LogsRead(LogsRead),
    Executed(Executed),
    /// Of an undo, and of what nobody asks about later.
    Nothing,
}

/// What a stage says about instances.
#[derive(Clone, Debug)]
pub struct Config {
    pub platform: Platform,
    pub agent_image: String,
    /// The one private `address:port` that an instance may reach.
    pub model_egress: String,
}

/// What the world is made of: AWS, or a test's memory.
pub trait Ports {
    type Projects: Projects;
    type Vault: Vault;
    type Bundles: Bundles;
    type Backups: Backups;
    type InstanceLogs: InstanceLogs;
    type Commands: Commands;
    type Fleet: Fleet;
    type Random: Random;
    type Keys: ProviderKeys;
    type Configurations: Configurations;
    type Clock: Clock;
}

/// Everything outside that an instance's life on a worker needs.
pub struct World<'a, P: Ports> {
    pub projects: &'a P::Projects,
    pub vault: &'a P::Vault,
    pub bundles: &'a P::Bundles,
    pub backups: &'a P::Backups,
    pub instance_logs: &'a P::InstanceLogs,
    pub commands: &'a P::Commands,
    pub fleet: &'a P::Fleet,
    pub random: &'a P::Random,
    pub keys: &'a P::Keys,
    pub configurations: &'a P::Configurations,
    pub clock: &'a P::Clock,
    pub config: &'a Config,
}

#[derive(Debug, thiserror::Error)]
pub enum LaunchError {
    #[error("the saga has not said where the instance goes")]
    Nowhere,
    #[error("the project is gone, or at another attempt")]
    NotOurs,
    #[error("the worker is lost, and with it what was not brought to safety")]
    WorkerLost,
    #[error("there is no key `{0}` for the provider that the project uses it for")]
    NoKey(KeyId),
    #[error("the worker refused ({exit:?}): {reason}")]
    Refused { exit: Exit, reason: String },
    #[error("the worker could not do it now ({exit:?}): {reason}")]
    Busy { exit: Exit, reason: String },
    #[error("the worker sent {sent} bytes and {stored:?} are stored")]
    NotStored { sent: u64, stored: Option<u64> },
    #[error("could not reach the worker")]
    Command(#[from] CommandError),
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

impl Classify for LaunchError {
    fn fault(&self) -> Fault {
        match self {
            Self::Nowhere
            | Self::NotOurs
            | Self::WorkerLost
            | Self::NoKey(_)
            | Self::Refused { .. } => Fault::Terminal,
            Self::Busy { .. }
            | Self::NotStored { .. }
            | Self::Command(_)
            | Self::Unavailable(_) => Fault::Retryable,
        }
    }
}

pub async fn handle<P: Ports>(world: &World<'_, P>, call: &Call) -> Result<Answer, LaunchError> {
    match call {
        Call::Launch(saga) => launch::project(world, saga).await.map(Answer::Launched),
        Call::UndoLaunch(saga) => launch::remove_project(world, saga).await.map(nothing),
        Call::LaunchBlank(saga) => launch::blank(world, saga).await.map(Answer::Launched),
        Call::UndoLaunchBlank(saga) => launch::remove_blank(world, saga).await.map(nothing),
        Call::Configure(saga) => configure::configure(world, saga).await.map(Answer::Configured),
        Call::Archive(saga) => rest::archive(world, saga).await.map(Answer::Archived),
        Call::UndoArchive(saga) => rest::resume(world, saga).await.map(nothing),
        Call::Remove(saga) => rest::remove(world, saga).await.map(nothing),
        Call::ApplyLimits(saga) => resize::apply(world, saga).await.map(nothing),
        Call::UndoApplyLimits(saga) => resize::take_back(world, saga).await.map(nothing),
        Call::RestartInstance(saga) => restart::restart(world, saga).await.map(nothing),
        Call::ReadLogs(saga) => inspect::read_logs(world, saga).await.map(Answer::LogsRead),
        Call::RunCommand(saga) => inspect::run_command(world, saga).await.map(Answer::Executed),
    }
}

fn nothing((): ()) -> Answer {
    Answer::Nothing
}
