//! What goes wrong, as the seed decides.

use domain::offering::{Offering, Provider, Purchase};
use ports::random::Random;
use std::time::Duration;
use testkit::{make, random::FakeRandom};

/// What goes wrong with one call of a function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    None,
    /// It is dead after so many calls of its ports, all together.
    Killed {
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

/// What goes wrong with the world, and what people do in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Event {
    CustomerPays,
    SomebodyMeansToBuy,
    OwnerRetries,
    OwnerConfigures,
    OwnerStops,
    OwnerStarts,
    OwnerRestarts,
    SomebodyComesToASleeper,
    OwnerKeepsAwake,
    OperatorCordons,
    OperatorUncordons,
    OperatorDrains,
    WorkerIsLost,
    WorkerIsCutOff,
    WorkersComeBack,
    SpotIsTakenBack,
    RebalanceIsAdvised,
    SoldOut,
    AllSoldOut,
    ProviderRefuses,
    InStock,
    AnswerOfProviderLost,
    AnswerOfWorkerLost,
    AnswerOfStoreLost,
    PortIsThrottled,
    ClockJumps,
    ClockIsTurnedBack,
}

/// How often each happens, among a thousand steps.
const EVENTS: [(Event, usize); 27] = [
    (Event::CustomerPays, 80),
    (Event::SomebodyMeansToBuy, 15),
    (Event::OwnerRetries, 40),
    (Event::OwnerConfigures, 30),
    (Event::OwnerStops, 25),
    (Event::OwnerStarts, 40),
    (Event::OwnerRestarts, 15),
    (Event::SomebodyComesToASleeper, 30),
    (Event::OwnerKeepsAwake, 10),
    (Event::OperatorCordons, 6),
    (Event::OperatorUncordons, 12),
    (Event::OperatorDrains, 8),
    (Event::WorkerIsLost, 8),
    (Event::WorkerIsCutOff, 10),
    (Event::WorkersComeBack, 30),
    (Event::SpotIsTakenBack, 6),
    (Event::RebalanceIsAdvised, 4),
    (Event::SoldOut, 8),
    (Event::AllSoldOut, 4),
    (Event::ProviderRefuses, 4),
    (Event::InStock, 30),
    (Event::AnswerOfProviderLost, 10),
    (Event::AnswerOfWorkerLost, 10),
    (Event::AnswerOfStoreLost, 10),
    (Event::PortIsThrottled, 15),
    (Event::ClockJumps, 8),
    (Event::ClockIsTurnedBack, 5),
];

#[derive(Debug)]
pub(super) struct Chaos {
    chance: FakeRandom,
    pub(super) quiet: bool,
}

impl Chaos {
    pub(super) fn seeded(seed: u64) -> Self {
        // Not the sequence from which the handlers draw.
        Self { chance: FakeRandom::seeded(!seed), quiet: false }
    }

    /// Uniform below `limit`.
    pub(super) fn below(&self, limit: usize) -> usize {
        let limit = u64::try_from(limit.max(1)).unwrap_or(1);
        usize::try_from(self.chance.next() % limit).unwrap_or(0)
    }

    pub(super) fn seconds_below(&self, limit: usize) -> Duration {
        Duration::from_secs(u64::try_from(self.below(limit)).unwrap_or(0))
    }

    /// One of `them`, if there are any.
    pub(super) fn choose<'a, T>(&self, them: &'a [T]) -> Option<&'a T> {
        them.get(self.below(them.len()))
    }

    pub(super) fn fault(&self) -> Fault {
        if self.quiet {
            return Fault::None;
        }
        match self.below(100) {
            0..=6 => Fault::Killed { after: self.calls() },
            7..=8 => Fault::AnswerLost,
            9..=13 => Fault::Twice { later: self.seconds_below(600) },
            14 => Fault::Broken { afterwards: self.below(2) == 0 },
            _ => Fault::None,
        }
    }

    /// Most functions make a few calls, and a look at the fleet makes many.
    fn calls(&self) -> u32 {
        let most = [4, 8, 24][self.below(3)];
        u32::try_from(self.below(most)).unwrap_or(0)
    }

    pub(super) fn event(&self) -> Option<Event> {
        if self.quiet {
            return None;
        }
        let mut drawn = self.below(1_000);
        let drawn = EVENTS.iter().find(|(_, often)| match drawn.checked_sub(*often) {
            Some(rest) => {
                drawn = rest;
                false
            }
            None => true,
        });
        drawn.map(|(event, _)| *event)
    }

    /// What is sold to us: both providers, and Spot, each the cheapest one in some lives.
    pub(super) fn offerings(&self) -> Vec<Offering> {
        let spot = Offering { purchase: Purchase::Spot, ..make::offering("spot", 8_192) };
        let cx = Offering { provider: Provider::Hetzner, ..make::offering("cx", 8_192) };
        let all = [make::offering("small", 4_096), make::offering("big", 16_384), spot, cx];
        let priced = all.into_iter().map(|it| Offering {
            usd_per_hour: 0.01 + self.seconds_below(100).as_secs_f64() / 1_000.0,
            ..it
        });
        priced.collect()
    }
}
