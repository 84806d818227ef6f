//! What to do, given what is there and how much there should be.
//!
//! Everything is tried out on a copy of the fleet first, with the very rule that placement goes by: what
//! is planned fits, and two looks at the same fleet plan the same.

mod blanks;
pub(crate) mod emptying;
mod room;
mod spares;
mod stopped;
mod workers;

use crate::{config::Config, mint::Mint, target::Target};
use contracts::grow::Source;
use domain::{
    id::{BlankId, MalformedId, WorkerId},
    plan::PlanId,
    worker::Worker,
};
use jiff::Timestamp;
use std::collections::BTreeSet;

/// What there is to go by.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sight<'a> {
    pub(crate) fleet: &'a [Worker],
    /// Where placement looks; none named: anywhere.
    pub(crate) regions: &'a BTreeSet<String>,
    pub(crate) target: &'a Target,
    /// `false` while boots are backing off.
    pub(crate) may_boot: bool,
    /// `false` while purchases and starts of workers are backing off.
    pub(crate) may_grow: bool,
    pub(crate) now: Timestamp,
    pub(crate) config: &'a Config,
}

impl Sight<'_> {
    fn is_open_in(&self, region: &str) -> bool {
        self.regions.is_empty() || self.regions.contains(region)
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Action {
    BootBlank {
        blank: BlankId,
        plan: PlanId,
    },
    GetSpare {
        worker: WorkerId,
        from: Source,
        /// What it must be able to hold.
        plan: PlanId,
        /// Whether it is stopped once it is ready.
        park: bool,
        /// When the worker that is started was stopped, or when one is bought.
        changed_at: Timestamp,
    },
    Drain {
        worker: WorkerId,
        idle_since: Timestamp,
        /// Whether it is kept, stopped.
        park: bool,
    },
    RetireBlank {
        worker: WorkerId,
        blank: BlankId,
    },
}

/// What to do now, the most urgent first. Nothing if all is as it should be, or on its way there.
pub(crate) fn plan(sight: &Sight<'_>) -> Result<Vec<Action>, MalformedId> {
    let mut mint = Mint::new(&sight.config.region, sight.now, sight.fleet);
    let blanks = blanks::plan(sight, &mut mint)?;
    let mut workers = workers::plan(sight, &mut mint, &blanks)?;
    workers.retain(|it| sight.may_grow || !matches!(it, Action::GetSpare { .. }));
    // Last what takes long: a blank is removed by a command on its worker.
    Ok([blanks.boots, workers, blanks.retired].concat())
}

#[cfg(test)]
mod tests;
