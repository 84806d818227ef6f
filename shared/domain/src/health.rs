//! How an instance is, and what is done for one that is ill.
//!
//! Docker starts again what dies, and has its time for that. What stays ill is started again by us, a few
//! times and ever later; then it runs anew elsewhere, from its newest data; and what not even that heals
//! is given up, with a reason. So each illness ends, and nothing is restarted for ever.

mod case;
#[cfg(test)]
mod tests;

use crate::{plan::Plan, sleep::Activity};
pub use case::Case;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Deserializer, Serialize};

/// The slowest boot that was measured took 54 seconds, on a busy machine.
const BOOT: SignedDuration = SignedDuration::from_mins(2);
/// How long a gateway may keep silent that has started: work that blocks it for seconds is no illness.
const SILENCE_S: u32 = 60;
/// Deaths within ten minutes from which on it dies as often as it is started.
const LOOP_DEATHS: u32 = 5;
/// As the gateway ends when it does not take its configuration. Once may have been a repair of its own.
const REFUSAL: (i32, u32) = (78, 2);
/// Kills for want of memory within a day of which its owner is told.
const OOMS: u32 = 3;

/// How long one that is on its way back may take: Docker's pause, a boot, and as much again.
const COMING_MAX: SignedDuration = SignedDuration::from_mins(3);
/// A command of ours stops it before it starts it.
const STOPPED_MAX: SignedDuration = SignedDuration::from_secs(30);
/// A heartbeat may be older than a placement.
const ABSENT_MAX: SignedDuration = SignedDuration::from_secs(60);

/// Among so few on one worker, half of them is nothing.
const MASS_LEAST: usize = 4;

/// What a worker says of a container, in a heartbeat. Nothing that is not known is taken for zero.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sight {
    pub run: Run,
    /// Since its last start; 0 unless it runs.
    pub up_s: u32,
    /// For how long it has not answered; 0 if it does.
    pub silent_s: u32,
    /// The code with which it ended last.
    pub exit: Option<i32>,
    /// Within the last ten minutes.
    pub deaths: u32,
    /// Kills for want of memory within the last day.
    pub ooms: u32,
    pub memory_mib: Option<u32>,
    pub disk_mib: Option<u32>,
    /// How it is used. `None`: the worker does not say, or says what we do not understand.
    #[serde(default, deserialize_with = "if_understood")]
    pub activity: Option<Activity>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Run {
    Running,
    /// Docker waits before it starts it again.
    Restarting,
    Stopped,
}

/// What is wrong with an instance at one look, if anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Condition {
    Well,
    /// A probe or two were not answered.
    Unsure,
    /// It has started, and does not answer yet.
    Booting,
    /// It died, and Docker is about to start it again.
    Restarting,
    /// It runs and does not answer.
    Silent,
    /// It does not run, and nobody is about to start it.
    Stopped,
    /// It dies as often as it is started.
    Looping,
    /// It does not take its configuration.
    Refusing,
    /// Its worker is well and has no such container.
    Absent,
}

/// What its plan gives too little of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Resource {
    Memory,
    Storage,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shortage {
    pub resource: Resource,
    pub told_at: Timestamp,
}

/// How its owner is told that it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    Ok,
    Starting,
    Restarting,
    Unwell,
}

/// What ails it, as its owner is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Trouble {
    Silent,
    /// Not running, or not coming up.
    Down,
    Crashing,
    Refusing,
    Gone,
}

/// What was decided and is to be done. Each is done by its name, so that a repeat does it once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Duty {
    Restart { asked_at: Timestamp },
    Move,
    GiveUp { trouble: Trouble },
    Tell { news: News },
}

/// What an owner gets a letter about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum News {
    Unwell { trouble: Trouble },
    WellAgain,
    GivenUp { trouble: Trouble },
    Short { resource: Resource },
}

/// One look at the instance of `attempt`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Look {
    pub at: Timestamp,
    pub attempt: u32,
    pub condition: Condition,
    pub short_of: Vec<Resource>,
}

/// Whoever cannot say how it is used may still say that it is ill.
fn if_understood<'de, D: Deserializer<'de>>(activity: D) -> Result<Option<Activity>, D::Error> {
    let activity = serde_json::Value::deserialize(activity)?;
    Ok(serde_json::from_value(activity).ok())
}

impl Sight {
    /// One that runs and answers, with nothing behind it.
    pub const WELL: Self = Self {
        run: Run::Running,
        up_s: 3600,
        silent_s: 0,
        exit: None,
        deaths: 0,
        ooms: 0,
        memory_mib: None,
        disk_mib: None,
        activity: None,
    };

    pub fn condition(&self) -> Condition {
        let is_young = SignedDuration::from_secs(self.up_s.into()) < BOOT;
        let (refusal, times) = REFUSAL;
        match self.run {
            Run::Running if !is_young && self.silent_s >= SILENCE_S => Condition::Silent,
            Run::Running if !is_young && self.silent_s > 0 => Condition::Unsure,
            Run::Running if !is_young => Condition::Well,
            // It has just died, or is about to: what counts is how often.
            _ if self.exit == Some(refusal) && self.deaths >= times => Condition::Refusing,
            _ if self.deaths >= LOOP_DEATHS => Condition::Looping,
            Run::Running if self.silent_s == 0 => Condition::Well,
            Run::Running => Condition::Booting,
            Run::Restarting => Condition::Restarting,
            Run::Stopped => Condition::Stopped,
        }
    }

    /// What `plan` gives too little of.
    pub fn short_of(&self, plan: &Plan) -> Vec<Resource> {
        let is_full = self.disk_mib.is_some_and(|it| it > plan.storage_mib);
        let memory = (self.ooms >= OOMS).then_some(Resource::Memory);
        memory.into_iter().chain(is_full.then_some(Resource::Storage)).collect()
    }
}

impl Condition {
    /// What ails it, and how long that may last before anything is done. `None`: nothing is known to.
    fn ailment(self) -> Option<(Trouble, SignedDuration)> {
        let at_once = SignedDuration::ZERO;
        match self {
            Self::Well | Self::Unsure => None,
            Self::Booting | Self::Restarting => Some((Trouble::Down, COMING_MAX)),
            Self::Stopped => Some((Trouble::Down, STOPPED_MAX)),
            Self::Absent => Some((Trouble::Gone, ABSENT_MAX)),
            Self::Silent => Some((Trouble::Silent, at_once)),
            Self::Looping => Some((Trouble::Crashing, at_once)),
            Self::Refusing => Some((Trouble::Refusing, at_once)),
        }
    }

    /// Whether it comes back by itself, as far as one can see.
    fn in_hope(self) -> Standing {
        match self {
            Self::Booting => Standing::Starting,
            Self::Well | Self::Unsure => Standing::Ok,
            Self::Restarting
            | Self::Silent
            | Self::Stopped
            | Self::Looping
            | Self::Refusing
            | Self::Absent => Standing::Restarting,
        }
    }
}

impl Look {
    /// Whether there is anything to remember.
    pub fn is_remarkable(&self) -> bool {
        self.condition.ailment().is_some() || !self.short_of.is_empty()
    }
}

/// Whether so many of `all` instances of one worker are `silent` at once that it is more likely the worker
/// that does not hear them.
pub fn is_mass(silent: usize, all: usize) -> bool {
    all >= MASS_LEAST && silent * 2 > all
}
