//! Machines without a worker, and workers without a machine.

use super::{Finding, Kind};
use crate::{repair::Repair, snapshot::Snapshot};
use domain::worker::{State, Worker};
use jiff::SignedDuration;
use ports::machines::Machine;

/// The record comes before the machine, so none of these is about to get one. The age is for what was
/// listed a moment before its record could be read.
const MACHINE_AGE_MIN: SignedDuration = SignedDuration::from_mins(15);
/// A drain is over sooner.
const MACHINELESS_AGE_MIN: SignedDuration = SignedDuration::from_mins(15);
/// Sagas wait ten minutes for a machine, and twenty more undo or repeat whatever they do.
const BOOT_AGE_MAX: SignedDuration = SignedDuration::from_mins(30);
/// So long a saga waits, at most, until a machine has stopped, and repeats what it does.
const DRAIN_AGE_MAX: SignedDuration = SignedDuration::from_mins(30);

pub(super) fn orphans(snapshot: &Snapshot) -> Vec<Finding> {
    let judged = snapshot.machines.iter().filter_map(|it| Some((it, judge(snapshot, it)?)));
    let findings = judged.map(|(machine, (reason, is_safe))| Finding {
        kind: Kind::Machine,
        subject: machine.id.clone(),
        reason,
        repair: is_safe.then(|| Repair::Terminate { machine_id: machine.id.clone() }),
    });
    findings.collect()
}

/// Why `machine` is nobody's, and whether it can be given back.
fn judge(snapshot: &Snapshot, machine: &Machine) -> Option<(String, bool)> {
    let is_old = snapshot.is_older(machine.bought_at, MACHINE_AGE_MIN);
    let Some(worker) = snapshot.record_of(machine) else {
        return is_old.then(|| match &machine.worker {
            Some(id) => (format!("`{id}` is not recorded"), true),
            None => ("it names no worker".to_owned(), true),
        });
    };
    if worker.state == State::Terminated {
        let is_empty = worker.reservations.is_empty();
        let but = if is_empty { "" } else { ", but something is reserved on it" };
        return Some((format!("`{}` is terminated{but}", worker.id), is_empty));
    }
    let is_other =
        is_another(worker.machine_id.as_ref(), &machine.id) && worker.node_id != machine.node_id;
    (is_other && is_old).then(|| (format!("`{}` is another machine", worker.id), true))
}

fn is_another(recorded: Option<&String>, id: &str) -> bool {
    recorded.is_some_and(|it| it != id)
}

/// Workers that nobody listens to for heartbeats, and that will not come back by themselves.
pub(super) fn lost_workers(snapshot: &Snapshot) -> Vec<Finding> {
    let judged = snapshot.workers.values().filter_map(|it| Some((it, loss(snapshot, it)?)));
    let findings = judged.map(|(worker, (reason, only_if_gone))| Finding {
        kind: Kind::Worker,
        subject: worker.id.to_string(),
        reason: reason.to_owned(),
        repair: Some(Repair::MarkLost {
            worker: worker.id.clone(),
            unchanged_since: worker.changed_at,
            only_if_gone,
        }),
    });
    findings.collect()
}

/// Why `worker` is lost, and whether that depends on its machine being gone.
fn loss(snapshot: &Snapshot, worker: &Worker) -> Option<(&'static str, bool)> {
    let since = |age| snapshot.is_older(worker.changed_at, age);
    match worker.state {
        State::Provisioning if since(BOOT_AGE_MAX) => {
            if worker.machine_id.is_none() && !snapshot.has_machine(worker) {
                Some(("it was to be bought half an hour ago, and was not", true))
            } else {
                Some(("it was bought half an hour ago, and has not become ready", false))
            }
        }
        State::Starting if since(BOOT_AGE_MAX) => {
            Some(("it was started half an hour ago, and has not become ready", false))
        }
        State::Draining | State::WarmStopped
            if since(MACHINELESS_AGE_MIN) && !snapshot.has_machine(worker) =>
        {
            Some(("its machine is gone", true))
        }
        State::Provisioning
        | State::Starting
        | State::Draining
        | State::WarmStopped
        // `worker-watch` looks after these.
        | State::Ready
        | State::Error
        | State::Terminated => None,
    }
}

/// Workers that admit nothing although nobody drains them any more: their saga ended between what it did
/// to the machine and what it would have written.
pub(super) fn ended_drains(snapshot: &Snapshot) -> Vec<Finding> {
    let stuck = snapshot.workers.values().filter(|it| {
        it.state == State::Draining
            && snapshot.is_older(it.changed_at, DRAIN_AGE_MAX)
            && snapshot.has_machine(it)
    });
    let findings = stuck.map(|worker| Finding {
        kind: Kind::Worker,
        subject: worker.id.to_string(),
        reason: "it was to be drained half an hour ago, and its machine is there".to_owned(),
        repair: Some(Repair::EndDrain {
            worker: worker.id.clone(),
            unchanged_since: worker.changed_at,
        }),
    });
    findings.collect()
}
