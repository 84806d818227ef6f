//! The saga that gives a worker back, or stops it, unless somebody needs it after all: an empty one, or
//! one whose instances are moved away first.

use crate::provision::Caught;
use domain::{
    id::WorkerId,
    worker::{Cordon, Worker},
};
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
    /// In whose name what is on it is moved away first. `None`: nothing is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub empties: Option<Cordon>,
    #[serde(rename = "MoveInstances", default, skip_serializing_if = "Option::is_none")]
    pub emptied: Option<Emptied>,
    #[serde(rename = "DrainWorker", default, skip_serializing_if = "Option::is_none")]
    pub drained: Option<Drained>,
    /// Why the saga unwinds, as the state machine caught it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<Caught>,
}

/// Nothing is on the worker since then. `None`: it is not to be emptied any more.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Emptied {
    pub idle_since: Option<Timestamp>,
}

/// How it went. `None`: somebody was placed there meanwhile, and the worker stays.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Drained {
    pub machine_id: Option<String>,
}

impl Saga {
    /// The drain of a worker that is empty since `idle_since`.
    pub fn of_empty(worker_id: WorkerId, idle_since: Timestamp, park: bool) -> Self {
        let (empties, emptied, drained, error) = (None, None, None, None);
        Self { worker_id, idle_since, park, empties, emptied, drained, error }
    }

    /// The drain of `worker` in the name of `by`, who keeps it cordoned: what is on it moves first.
    pub fn of_occupied(worker: &Worker, by: Cordon) -> Self {
        let saga = Self::of_empty(worker.id.clone(), worker.changed_at, false);
        Self { empties: Some(by), ..saga }
    }

    /// The execution's name, which is its idempotency key: an empty worker is drained once for every hour
    /// that it has been empty, one that is emptied once an hour, or once a minute if a person asks for it.
    /// Who stops an execution so keeps the worker for a while, and not for ever.
    ///
    /// Two of them may overlap. That is as harmless as calling each step twice.
    pub fn execution_name(&self, now: Timestamp) -> String {
        let (worker, since) = (&self.worker_id, self.idle_since);
        match self.empties {
            None => {
                let hour = now.duration_since(since).as_hours().max(0);
                format!("drain-{worker}-{}-{hour}", since.as_millisecond())
            }
            Some(Cordon::Operator) => format!("drain-{worker}-moves-m{}", now.as_second() / 60),
            // A notice is not to wait for the end of what was begun at leisure.
            Some(Cordon::Interruption) => format!("drain-{worker}-moves-now"),
            Some(
                Cordon::Consolidation
                | Cordon::Rebalance
                | Cordon::Silent
                | Cordon::Unreachable
                | Cordon::Unstartable,
            ) => format!("drain-{worker}-moves-h{}", now.as_second() / 3600),
        }
    }

    /// Since when nothing is on the worker, as far as the saga knows.
    pub fn idle_since(&self) -> Timestamp {
        self.emptied.as_ref().and_then(|it| it.idle_since).unwrap_or(self.idle_since)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::SignedDuration;

    const SINCE: Timestamp = Timestamp::constant(1_795_262_400, 0);

    fn saga(empties: Option<Cordon>) -> Saga {
        let saga = Saga::of_empty(WorkerId::new("a").unwrap(), SINCE, false);
        Saga { empties, ..saga }
    }

    fn after(saga: &Saga, minutes: i64) -> String {
        saga.execution_name(SINCE + SignedDuration::from_mins(minutes))
    }

    #[test]
    fn a_worker_is_drained_once_an_hour_and_anew_when_it_became_empty_again() {
        let saga = saga(None);
        assert_eq!(after(&saga, 0), "drain-wrk_a-1795262400000-0");
        let cases = [(-1, true), (59, true), (60, false), (25 * 60, false)];
        for (minutes, same) in cases {
            assert_eq!(after(&saga, minutes) == after(&saga, 0), same, "{minutes} minutes later");
        }
        assert_ne!(after(&saga, 60), after(&saga, 120));
        let later = Saga { idle_since: SINCE + SignedDuration::from_mins(1), ..saga.clone() };
        assert_ne!(after(&later, 1), after(&saga, 0));
    }

    #[test]
    fn a_worker_is_emptied_once_an_hour_whoever_has_left_it_meanwhile() {
        let of = |by| saga(Some(by));
        let left = |it: Saga| Saga { idle_since: SINCE + SignedDuration::from_mins(5), ..it };
        let names = [
            (Cordon::Consolidation, "drain-wrk_a-moves-h498684"),
            (Cordon::Rebalance, "drain-wrk_a-moves-h498684"),
            (Cordon::Interruption, "drain-wrk_a-moves-now"),
            (Cordon::Operator, "drain-wrk_a-moves-m29921040"),
        ];
        for (by, name) in names {
            assert_eq!(after(&of(by), 0), name, "{by:?}");
            assert_eq!(after(&left(of(by)), 0), name, "{by:?}");
            let anew = (after(&of(by), 1) == name, after(&of(by), 60) == name);
            let expected = match by {
                Cordon::Operator => (false, false),
                Cordon::Interruption => (true, true),
                _ => (true, false),
            };
            assert_eq!(anew, expected, "{by:?}");
        }
    }

    #[test]
    fn a_drain_of_before_is_still_read_and_what_was_emptied_is_idle_since_then() {
        let text = r#"{"worker_id":"wrk_a","idle_since":"2026-11-21T12:00:00Z","park":false}"#;
        let saga: Saga = serde_json::from_str(text).unwrap();
        assert_eq!((saga.empties, saga.idle_since()), (None, saga.idle_since));
        let later = saga.idle_since + SignedDuration::from_mins(3);
        let emptied = Some(Emptied { idle_since: Some(later) });
        assert_eq!(Saga { emptied, ..saga }.idle_since(), later);
    }

    /// The state machine decides by this path, and would die if it were missing.
    #[test]
    fn a_worker_that_is_not_emptied_says_so_in_words() {
        let text = serde_json::to_string(&Emptied { idle_since: None }).unwrap();
        assert_eq!(text, r#"{"idle_since":null}"#);
    }
}
