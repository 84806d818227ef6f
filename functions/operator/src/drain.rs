//! What becomes of a worker that an operator wants to be drained. Pure.

use contracts::drain::Saga;
use domain::worker::{Cordon, State, Worker};

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

/// `worker` as it was read after it was cordoned: if it is empty then, it stays empty. If not, what is on
/// it moves away first.
pub(crate) fn plan(worker: &Worker) -> Saga {
    if worker.reservations.is_empty() {
        Saga::of_empty(worker.id.clone(), worker.changed_at, false)
    } else {
        Saga::of_occupied(worker, Cordon::Operator)
    }
}

/// What the operator is told about the execution `name`.
pub(crate) fn on_its_way(saga: &Saga, name: &str) -> String {
    if saga.empties.is_some() {
        return format!(
            "it is cordoned, and the execution `{name}` moves what is on it to other workers, a few at a \
             time; five minutes after the last one has left it is given back. To keep who has not begun \
             to move, uncordon the worker, or stop the execution: then it stays cordoned"
        );
    }
    format!(
        "it is empty and cordoned: in five minutes the execution `{name}` gives it back. To call that \
         off, uncordon the worker before. Or stop the execution, and it stays, cordoned: then it is \
         not drained again within the hour, unless it was uncordoned meanwhile"
    )
}
