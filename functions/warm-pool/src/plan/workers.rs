//! Which workers to start or buy ahead of demand, and which to stop or give back.
//!
//! There is one measure for both: whether all that is wanted finds room on the workers that run. Either
//! something does not, and workers come; or everything does, and those without which it still does may
//! go. So no worker comes and goes for the same reason.

use super::{
    Action, Sight,
    blanks::Blanks,
    room::Room,
    spares::{self, MAX_SPARES},
    stopped::Stopped,
};
use crate::mint::{Mint, was_bought_to_park};
use contracts::grow::Source;
use domain::{
    id::{MalformedId, WorkerId},
    offering::{Offering, count_on_demand, plan_purchase},
    plan::PlanId,
    worker::{State, Worker},
};
use std::{cmp::Reverse, collections::BTreeSet, iter::repeat_n, time::Duration};

/// A worker that has been on its way for longer, up or down, is not to be counted on.
const COMING_FOR: Duration = Duration::from_mins(15);
/// A worker that was bought to be stopped runs for a moment before it is.
const PARKED_WITHIN: Duration = Duration::from_mins(2);

pub(super) fn plan(
    sight: &Sight<'_>,
    mint: &mut Mint<'_>,
    blanks: &Blanks,
) -> Result<Vec<Action>, MalformedId> {
    let wanted = wanted(sight, &blanks.missing);
    let mut room = blanks.room.clone();
    for worker in being_parked(sight).filter(|it| blanks.room.is_empty(&it.id)) {
        room = room.without(&worker.id);
    }
    let mut stopped = Stopped::of(sight);
    let mut actions = if room.lacking(&wanted).is_empty() {
        plan_drains(sight, room, &wanted, &mut stopped)
    } else {
        coming(sight).for_each(|it| room.wake(&it.id));
        spares::plan(sight, mint, room, &wanted, &mut stopped)?
    };
    actions.extend(plan_stopped(sight, mint, &stopped)?);
    actions.extend(plan_leaving(sight));
    Ok(actions)
}

/// What has to find room: blanks that wait for their boot, and the headroom. The largest first, since it
/// finds the fewest places.
fn wanted(sight: &Sight<'_>, missing: &[PlanId]) -> Vec<PlanId> {
    let headroom = usize::try_from(sight.target.headroom).unwrap_or(usize::MAX);
    let headroom = repeat_n(sight.config.pool.headroom.plan, headroom);
    let mut wanted: Vec<_> = missing.iter().copied().chain(headroom).collect();
    wanted.sort_by_key(|it| Reverse(it.plan().limits.memory_mib));
    wanted
}

/// Empties `room` of workers as long as all of `wanted` still finds its place. Who has been idle for
/// longest goes first.
fn plan_drains(
    sight: &Sight<'_>,
    mut room: Room,
    wanted: &[PlanId],
    stopped: &mut Stopped<'_>,
) -> Vec<Action> {
    let is_idle = |it: &&Worker| it.admits() && it.reservations.is_empty() && room.is_empty(&it.id);
    let mut idle: Vec<_> = sight.fleet.iter().filter(is_idle).collect();
    idle.sort_by_key(|it| (it.changed_at, &it.id));
    let mut actions = Vec::new();
    for worker in idle {
        let rest = room.without(&worker.id);
        if !rest.lacking(wanted).is_empty() {
            continue;
        }
        room = rest;
        let park = parks(worker) && stopped.count() < stopped_wanted(sight);
        stopped.coming += usize::from(park);
        actions.push(drain(worker, park));
    }
    actions
}

