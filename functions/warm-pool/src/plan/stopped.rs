//! Workers that are stopped, or are to be.

use super::{
    Sight,
    room::Room,
    workers::{being_bought_to_park, being_parked, being_stopped},
};
use domain::{
    fit::judge_once_ready,
    plan::PlanId,
    worker::{Cordon, State, Worker},
};

pub(super) struct Stopped<'a> {
    /// Those that can be started and would help, the longest stopped first.
    pub(super) useful: Vec<&'a Worker>,
    /// Those that would not: too small by now, built for another image, or cordoned by the platform.
    pub(super) useless: Vec<&'a Worker>,
    /// On their way to being stopped.
    pub(super) coming: usize,
}

impl<'a> Stopped<'a> {
    pub(super) fn of(sight: &Sight<'a>) -> Self {
        let demand = Room::of([], sight).demand(sight.config.pool.headroom.plan);
        // What an operator cordoned waits for the operator.
        let is_kept = |it: &Worker| it.cordon == Some(Cordon::Operator);
        let stopped = |it: &&Worker| it.state == State::WarmStopped && !is_kept(it);
        let (mut useful, useless): (Vec<_>, Vec<_>) = sight
            .fleet
            .iter()
            .filter(stopped)
            .partition(|it| judge_once_ready(it, &demand).is_ok());
        useful.sort_by_key(|it| (it.changed_at, &it.id));
        let bought = being_bought_to_park(sight).chain(being_parked(sight));
        let coming = being_stopped(sight).chain(bought).count();
        Self { useful, useless, coming }
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
