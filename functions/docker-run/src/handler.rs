//! The steps, and how they fail.

use crate::{configuration::Platform, launch};
use contracts::{
    blank::Saga as BlankSaga,
    provision::{Launched, Saga},
    worker::Exit,
};
use ports::{
    Unavailable,
    bundles::Bundles,
    commands::{CommandError, Commands},
    fleet::Fleet,
    projects::Projects,
    random::Random,
    vault::Vault,
};
use runtime::fault::{Classify, Fault};
use serde::Deserialize;

/// What a state machine sends.
#[derive(Clone, Debug, Deserialize)]
#[serde(tag = "step", content = "saga")]
pub enum Call {
    Launch(Saga),
    UndoLaunch(Saga),
    LaunchBlank(BlankSaga),
    UndoLaunchBlank(BlankSaga),
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
pub struct World<'a, P, V, B, C, F, R> {
    pub projects: &'a P,
    pub vault: &'a V,
    pub bundles: &'a B,
    pub commands: &'a C,
    pub fleet: &'a F,
    pub random: &'a R,
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

pub async fn handle<P: Projects, V: Vault, B: Bundles, C: Commands, F: Fleet, R: Random>(
    world: &World<'_, P, V, B, C, F, R>,
    call: &Call,
) -> Result<Option<Launched>, LaunchError> {
    match call {
        Call::Launch(saga) => launch::project(world, saga).await.map(Some),
        Call::UndoLaunch(saga) => launch::remove_project(world, saga).await.map(|()| None),
        Call::LaunchBlank(saga) => launch::blank(world, saga).await.map(Some),
        Call::UndoLaunchBlank(saga) => launch::remove_blank(world, saga).await.map(|()| None),
    }
}
