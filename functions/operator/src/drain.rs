//! What becomes of a worker that an operator wants to be drained. Pure.

use contracts::drain::Saga;
use domain::worker::{State, Worker};

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Plan {
    /// It is empty, and admits nothing more: the saga gives it back.
    GiveBack(Saga),
    /// Something is on it.
    Wait,
}

/// Why `worker` cannot be drained.
pub(crate) fn objection(worker: &Worker) -> Option<&'static str> {
    match worker.state {
        State::Ready => None,
        State::Provisioning | State::Starting => Some("it is not ready yet"),
        State::Draining => Some("it is being drained already"),
        State::WarmStopped => Some("it is stopped: the warm pool starts it or gives it back"),
        State::Error => Some("it is lost: what was on it is being settled"),
        State::Terminated => Some("it is terminated"),
    }
}

/// `worker` as it was read after it was cordoned: if it is empty then, it stays empty.
pub(crate) fn plan(worker: &Worker) -> Plan {
    if !worker.reservations.is_empty() {
        return Plan::Wait;
    }
    Plan::GiveBack(Saga {
        worker_id: worker.id.clone(),
        idle_since: worker.changed_at,
        park: false,
        drained: None,
        error: None,
    })
}

/// What the operator is told about the execution `name`.
pub(crate) fn on_its_way(name: &str) -> String {
    format!(
        "it is empty and cordoned: in five minutes the execution `{name}` gives it back. To call that \
         off, uncordon the worker before. Or stop the execution, and it stays, cordoned: then it is \
         not drained again within the hour, unless it was uncordoned meanwhile"
    )
}

pub(crate) const OCCUPIED: &str = "it is cordoned: nothing more is placed on it, and what is on it \
    stays. Instances are not moved yet. Drain it again once it is empty";
