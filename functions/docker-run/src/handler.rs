//! The steps, and how they fail.

use crate::{configuration::Platform, configure, launch};
use contracts::{
    blank::Saga as BlankSaga,
    configure::{Configured, Saga as ConfigureSaga},
    provision::{Launched, Saga},
    worker::Exit,
};
use domain::id::KeyId;
use ports::{
    Unavailable,
    bundles::Bundles,
    commands::{CommandError, Commands},
    configurations::Configurations,
    fleet::Fleet,
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
}

/// What a step leaves for the later ones.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Answer {
    Launched(Launched),
    Configured(Configured),
    /// Of an undo.
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

/// Everything outside that a launch needs.
pub struct World<'a, P, V, B, C, F, R, K, N> {
    pub projects: &'a P,
    pub vault: &'a V,
    pub bundles: &'a B,
    pub commands: &'a C,
    pub fleet: &'a F,
    pub random: &'a R,
    pub keys: &'a K,
    pub configurations: &'a N,
    pub config: &'a Config,
}

#[derive(Debug, thiserror::Error)]
pub enum LaunchError {
    #[error("the saga has not said where the instance goes")]
    Nowhere,
    #[error("the project is gone, or at another attempt")]
    NotOurs,
    #[error("there is no key `{0}` for the provider that the project uses it for")]
    NoKey(KeyId),
    #[error("the worker refused ({exit:?}): {reason}")]
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
            Self::Nowhere | Self::NotOurs | Self::NoKey(_) | Self::Refused { .. } => {
                Fault::Terminal
            }
            Self::Busy { .. } | Self::Command(_) | Self::Unavailable(_) => Fault::Retryable,
        }
    }
}

pub async fn handle<P, V, B, C, F, R, K, N>(
    world: &World<'_, P, V, B, C, F, R, K, N>,
    call: &Call,
) -> Result<Answer, LaunchError>
where
    P: Projects,
    V: Vault,
    B: Bundles,
    C: Commands,
    F: Fleet,
    R: Random,
    K: ProviderKeys,
    N: Configurations,
{
    match call {
        Call::Launch(saga) => launch::project(world, saga).await.map(Answer::Launched),
        Call::UndoLaunch(saga) => {
            launch::remove_project(world, saga).await.map(|()| Answer::Nothing)
        }
        Call::LaunchBlank(saga) => launch::blank(world, saga).await.map(Answer::Launched),
        Call::UndoLaunchBlank(saga) => {
            launch::remove_blank(world, saga).await.map(|()| Answer::Nothing)
        }
        Call::Configure(saga) => configure::configure(world, saga).await.map(Answer::Configured),
    }
}
