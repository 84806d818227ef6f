//! Which instances a pass backs up, and in which order. Pure.

use contracts::provision::ReadyWorker;
use domain::{
    id::WorkerId,
    project::{Project, State},
    worker::Worker,
};
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeMap;

/// From a backup to the next one. A little less than an hour, which is four passes that are never quite
/// on time.
const INTERVAL: SignedDuration = SignedDuration::from_mins(55);

/// Whose newest backup is older than this wakes somebody: several passes have come to nothing.
pub(crate) const OVERDUE: SignedDuration = SignedDuration::from_hours(3);

/// Of one worker in one pass, since what it runs has to go on meanwhile. Four passes make an hour.
const PER_WORKER: usize = 12;

/// An instance that is to be backed up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Order {
    pub(crate) project: Project,
    pub(crate) place: ReadyWorker,
}

/// What is due, oldest backup first, and of each worker no more than it bears. What is in the middle of a
/// saga is not: it is about to be backed up by its halt, or has nothing new yet.
pub(crate) fn due(projects: &[Project], workers: &[Worker], now: Timestamp) -> Vec<Order> {
    let is_due = |it: &&Project| runs(it) && !is_fresh(it, now);
    let mut due: Vec<_> = projects.iter().filter(is_due).collect();
    due.sort_by_key(|it| (last_seen(it), it.id.clone()));
    let mut taken = BTreeMap::<WorkerId, usize>::new();
    let placed = due.into_iter().filter_map(|it| Some((it, find(it, workers)?)));
    let borne = placed.filter(|(_, place)| {
        let count = taken.entry(place.worker_id.clone()).or_default();
        *count += 1;
        *count <= PER_WORKER
    });
    borne.map(|(project, place)| Order { project: project.clone(), place }).collect()
}

/// Since when nothing of what the instance knows is in safety.
pub(crate) fn age(project: &Project, now: Timestamp) -> SignedDuration {
    now.duration_since(last_seen(project))
}

pub(crate) fn runs(project: &Project) -> bool {
    project.state == State::Running
}

/// A backup of an earlier instance says nothing of what this one has learned.
fn is_fresh(project: &Project, now: Timestamp) -> bool {
    let ours = project.backup.as_ref().filter(|it| it.attempt == project.attempt);
    ours.is_some_and(|it| now.duration_since(it.taken_at) < INTERVAL)
}

fn last_seen(project: &Project) -> Timestamp {
    project.backup.as_ref().map_or(project.created_at, |it| it.taken_at)
}

fn find(project: &Project, workers: &[Worker]) -> Option<ReadyWorker> {
    let reservation = project.id.reservation(project.attempt);
    let mut admitting = workers.iter().filter(|it| it.state == domain::worker::State::Ready);
    admitting.find_map(|it| ReadyWorker::at(it, &reservation))
}

#[cfg(test)]
mod tests;
