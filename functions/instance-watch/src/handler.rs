//! Who called, and what they get.

use crate::{
    look::look,
    trigger::{Another, Trigger},
    world::{Ports, World},
};
use ports::{Unavailable, cases::KeepError, projects::ChangeError, queue::send_spread};
use runtime::fault::{Classify, Fault};
use std::time::Duration;

/// How many times a minute is looked.
const LOOKS: u32 = 6;
const BETWEEN_LOOKS: Duration = Duration::from_secs(60 / LOOKS as u64);

#[derive(Debug, thiserror::Error)]
pub enum WatchError {
    #[error("could not look at the instances")]
    Look(#[from] Unavailable),
    #[error("could not keep what is known of an instance")]
    Case(#[from] KeepError),
    #[error("could not give the project up")]
    Project(#[from] ChangeError),
    #[error("could not write the input of a saga")]
    Input(#[from] serde_json::Error),
    #[error("{0} instances could not be attended to yet")]
    Unattended(usize),
}

impl Classify for WatchError {
    fn fault(&self) -> Fault {
        match self {
            Self::Input(_) => Fault::Terminal,
            Self::Look(_) | Self::Case(_) | Self::Project(_) | Self::Unattended(_) => {
                Fault::Retryable
            }
        }
    }
}

pub async fn handle<P: Ports>(world: &World<'_, P>, trigger: Trigger) -> Result<(), WatchError> {
    match trigger {
        Trigger::Schedule => {
            // Asked for first, and whatever becomes of it: neither a look that fails nor a queue
            // that is away may cost the other looks of this minute.
            let asked = send_spread(world.looks, LOOKS - 1, BETWEEN_LOOKS, &Another {}).await;
            look(world).await?;
            Ok(asked?)
        }
        Trigger::Look => look(world).await,
    }
}
