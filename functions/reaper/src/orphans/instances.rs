//! Containers that have no place, and routes that lead to nobody's.

use super::{Finding, Kind};
use crate::{
    repair::{Removal, Repair},
    snapshot::Snapshot,
};
use domain::{
    id::ProjectId,
    project::{Project, State as ProjectState},
    worker::{Holder, Worker},
};
use ports::{
    heartbeats::Container,
    routes::{Change, Route},
};

pub(super) fn containers(snapshot: &Snapshot) -> Vec<Finding> {
    let mut findings = Vec::new();
    for worker in snapshot.workers.values() {
        let (Some(containers), Some(node_id)) = (snapshot.containers_on(worker), &worker.node_id)
        else {
            continue;
        };
        for container in containers {
            let Some((reason, is_safe)) = judge(snapshot, worker, container) else { continue };
            let Container { holder, generation, sight: _ } = container.clone();
            findings.push(Finding {
                kind: Kind::Container,
                subject: format!("{holder} generation {generation} on {}", worker.id),
                reason,
                repair: is_safe.then(|| {
                    let node_id = node_id.clone();
                    Repair::Remove(Removal { node_id, holder, generation })
                }),
            });
        }
    }
    findings
}

/// Why `container` has no place on `worker`, and whether it can be removed.
///
/// A launch reserves before it runs, and workers are heard before records are read: whoever is on the
/// way has a place by now.
fn judge(snapshot: &Snapshot, worker: &Worker, container: &Container) -> Option<(String, bool)> {
    let nothing = || "nothing is reserved for it".to_owned();
    match &container.holder {
        Holder::Project(id) => {
            let project = snapshot.projects.get(id);
            if worker.held_by(id).is_none() {
                // Its place may have been lost, and not its owner.
                let is_forgotten = project.is_some_and(|it| {
                    runs(it, container.generation)
                        && !snapshot.is_reserved(&id.reservation(it.attempt))
                });
                return Some((nothing(), !is_forgotten));
            }
            let attempt = project?.attempt;
            let is_late = container.generation < attempt;
            is_late.then(|| (format!("the project is at attempt {attempt}"), true))
        }
        blank @ Holder::Blank(id) => {
            // Whoever took it over lists it under its own name, a moment later.
            let is_taken_over =
                worker.reservations.values().any(|it| it.blank.as_ref() == Some(id));
            let has_place = worker.reservations.contains_key(blank) || is_taken_over;
            (!has_place).then(|| (nothing(), true))
        }
    }
}

/// While it is halted its data is still there, and nowhere else.
fn runs(project: &Project, attempt: u32) -> bool {
    let is_there = matches!(project.state, ProjectState::Running | ProjectState::Halting);
    is_there && project.attempt == attempt
}

/// Routes were listed before places: a place that is missing was never there, or is gone for good.
pub(super) fn routes(snapshot: &Snapshot) -> Vec<Finding> {
    let is_astray = |it: &&Route| !snapshot.holds(&it.change.project_id, it.change.target);
    let astray = snapshot.routes.iter().filter(is_astray);
    let findings = astray.map(|Route { change, .. }| Finding {
        kind: Kind::Route,
        subject: change.host.to_string(),
        reason: format!("`{}` has no place there", change.project_id),
        repair: (!is_running(snapshot, &change.project_id, change.attempt)).then(|| {
            let (host, project) = (change.host.clone(), change.project_id.clone());
            Repair::ShowFailed(Change::closed(host, project, change.attempt))
        }),
    });
    findings.collect()
}

fn is_running(snapshot: &Snapshot, id: &ProjectId, attempt: u32) -> bool {
    snapshot.projects.get(id).is_some_and(|it| runs(it, attempt))
}
