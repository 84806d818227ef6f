//! Workers that are stopped, or are to be.

use super::{
    Sight,
    room::Room,
    workers::{being_bought_to_park, being_parked, parks},
};
use domain::{
    fit::judge_once_ready,
    plan::PlanId,
    worker::{State, Worker},
};

pub(super) struct Stopped<'a> {
    /// Those that can be started and would help, the longest stopped first.
    pub(super) useful: Vec<&'a Worker>,
    /// Those that would not: too small by now, or built for another image.
    pub(super) useless: Vec<&'a Worker>,
    /// On their way to being stopped.
    pub(super) coming: usize,
}

impl<'a> Stopped<'a> {
    pub(super) fn of(sight: &Sight<'a>) -> Self {
        let demand = Room::of([], sight).demand(sight.config.pool.headroom.plan);
        // A cordoned one waits for the operator who cordoned it.
        let stopped = |it: &&Worker| it.state == State::WarmStopped && !it.cordoned;
        let (mut useful, useless): (Vec<_>, Vec<_>) = sight
            .fleet
            .iter()
            .filter(stopped)
            .partition(|it| judge_once_ready(it, &demand).is_ok());
        useful.sort_by_key(|it| (it.changed_at, &it.id));
        // Some of these are to be given back rather than stopped. Then one is missing for a minute.
        let draining = sight.fleet.iter().filter(|it| it.state == State::Draining && parks(it));
        let bought = being_bought_to_park(sight).chain(being_parked(sight));
        Self { useful, useless, coming: draining.count() + bought.count() }
    }

    pub(super) fn count(&self) -> usize {
        self.useful.len() + self.coming
    }

    /// Takes out the one that fits `plan` most tightly: the one that placement would wake.
    pub(super) fn take(&mut self, sight: &Sight<'_>, plan: PlanId) -> Option<&'a Worker> {
        let demand = Room::of([], sight).demand(plan);
        let fitting = self.useful.iter().enumerate().filter_map(|(at, worker)| {
            Some((judge_once_ready(worker, &demand).ok()?, &worker.id, at))
        });
        let (_, _, at) = fitting.min()?;
        Some(self.useful.remove(at))
    }

    /// Undo of [`Stopped::take`].
    pub(super) fn put_back(&mut self, worker: Option<&'a Worker>) {
        self.useful.extend(worker);
        self.useful.sort_by_key(|it| (it.changed_at, &it.id));
    }
}
