//! What nobody owns, and why. Pure: findings from a snapshot.

mod instances;
mod machines;
mod reservations;
#[cfg(test)]
mod tests;

use crate::{
    limits::Limits,
    repair::{Removal, Repair},
    snapshot::Snapshot,
};
use domain::{
    id::{ReservationId, WorkerId},
    plan::PlanId,
    worker::{Holder, Worker},
};
use jiff::SignedDuration;

/// Links to a bundle open for three minutes.
const BUNDLE_AGE_MAX: SignedDuration = SignedDuration::from_mins(15);

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    Route,
    Machine,
    Worker,
    Bundle,
    Blank,
    Reservation,
    /// A place of a plan with a maximum.
    Count,
    Container,
}

impl Kind {
    /// In the order in which they are repaired: what may show one tenant another's instance first,
    /// what waits for workers last.
    pub(crate) const ALL: [Kind; 8] = [
        Kind::Route,
        Kind::Machine,
        Kind::Worker,
        Kind::Bundle,
        Kind::Blank,
        Kind::Reservation,
        Kind::Count,
        Kind::Container,
    ];
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Finding {
    pub(crate) kind: Kind,
    /// What it is about, for people.
    pub(crate) subject: String,
    /// Why it is nobody's, for people.
    pub(crate) reason: String,
    /// `None`: records contradict each other, and whichever is wrong, to act on it could take a tenant's
    /// instance down. An operator has to look.
    pub(crate) repair: Option<Repair>,
}

pub(crate) fn find(snapshot: &Snapshot, limits: &Limits) -> Vec<Finding> {
    let mut findings = instances::routes(snapshot);
    findings.extend(machines::orphans(snapshot));
    findings.extend(machines::lost_workers(snapshot));
    findings.extend(machines::ended_drains(snapshot));
    findings.extend(bundles(snapshot));
    findings.extend(reservations::find(snapshot, limits));
    findings.extend(reservations::counts(snapshot));
    findings.extend(instances::containers(snapshot));
    findings
}

/// How many there are of `kind`, owned or not. `None`: any share of them may go.
pub(crate) fn existing(snapshot: &Snapshot, kind: Kind) -> Option<usize> {
    let holders = || snapshot.workers.values().flat_map(|it| it.reservations.keys());
    match kind {
        Kind::Route => Some(snapshot.routes.len()),
        Kind::Machine => Some(snapshot.machines.len()),
        Kind::Worker => Some(snapshot.workers.len()),
        Kind::Blank => Some(holders().filter(|it| it.blank().is_some()).count()),
        Kind::Reservation => Some(holders().filter(|it| it.project().is_some()).count()),
        Kind::Count => Some(snapshot.counted.len()),
        Kind::Container => Some(snapshot.containers().count()),
        // It is of no use once its link has expired, and a secret lies in it: all of them may go. Most
        // of the time no other kind than these is there.
        Kind::Bundle => None,
    }
}

fn bundles(snapshot: &Snapshot) -> Vec<Finding> {
    let old = snapshot.bundles.iter().filter(|it| snapshot.is_older(it.stored_at, BUNDLE_AGE_MAX));
    let findings = old.map(|it| Finding {
        kind: Kind::Bundle,
        subject: format!("{} attempt {}", it.holder, it.attempt),
        reason: "nobody can fetch it any more".to_owned(),
        repair: Some(Repair::Withdraw {
            holder: it.holder.clone(),
            attempt: it.attempt,
            version: it.version,
        }),
    });
    findings.collect()
}

/// What to remove on `worker` before the place of `holder` can be given to somebody else. `Err`: nobody
/// knows what runs there.
fn find_removal(
    snapshot: &Snapshot,
    worker: &Worker,
    holder: &Holder,
    is_its: impl Fn(u32) -> bool,
) -> Result<Option<Removal>, Unheard> {
    let containers = snapshot.containers_on(worker).ok_or(Unheard)?;
    let found = containers.iter().find(|it| it.holder == *holder && is_its(it.generation));
    Ok(found.zip(worker.node_id.clone()).map(|(it, node_id)| Removal {
        node_id,
        holder: holder.clone(),
        generation: it.generation,
    }))
}

/// The worker has not been heard of for too long.
struct Unheard;

/// A place on a worker, as it was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) worker: WorkerId,
    pub(crate) holder: Holder,
    pub(crate) reservation: ReservationId,
    pub(crate) plan: PlanId,
}
