//! Which workers to empty by moving what is on them, so that they can be given back.
//!
//! Those that are about to be taken away go in any case: who found out has begun it, and this look begins
//! it again if that came to nothing. Of those that serve well one at a time goes, and only if it pays: a
//! move is a restart for its owner, and what is emptied today must not be bought again tomorrow.

use super::{Sight, room::Room};
use crate::config::Consolidation as Limits;
use domain::{
    consolidation::plan_consolidation,
    id::WorkerId,
    plan::PlanId,
    worker::{Cordon, State, Worker},
};
use std::{cmp::Reverse, iter::repeat_n, time::Duration};

/// A worker to empty, and in whose name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Emptying {
    pub(crate) worker: WorkerId,
    pub(crate) by: Cordon,
}

/// `at_rest`: the pool asks for nothing else in this look.
pub(crate) fn plan(sight: &Sight<'_>, at_rest: bool) -> Vec<Emptying> {
    let leaving = sight.fleet.iter().filter(|it| it.state == State::Ready && it.has_tenants());
    let of = |it: &Worker| {
        let by = it.cordon.filter(|by| by.moves_away())?;
        Some(Emptying { worker: it.id.clone(), by })
    };
    let mut plan: Vec<_> = leaving.filter_map(of).collect();
    if at_rest && sight.may_boot && sight.may_grow {
        plan.extend(sight.config.pool.consolidation.and_then(|it| consolidate(sight, it)));
    }
    plan
}

/// The worker whose few tenants find room elsewhere, if without it there is still room for all that is
/// wanted and `spare_instances` more.
fn consolidate(sight: &Sight<'_>, limits: Limits) -> Option<Emptying> {
    // Workers come because there is too little room, and one that is being emptied has not settled yet.
    if sight.fleet.iter().any(is_in_motion) {
        return None;
    }
    let quiet_for = Duration::from_secs(limits.quiet_s.into());
    let is_quiet = |it: &Worker| it.changed_at + quiet_for <= sight.now;
    let open = sight.fleet.iter().filter(|it| sight.is_open_in(&it.origin.region));
    let plan = plan_consolidation(open, is_quiet)?;
    let pays = plan.disturbed() <= usize::try_from(limits.most_moved).unwrap_or(usize::MAX);
    let room = Room::of(sight.fleet, sight).after(&plan).filter(|_| pays)?;
    let has_room = room.lacking(&wanted(sight, limits.spare_instances)).is_empty();
    has_room.then_some(Emptying { worker: plan.worker, by: Cordon::Consolidation })
}

fn is_in_motion(worker: &Worker) -> bool {
    match worker.state {
        State::Provisioning | State::Starting | State::Draining => true,
        State::Ready => worker.cordon == Some(Cordon::Consolidation),
        State::WarmStopped | State::Error | State::Terminated => false,
    }
}

/// What has to find room beside what is there: the headroom, `spare` more of it, and blanks that are not
/// there yet. The largest first, since it finds the fewest places.
fn wanted(sight: &Sight<'_>, spare: u32) -> Vec<PlanId> {
    let number = |it: u32| usize::try_from(it).unwrap_or(usize::MAX);
    let headroom = number(sight.target.headroom.saturating_add(spare));
    let mut wanted: Vec<_> = repeat_n(sight.config.pool.headroom.plan, headroom).collect();
    for (plan, blanks) in &sight.target.blanks {
        let there = sight.fleet.iter().filter(|it| it.admits()).map(|it| blanks_on(it, *plan));
        let lacking = number(*blanks).saturating_sub(there.sum());
        wanted.extend(repeat_n(*plan, lacking));
    }
    wanted.sort_by_key(|it| Reverse(it.plan().limits.memory_mib));
    wanted
}

fn blanks_on(worker: &Worker, plan: PlanId) -> usize {
    let held = worker.reservations.iter();
    held.filter(|(holder, it)| holder.blank().is_some() && it.plan == plan).count()
}

#[cfg(test)]
mod tests;
