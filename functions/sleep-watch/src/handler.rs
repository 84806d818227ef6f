//! Who called, and what they get.

use crate::{
    fall::put_to_sleep,
    stir::stir,
    trigger::Trigger,
    wake::answer,
    world::{Ports, World},
};
use domain::route::HostName;
use ports::{
    Unavailable,
    commands::CommandError,
    projects::{ChangeError, Projects},
    rests::{KeepError, Rests},
};
use runtime::fault::{Classify, Fault, chain};
use std::fmt::Display;

#[derive(Debug, thiserror::Error)]
pub enum WatchError {
    #[error("could not look at who sleeps, or could")]
    Look(#[from] Unavailable),
    #[error("could not keep a sleep in mind")]
    Rest(#[from] KeepError),
    #[error("could not make the project start again")]
    Project(#[from] ChangeError),
    #[error("could not ask the instance whether anything is under way")]
    Command(#[from] CommandError),
    #[error("could not write the input of a saga")]
    Input(#[from] serde_json::Error),
    #[error("{0} could not be attended to yet")]
    Unattended(usize),
}

impl Classify for WatchError {
    fn fault(&self) -> Fault {
        match self {
            Self::Input(_) => Fault::Terminal,
            Self::Look(_)
            | Self::Rest(_)
            | Self::Project(_)
            | Self::Command(_)
            | Self::Unattended(_) => Fault::Retryable,
        }
    }
}

/// What was not done for one keeps no other from being attended to.
#[derive(Default)]
pub(crate) struct Round {
    unattended: usize,
}

impl Round {
    pub(crate) fn note(&mut self, who: &impl Display, ended: Result<(), WatchError>) {
        if let Err(error) = ended {
            tracing::error!(who = %who, error = %chain(&error), "not attended to yet");
            self.unattended += 1;
        }
    }

    fn end(self) -> Result<(), WatchError> {
        if self.unattended > 0 { Err(WatchError::Unattended(self.unattended)) } else { Ok(()) }
    }
}

pub async fn handle<P: Ports>(world: &World<'_, P>, trigger: &Trigger) -> Result<(), WatchError> {
    let mut round = Round::default();
    match trigger {
        Trigger::Schedule => {
            let rests = world.rests.all().await?;
            // Somebody waits for those that are to wake.
            stir(world, &rests, &mut round).await;
            put_to_sleep(world, &rests, &mut round).await?;
        }
        Trigger::Wakes(hosts) => {
            for host in hosts {
                round.note(host, wake_host(world, host).await);
            }
        }
    }
    round.end()
}

async fn wake_host<P: Ports>(world: &World<'_, P>, host: &HostName) -> Result<(), WatchError> {
    let Some(id) = host.project() else { return Ok(()) };
    let found = world.projects.find(&id).await?;
    match found.filter(|it| it.host == *host) {
        Some(project) => answer(world, &project).await,
        None => Ok(()),
    }
}
