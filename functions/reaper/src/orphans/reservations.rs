//! Places that nobody needs any more: of projects that do not run there, and of blanks that nobody
//! will take over.

use super::{Finding, Kind, Place, find_removal};
use crate::{limits::Limits, repair::Repair, snapshot::Snapshot};
use domain::{
    id::ProjectId,
    project::State as ProjectState,
    worker::{Holder, Reservation, State, Worker},
};
use jiff::SignedDuration;
use ports::fleet::Counted;

/// A provisioning, with all its retries and undos, is over sooner.
const UNBACKED_AGE_MIN: SignedDuration = SignedDuration::from_mins(30);
/// So is the boot of a blank.
const BOOTING_AGE_MAX: SignedDuration = SignedDuration::from_mins(15);

/// What is on a lost worker is settled by `worker-watch`.
pub(super) fn find(snapshot: &Snapshot, limits: &Limits) -> Vec<Finding> {
    let workers = snapshot.workers.values().filter(|it| it.state != State::Error);
    let held = workers.flat_map(|worker| {
        worker.reservations.iter().map(move |(holder, held)| (worker, holder, held))
    });
    held.filter_map(|(worker, holder, held)| of_one(snapshot, limits, worker, holder, held))
        .collect()
}

fn of_one(
    snapshot: &Snapshot,
    limits: &Limits,
    worker: &Worker,
    holder: &Holder,
    held: &Reservation,
) -> Option<Finding> {
    let (kind, reason, removal) = match holder {
        Holder::Project(project) => {
            let reason = unbacked(snapshot, project, held)?;
            let is_its = |generation| project.reservation(generation) == held.id;
            (Kind::Reservation, reason, find_removal(snapshot, worker, holder, is_its))
        }
        Holder::Blank(_) => {
            let reason = overdue(snapshot, limits, held)?;
            (Kind::Blank, reason, find_removal(snapshot, worker, holder, |_| true))
        }
    };
    // What may still run keeps its place: the port and the memory are not free.
    let Ok(removal) = removal else { return None };
    let place = Place {
        worker: worker.id.clone(),
        holder: holder.clone(),
        reservation: held.id.clone(),
        plan: held.plan,
    };
    let subject = format!("{} of {holder} on {}", held.id, worker.id);
    Some(Finding { kind, subject, reason, repair: Some(Repair::Release { place, removal }) })
}

/// Why no project stands behind `held`, if it is old enough to tell.
fn unbacked(snapshot: &Snapshot, id: &ProjectId, held: &Reservation) -> Option<String> {
    if !snapshot.is_older(held.since, UNBACKED_AGE_MIN) {
        return None;
    }
    let Some(project) = snapshot.projects.get(id) else {
        return Some("there is no such project".to_owned());
    };
    if held.id != id.reservation(project.attempt) {
        return Some(format!("the project is at attempt {}", project.attempt));
    }
    match project.state {
        ProjectState::Pending
        | ProjectState::Provisioning
        | ProjectState::Running
        | ProjectState::Halting => None,
        ProjectState::Stopped => Some("its owner has stopped the project".to_owned()),
        ProjectState::Asleep => Some("the project is asleep".to_owned()),
        ProjectState::Suspended => Some("the project is suspended".to_owned()),
        ProjectState::Deleting | ProjectState::Deleted => Some("the project is deleted".to_owned()),
        ProjectState::Error => Some("the attempt has failed".to_owned()),
        ProjectState::PendingPayment => Some("the project is not paid for".to_owned()),
    }
}

/// Why nobody will take the blank of `held` over.
fn overdue(snapshot: &Snapshot, limits: &Limits, held: &Reservation) -> Option<String> {
    let age_max = SignedDuration::from_secs(limits.blank_age_max_s);
    if held.warm {
        let reason = || format!("it has waited for more than {} s", limits.blank_age_max_s);
        snapshot.is_older(held.since, age_max).then(reason)
    } else {
        let reason = || format!("it has booted for more than {} s", BOOTING_AGE_MAX.as_secs());
        snapshot.is_older(held.since, BOOTING_AGE_MAX).then(reason)
    }
}

/// Counts that no reservation stands behind. A project is counted before it is placed, and counts were
/// listed before places: who is on the way is young, or its project says so.
pub(super) fn counts(snapshot: &Snapshot) -> Vec<Finding> {
    let leaked = snapshot.counted.iter().filter(|it| {
        let is_old = snapshot.is_older(it.since, UNBACKED_AGE_MIN);
        is_old && !snapshot.is_reserved(&it.reservation) && !is_on_its_way(snapshot, it)
    });
    let findings = leaked.map(|Counted { plan, reservation, .. }| Finding {
        kind: Kind::Count,
        subject: format!("{reservation} of {plan:?}"),
        reason: "it is reserved nowhere".to_owned(),
        repair: Some(Repair::CountOut { plan: *plan, reservation: reservation.clone() }),
    });
    findings.collect()
}

/// Its provisioning goes on, however late: there is no room, and its worker is about to be bought.
fn is_on_its_way(snapshot: &Snapshot, counted: &Counted) -> bool {
    let project = counted.reservation.project().and_then(|it| snapshot.projects.get(&it));
    project.is_some_and(|it| {
        let is_current = it.id.reservation(it.attempt) == counted.reservation;
        is_current && matches!(it.state, ProjectState::Pending | ProjectState::Provisioning)
    })
}
