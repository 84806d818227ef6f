//! The saga that gives an empty worker back, or stops it, unless somebody needs it after all.

use crate::provision::Caught;
use domain::id::WorkerId;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// The state of one execution.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Saga {
    pub worker_id: WorkerId,
    /// When it became empty. Whatever happened to it since calls the drain off.
    pub idle_since: Timestamp,
    /// Whether its machine is stopped and kept, rather than given back.
    pub park: bool,
    #[serde(rename = "DrainWorker", default, skip_serializing_if = "Option::is_none")]
    pub drained: Option<Drained>,
    /// Why the saga unwinds, as the state machine caught it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<Caught>,
}

/// How it went. `None`: somebody was placed there meanwhile, and the worker stays.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Drained {
    pub machine_id: Option<String>,
}

impl Saga {
    /// The execution's name, which is its idempotency key: a worker is drained once for every hour
    /// that it has been empty. Who stops an execution so keeps the worker for a while, and not for ever.
    ///
    /// Two of them may overlap. That is as harmless as calling each step twice.
    pub fn execution_name(worker: &WorkerId, idle_since: Timestamp, now: Timestamp) -> String {
        let hour = now.duration_since(idle_since).as_hours().max(0);
        format!("drain-{worker}-{}-{hour}", idle_since.as_millisecond())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::SignedDuration;

    #[test]
    fn a_worker_is_drained_once_an_hour_and_anew_when_it_became_empty_again() {
        let worker = WorkerId::new("a").unwrap();
        let since = Timestamp::constant(1_795_262_400, 0);
        let after = |minutes| {
            Saga::execution_name(&worker, since, since + SignedDuration::from_mins(minutes))
        };
        assert_eq!(after(0), "drain-wrk_a-1795262400000-0");
        let cases = [(-1, true), (59, true), (60, false), (25 * 60, false)];
        for (minutes, same) in cases {
            assert_eq!(after(minutes) == after(0), same, "{minutes} minutes later");
        }
        assert_ne!(after(60), after(120));
        let later = since + SignedDuration::from_mins(1);
        assert_ne!(Saga::execution_name(&worker, later, later), after(0));
    }
}
