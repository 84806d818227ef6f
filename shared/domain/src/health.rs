//! How an instance is, and what is done for one that is ill.
//!
//! Docker starts again what dies, and has its time for that. What stays ill is started again by us, a few
//! times and ever later; then it runs anew elsewhere, from its newest data; and what not even that heals
//! is given up, with a reason. So each illness ends, and nothing is restarted for ever.

#[cfg(test)]
mod tests;

use crate::{id::ProjectId, plan::Plan};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

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

const MAX_RESTARTS: usize = 3;
/// The restarts that count.
const WINDOW: SignedDuration = SignedDuration::from_hours(1);
/// Halts may be undone. What ran elsewhere already is not moved once more.
const MAX_MOVES: u32 = 2;
/// Before somebody else looks whether a move came to anything.
const MOVE: SignedDuration = SignedDuration::from_mins(15);
/// How long it must be well until its owner is told so, and until nothing is held against it any more.
const STEADY: SignedDuration = SignedDuration::from_mins(2);
const HEALED: SignedDuration = SignedDuration::from_mins(30);
/// A look is over sooner: what it left undone is for another.
const IN_HAND: SignedDuration = SignedDuration::from_secs(60);
/// Between two letters about the same shortage.
const DAY: SignedDuration = SignedDuration::from_hours(24);

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

/// What is remembered of an instance that is ill, or was a while ago. There is none of one that is well.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Case {
    pub project: ProjectId,
    /// Of what is stored; 0 before that.
    pub version: u64,
    /// Which instance was seen last.
    pub attempt: u32,
    pub standing: Standing,
    pub since: Timestamp,
    pub trouble: Option<Trouble>,
    ill_since: Option<Timestamp>,
    /// Ours of the last hour, oldest first.
    restarts: Vec<Timestamp>,
    moves: u32,
    /// When it was moved last, and which attempt away from.
    moved: Option<(Timestamp, u32)>,
    /// Its owner knows that it is unwell.
    told: bool,
    /// Within the last day, each once.
    pub short_of: Vec<Shortage>,
    /// Decided, and not known to be done.
    pub owed: Vec<Duty>,
    /// When that was decided.
    owed_since: Option<Timestamp>,
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

impl Case {
    /// Of an instance that was well until now.
    pub fn open(project: ProjectId, attempt: u32, at: Timestamp) -> Self {
        Self {
            project,
            version: 0,
            attempt,
            standing: Standing::Ok,
            since: at,
            trouble: None,
            ill_since: None,
            restarts: Vec::new(),
            moves: 0,
            moved: None,
            told: false,
            short_of: Vec::new(),
            owed: Vec::new(),
            owed_since: None,
        }
    }

    /// What `look` makes of it. What is to be done is in `owed`; nobody looks on before that is done.
    #[must_use]
    pub fn after(&self, look: &Look) -> Self {
        let mut next = self.clone();
        if next.attempt != look.attempt {
            // Another instance: what ailed the last one ails it no more.
            (next.attempt, next.ill_since) = (look.attempt, None);
        }
        next.restarts.retain(|it| look.at.duration_since(*it) < WINDOW);
        match look.condition.ailment() {
            Some((trouble, patience)) => next.treat(look, trouble, patience),
            None if look.condition == Condition::Well => next.recover(look.at),
            None => (),
        }
        next.note_shortages(look);
        next.owed_since = (!next.owed.is_empty()).then_some(look.at);
        next
    }

    /// Everything that was owed is done.
    #[must_use]
    pub fn settled(&self) -> Self {
        Self { owed: Vec::new(), owed_since: None, ..self.clone() }
    }

    /// Whether whoever decided what is owed may still be doing it.
    pub fn is_in_hand(&self, now: Timestamp) -> bool {
        self.owed_since.is_some_and(|it| now.duration_since(it) < IN_HAND)
    }

    /// The same, as it is stored.
    #[must_use]
    pub fn at_version(self, version: u64) -> Self {
        Self { version, ..self }
    }

    /// Whether there is nothing more to remember.
    pub fn is_over(&self, now: Timestamp) -> bool {
        let is_old = |at: Timestamp, age| now.duration_since(at) >= age;
        self.standing == Standing::Ok
            && is_old(self.since, HEALED)
            && self.restarts.iter().all(|it| is_old(*it, WINDOW))
            && self.short_of.iter().all(|it| is_old(it.told_at, DAY))
            && self.owed.is_empty()
            && !self.told
    }

