//! Which blanks to boot, and which to throw away.

use super::{Action, Sight, room::Room};
use crate::mint::Mint;
use domain::{
    id::{BlankId, MalformedId},
    plan::PlanId,
    worker::{Reservation, State, Worker},
};
use std::{cmp::Reverse, collections::BTreeSet, iter::repeat_n, time::Duration};

/// How long a blank is kept that is one too many. Who wanted it a moment ago may come back.
const KEPT: Duration = Duration::from_mins(5);
/// A blank's age counts from its reservation: so much later it is warm.
const BOOT: Duration = Duration::from_mins(1);

pub(super) struct Blanks {
    pub(super) boots: Vec<Action>,
    pub(super) retired: Vec<Action>,
    /// Those that are wanted and that this look does not boot: they need room later.
    pub(super) missing: Vec<PlanId>,
    /// The fleet with all of `boots`, and none of `retired`.
    pub(super) room: Room,
}

/// A blank, where it is.
#[derive(Clone, Copy)]
struct Stock<'a> {
    worker: &'a Worker,
    blank: &'a BlankId,
    held: &'a Reservation,
}

pub(super) fn plan(sight: &Sight<'_>, mint: &mut Mint<'_>) -> Result<Blanks, MalformedId> {
    let retired = plan_retired(sight);
    let gone: BTreeSet<_> = retired.iter().map(|it| it.blank).collect();
    let kept: Vec<_> = on_open_workers(sight).filter(|it| !gone.contains(it.blank)).collect();
    let (mut boots, mut missing) = (Vec::new(), Vec::new());
    // A place that is about to be free is not free yet.
    let mut room = Room::of(sight.fleet, sight);
    // The largest first, like everything that looks for room.
    let mut wanted: Vec<_> = sight.target.blanks.iter().collect();
    wanted.sort_by_key(|(plan, _)| Reverse(plan.plan().limits.memory_mib));
    for (plan, wanted) in wanted {
        let there = kept.iter().filter(|it| it.held.plan == *plan).count();
        let lacking = usize::try_from(*wanted).unwrap_or(usize::MAX).saturating_sub(there);
        let mut booted = 0;
        while booted < lacking && can_boot(sight, &room, *plan) {
            let (blank, plan) = (mint.blank(*plan)?, *plan);
            room.put(plan, &blank);
            boots.push(Action::BootBlank { blank, plan });
            booted += 1;
        }
        missing.extend(repeat_n(*plan, lacking - booted));
    }
    for Stock { worker, blank, .. } in &retired {
        room.remove(&worker.id, blank);
    }
    let retire = |it: &Stock<'_>| Action::RetireBlank {
        worker: it.worker.id.clone(),
        blank: it.blank.clone(),
    };
    Ok(Blanks { boots, retired: retired.iter().map(retire).collect(), missing, room })
}

/// Whether the worker where placement would put the next blank of `plan` can boot one more.
///
/// Another worker may be able to, but it is not ours to choose: placement packs tightly.
fn can_boot(sight: &Sight<'_>, room: &Room, plan: PlanId) -> bool {
    let limit = usize::try_from(sight.config.pool.boots_per_worker).unwrap_or(usize::MAX);
    let chosen = room.choose(plan).filter(|_| sight.may_boot);
    chosen.is_some_and(|worker| boots_on(worker) < limit)
}

/// Blanks that boot on `worker`.
pub(super) fn boots_on(worker: &Worker) -> usize {
    let places = worker.reservations.iter();
    places.filter(|(holder, held)| holder.blank().is_some() && !held.warm).count()
}

/// Only warm ones. One that boots belongs to its saga, which gives up by itself.
fn plan_retired<'a>(sight: &Sight<'a>) -> Vec<Stock<'a>> {
    let too_old = Duration::from_secs(sight.config.pool.blank_age_max_s.into());
    let closed = all(sight).filter(|it| is_closing(sight, it.worker) && it.held.warm);
    let open = on_open_workers(sight);
    let (old, young): (Vec<_>, Vec<_>) =
        open.partition(|it| it.held.warm && it.held.since + too_old < sight.now);
    let mut retired: Vec<_> = closed.chain(old).collect();
    let plans: BTreeSet<_> = young.iter().map(|it| it.held.plan).collect();
    for plan in plans {
        let of_plan = young.iter().filter(|it| it.held.plan == plan);
        let wanted = sight.target.blanks.get(&plan).copied().unwrap_or_default();
        let wanted = usize::try_from(wanted).unwrap_or(usize::MAX);
        let surplus = of_plan.clone().count().saturating_sub(wanted);
        let had_its_time =
            |it: &&Stock<'_>| it.held.warm && it.held.since + BOOT + KEPT <= sight.now;
        let mut spent: Vec<_> = of_plan.filter(had_its_time).copied().collect();
        spent.sort_by_key(|it| (it.held.since, it.blank));
        retired.extend(spent.into_iter().take(surplus));
    }
    retired
}

/// Where nobody can claim a blank any more.
fn is_closing(sight: &Sight<'_>, worker: &Worker) -> bool {
    match worker.state {
        State::Ready => worker.is_cordoned() || !sight.is_open_in(&worker.origin.region),
        State::Draining => true,
        // Nothing runs there, or it is being settled by somebody else.
        State::Provisioning
        | State::WarmStopped
        | State::Starting
        | State::Error
        | State::Terminated => false,
    }
}

fn on_open_workers<'a, 's>(sight: &'s Sight<'a>) -> impl Iterator<Item = Stock<'a>> + use<'a, 's> {
    let is_open = |it: &Worker| it.admits() && sight.is_open_in(&it.origin.region);
    all(sight).filter(move |it| is_open(it.worker))
}

fn all<'a>(sight: &Sight<'a>) -> impl Iterator<Item = Stock<'a>> + use<'a> {
    sight.fleet.iter().flat_map(|worker| {
        let blanks = worker
            .reservations
            .iter()
            .filter_map(|(holder, held)| holder.blank().map(|blank| (blank, held)));
        blanks.map(move |(blank, held)| Stock { worker, blank, held })
    })
}
