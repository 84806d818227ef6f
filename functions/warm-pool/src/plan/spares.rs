//! Which workers to start or buy, so that all that is wanted finds room.

use super::{
    Action, Sight,
    room::Room,
    stopped::Stopped,
    workers::{affordable, on_demand, purchase},
};
use crate::mint::Mint;
use contracts::grow::Source;
use domain::{
    id::{MalformedId, WorkerId},
    offering::Purchase,
    plan::PlanId,
    worker::Worker,
};

/// Workers that one look starts or buys for the same reason. The next look may ask for more.
pub(super) const MAX_SPARES: usize = 4;
/// Workers that are tried together to find out which of them are needed.
const MAX_TRIED: usize = 32;

struct Spare<'a> {
    worker: WorkerId,
    /// `None`: it is to be bought.
    asleep: Option<&'a Worker>,
    plan: PlanId,
}

/// Starts what is stopped, and buys if that is not enough, until nothing of `wanted` is without room in
/// `room`: on workers that run, or are about to.
pub(super) fn plan<'a>(
    sight: &Sight<'a>,
    mint: &mut Mint<'_>,
    mut room: Room,
    wanted: &[PlanId],
    stopped: &mut Stopped<'a>,
) -> Result<Vec<Action>, MalformedId> {
    let mut wanted = wanted.to_vec();
    let mut spares: Vec<Spare<'a>> = Vec::new();
    let mut on_demand = on_demand(sight);
    while let Some(plan) = room.lacking(&wanted).first().copied()
        && spares.len() < MAX_TRIED
    {
        if let Some(asleep) = stopped.take(sight, plan) {
            room.wake(&asleep.id);
            on_demand += usize::from(asleep.origin.purchase == Purchase::OnDemand);
            spares.push(Spare { worker: asleep.id.clone(), asleep: Some(asleep), plan });
        } else if let Some(offering) = affordable(sight, plan, on_demand).first() {
            on_demand += usize::from(offering.purchase == Purchase::OnDemand);
            let worker = mint.worker()?;
            room.buy(worker.clone(), offering, sight);
            spares.push(Spare { worker, asleep: None, plan });
        } else {
            // No offering holds it. Provisioning says so when somebody buys that plan.
            wanted.retain(|it| *it != plan);
        }
    }
    drop_needless(&mut spares, room, &wanted, stopped);
    // Cut last: which of them are needless depends on all the others.
    let later = spares.drain(MAX_SPARES.min(spares.len())..);
    later.for_each(|it| stopped.put_back(it.asleep));
    Ok(spares.iter().map(|it| action(sight, it)).collect())
}

/// A worker that was tried first may be needless next to a larger one that was tried after it: it would
/// be stopped again as soon as both run.
fn drop_needless<'a>(
    spares: &mut Vec<Spare<'a>>,
    mut room: Room,
    wanted: &[PlanId],
    stopped: &mut Stopped<'a>,
) {
    if !room.lacking(wanted).is_empty() {
        return;
    }
    spares.retain(|spare| {
        let rest = room.without(&spare.worker);
        let is_needed = !rest.lacking(wanted).is_empty();
        if !is_needed {
            room = rest;
            stopped.put_back(spare.asleep);
        }
        is_needed
    });
}

fn action(sight: &Sight<'_>, Spare { worker, asleep, plan }: &Spare<'_>) -> Action {
    match asleep {
        Some(asleep) => Action::GetSpare {
            worker: worker.clone(),
            from: Source::WarmPool,
            plan: *plan,
            park: false,
            changed_at: asleep.changed_at,
        },
        None => purchase(sight, worker.clone(), *plan, false),
    }
}