    fn treat(&mut self, look: &Look, trouble: Trouble, patience: SignedDuration) {
        let now = look.at;
        let ill_since = *self.ill_since.get_or_insert(now);
        let since = self.last_act().map_or(ill_since, |it| it.max(ill_since));
        self.trouble = Some(trouble);
        if now.duration_since(since) < patience || now < self.next_act() {
            let in_hope = if self.told { Standing::Unwell } else { look.condition.in_hope() };
            return self.stand(in_hope, now);
        }
        let helps = !matches!(trouble, Trouble::Refusing | Trouble::Gone);
        if helps && self.restarts.len() < MAX_RESTARTS {
            self.restart(trouble, now);
        } else if self.was_moved() || self.moves >= MAX_MOVES {
            self.give_up(trouble, now);
        } else {
            self.go_elsewhere(trouble, now);
        }
    }

    /// The first one may be all that was missing; of the second the owner is told.
    fn restart(&mut self, trouble: Trouble, now: Timestamp) {
        self.restarts.push(now);
        self.owed.push(Duty::Restart { asked_at: now });
        if self.restarts.len() > 1 {
            self.tell_unwell(trouble, now);
        } else {
            self.stand(Standing::Restarting, now);
        }
    }

    fn go_elsewhere(&mut self, trouble: Trouble, now: Timestamp) {
        self.moves += 1;
        self.moved = Some((now, self.attempt));
        self.owed.push(Duty::Move);
        self.tell_unwell(trouble, now);
    }

    fn give_up(&mut self, trouble: Trouble, now: Timestamp) {
        self.owed.push(Duty::GiveUp { trouble });
        self.owed.push(Duty::Tell { news: News::GivenUp { trouble } });
        self.stand(Standing::Unwell, now);
    }

    fn tell_unwell(&mut self, trouble: Trouble, now: Timestamp) {
        self.stand(Standing::Unwell, now);
        if !self.told {
            self.told = true;
            self.owed.push(Duty::Tell { news: News::Unwell { trouble } });
        }
    }

    fn recover(&mut self, now: Timestamp) {
        (self.ill_since, self.trouble) = (None, None);
        self.stand(Standing::Ok, now);
        if self.told && now.duration_since(self.since) >= STEADY {
            self.told = false;
            self.owed.push(Duty::Tell { news: News::WellAgain });
        }
    }

    fn note_shortages(&mut self, look: &Look) {
        self.short_of.retain(|it| look.at.duration_since(it.told_at) < DAY);
        for &resource in &look.short_of {
            if self.short_of.iter().all(|it| it.resource != resource) {
                self.short_of.push(Shortage { resource, told_at: look.at });
                self.owed.push(Duty::Tell { news: News::Short { resource } });
            }
        }
    }

    fn stand(&mut self, standing: Standing, now: Timestamp) {
        if self.standing != standing {
            (self.standing, self.since) = (standing, now);
        }
    }

    fn last_act(&self) -> Option<Timestamp> {
        self.restarts.last().copied().max(self.moved.map(|(at, _)| at))
    }

    /// Each restart waits twice as long as the one before, and never less than a boot.
    fn next_act(&self) -> Timestamp {
        let after_restart = self.restarts.last().map(|last| {
            let doubled = SignedDuration::from_mins(1 << (self.restarts.len() - 1));
            *last + doubled.max(BOOT)
        });
        let moving = self.moved.filter(|_| !self.was_moved());
        let after_move = moving.map(|(at, _)| at + MOVE);
        after_restart.max(after_move).unwrap_or(Timestamp::MIN)
    }

    /// Whether it runs elsewhere by now than where it fell ill.
    fn was_moved(&self) -> bool {
        self.moved.is_some_and(|(_, from)| self.attempt > from)
    }
}

/// Whether so many of `all` instances of one worker are `silent` at once that it is more likely the worker
/// that does not hear them.
pub fn is_mass(silent: usize, all: usize) -> bool {
    all >= MASS_LEAST && silent * 2 > all
}
