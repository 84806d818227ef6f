//! What goes wrong, as the seed decides.

use crate::world::World;
use ports::random::Random;
use std::time::Duration;
use testkit::random::FakeRandom;

/// What goes wrong with one call of a function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    None,
    /// It dies after so many calls of one of its ports.
    Killed {
        port: usize,
        after: u32,
    },
    /// It works, and nobody hears of it.
    AnswerLost,
    /// It works, and works once more later, when everything has changed.
    Twice {
        later: Duration,
    },
    /// It fails for good: before it does anything, or afterwards.
    Broken {
        afterwards: bool,
    },
}

/// What goes wrong with the world.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Event {
    CustomerPays,
    OwnerRetries,
    WorkerIsLost,
    WorkerIsCutOff,
    WorkersComeBack,
    SoldOut,
    InStock,
    AnswerOfProviderLost,
    AnswerOfWorkerLost,
    ClockJumps,
    Nothing,
}

#[derive(Debug)]
pub(super) struct Chaos {
    chance: FakeRandom,
    pub(super) quiet: bool,
}

impl Chaos {
    pub(super) fn seeded(seed: u64) -> Self {
        Self { chance: FakeRandom::seeded(seed), quiet: false }
    }

    /// Uniform below `limit`.
    pub(super) fn below(&self, limit: usize) -> usize {
        let limit = u64::try_from(limit.max(1)).unwrap_or(1);
        usize::try_from(self.chance.next() % limit).unwrap_or(0)
    }

    pub(super) fn seconds_below(&self, limit: usize) -> Duration {
        Duration::from_secs(u64::try_from(self.below(limit)).unwrap_or(0))
    }

    pub(super) fn fault(&self) -> Fault {
        if self.quiet {
            return Fault::None;
        }
        match self.below(100) {
            0..=5 => Fault::Killed {
                port: self.below(World::PORTS),
                after: u32::try_from(self.below(4)).unwrap_or(0),
            },
            6..=8 => Fault::AnswerLost,
            9..=13 => Fault::Twice { later: self.seconds_below(600) },
            14 => Fault::Broken { afterwards: self.below(2) == 0 },
            _ => Fault::None,
        }
    }

    pub(super) fn event(&self) -> Event {
        if self.quiet {
            return Event::Nothing;
        }
        match self.below(100) {
            0..=7 => Event::CustomerPays,
            8..=11 => Event::OwnerRetries,
            12 => Event::WorkerIsLost,
            13 => Event::WorkerIsCutOff,
            14..=16 => Event::WorkersComeBack,
            17 => Event::SoldOut,
            18..=20 => Event::InStock,
            21 => Event::AnswerOfProviderLost,
            22 => Event::AnswerOfWorkerLost,
            23 => Event::ClockJumps,
            _ => Event::Nothing,
        }
    }
}