/// Buys workers to be stopped, or gives back those that are too many.
fn plan_stopped(
    sight: &Sight<'_>,
    mint: &mut Mint<'_>,
    stopped: &Stopped<'_>,
) -> Result<Vec<Action>, MalformedId> {
    let wanted = stopped_wanted(sight);
    let surplus = stopped.useful.len().saturating_sub(wanted);
    let mut actions: Vec<_> = stopped
        .useful
        .iter()
        .take(surplus)
        .chain(&stopped.useless)
        .map(|it| drain(it, false))
        .collect();
    let plan = sight.config.pool.headroom.plan;
    // Only that is bought to be stopped: whatever else would be given back as soon as it is ready.
    let can_buy = affordable(sight, plan, on_demand(sight)).into_iter().any(Offering::parks);
    if can_buy {
        for _ in 0..wanted.saturating_sub(stopped.count()).min(MAX_SPARES) {
            actions.push(purchase(sight, mint.worker_to_park()?, plan, true));
        }
    }
    Ok(actions)
}

/// Workers that the platform itself keeps empty. They have no room, so nothing depends on them.
fn plan_leaving<'a>(sight: &Sight<'a>) -> impl Iterator<Item = Action> + use<'a> {
    let is_empty = |it: &&Worker| it.state == State::Ready && it.reservations.is_empty();
    let leaving = sight.fleet.iter().filter(|it| it.is_leaving()).filter(is_empty);
    leaving.map(|it| drain(it, false))
}

fn stopped_wanted(sight: &Sight<'_>) -> usize {
    usize::try_from(sight.target.stopped_workers).unwrap_or(usize::MAX)
}

/// What a purchase would try for `plan`, in a pool that has `on_demand` workers on demand.
pub(super) fn affordable<'a>(
    sight: &Sight<'a>,
    plan: PlanId,
    on_demand: usize,
) -> Vec<&'a Offering> {
    let config = sight.config;
    plan_purchase(&config.offerings.0, config.architecture, plan.plan().limits, on_demand)
}

pub(super) fn on_demand(sight: &Sight<'_>) -> usize {
    count_on_demand(sight.fleet)
}

pub(super) fn purchase(sight: &Sight<'_>, worker: WorkerId, plan: PlanId, park: bool) -> Action {
    Action::GetSpare { worker, from: Source::Purchase, plan, park, changed_at: sight.now }
}

fn drain(worker: &Worker, park: bool) -> Action {
    Action::Drain { worker: worker.id.clone(), idle_since: worker.changed_at, park }
}

fn parks(worker: &Worker) -> bool {
    worker.origin.provider.parks(worker.origin.purchase)
}

/// On their way to being ready, and staying so.
fn coming<'a>(sight: &Sight<'a>) -> impl Iterator<Item = &'a Worker> + use<'a> {
    let to_park: BTreeSet<_> = being_bought_to_park(sight).map(|it| &it.id).collect();
    on_their_way(sight).filter(move |it| !to_park.contains(&it.id))
}

fn on_their_way<'a>(sight: &Sight<'a>) -> impl Iterator<Item = &'a Worker> + use<'a> {
    lately(sight).filter(|it| matches!(it.state, State::Provisioning | State::Starting))
}

/// About to be stopped. Some of these are to be given back instead: then one is missing for a minute.
pub(super) fn being_stopped<'a>(sight: &Sight<'a>) -> impl Iterator<Item = &'a Worker> + use<'a> {
    lately(sight).filter(|it| it.state == State::Draining && parks(it))
}

/// Those that changed not so long ago that they must have got stuck.
fn lately<'a>(sight: &Sight<'a>) -> impl Iterator<Item = &'a Worker> + use<'a> {
    let now = sight.now;
    sight.fleet.iter().filter(move |it| it.changed_at + COMING_FOR > now)
}

pub(super) fn being_bought_to_park<'a>(
    sight: &Sight<'a>,
) -> impl Iterator<Item = &'a Worker> + use<'a> {
    on_their_way(sight).filter(|it| it.state == State::Provisioning && was_bought_to_park(&it.id))
}

/// Ready, and about to be stopped. Nothing but their name says so.
pub(super) fn being_parked<'a>(sight: &Sight<'a>) -> impl Iterator<Item = &'a Worker> + use<'a> {
    let now = sight.now;
    sight.fleet.iter().filter(move |it| {
        let is_fresh = it.changed_at + PARKED_WITHIN > now;
        it.admits() && it.reservations.is_empty() && is_fresh && was_bought_to_park(&it.id)
    })
}
