//! How a route travels: from a step of a saga, through the log and Parameter Store, to the edge.
//!
//! The table of routes is one *head* parameter, and behind it *chunks* once it has grown. The head
//! names the exact version of every chunk, so that whoever reads a head reads an immutable whole.

pub mod chunk;
pub mod head;
mod pack;
pub mod partition;
pub mod rows;

use crate::ordered::Ordered;
use domain::route::{HostName, Target};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Longest value of a standard parameter.
pub const MAX_PARAMETER_CHARS: usize = 4096;

/// What a step leaves in the saga.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recorded {
    /// The place of the change in the log. It is durable.
    pub sequence: u64,
    /// Whether an edge said that it serves the change. Absent if nobody waited for that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub acknowledged: Option<bool>,
}

/// Tells the publisher that the log has grown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WakeUp {
    pub sequence: u64,
}

/// One group: the queue then has one batch in flight, and the table one writer.
impl Ordered for WakeUp {
    fn group(&self) -> &'static str {
        "routes"
    }

    fn deduplication(&self) -> String {
        self.sequence.to_string()
    }
}

/// A place in the log of changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Position {
    /// Grows when the ledger was restored from a backup and numbers are given out a second time.
    pub incarnation: u32,
    /// The number of the change, without gaps from 1. 0: nothing has changed yet.
    pub sequence: u64,
}

/// Which table this is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Stamp {
    pub incarnation: u32,
    /// Grows each time another publisher takes over, so that a late one is told apart.
    pub epoch: u64,
    pub sequence: u64,
}

impl Stamp {
    pub fn position(self) -> Position {
        Position { incarnation: self.incarnation, sequence: self.sequence }
    }

    /// Whether an edge that serves `applied` may go on to the table of this stamp.
    ///
    /// The stamp has to grow, and so has the position: a publisher that took over from one which
    /// was ahead of it must not take routes back before it has caught up.
    pub fn supersedes(self, applied: Option<Stamp>) -> bool {
        applied.is_none_or(|it| self > it && self.position() >= it.position())
    }
}

/// What answers each host.
pub type Routes = BTreeMap<HostName, Target>;

/// The last word on each host; `None` withdraws it.
pub type Changes = BTreeMap<HostName, Option<Target>>;

/// Brings `routes` up to date.
pub fn apply(routes: &mut Routes, changes: &Changes) {
    for (host, target) in changes {
        match target {
            Some(target) => routes.insert(host.clone(), *target),
            None => routes.remove(host),
        };
    }
}

/// A parameter that is not what a publisher writes. Nothing of it may be used.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("route table is malformed: {0}")]
pub struct Malformed(pub &'static str);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_is_followed_only_by_a_newer_one() {
        let stamp = |incarnation, epoch, sequence| Stamp { incarnation, epoch, sequence };
        let applied = Some(stamp(2, 5, 100));
        let cases = [
            ("the first one", None, stamp(1, 1, 0), true),
            ("the same again", applied, stamp(2, 5, 100), false),
            ("the next change", applied, stamp(2, 5, 101), true),
            ("an earlier change", applied, stamp(2, 5, 99), false),
            ("another publisher, same routes", applied, stamp(2, 6, 100), true),
            ("another publisher, not caught up yet", applied, stamp(2, 6, 99), false),
            ("a late publisher, though ahead", applied, stamp(2, 4, 101), false),
            ("a restored ledger starts lower", applied, stamp(3, 1, 7), true),
            ("from before the restoration", applied, stamp(1, 9, 500), false),
        ];
        for (case, applied, candidate, expected) in cases {
            assert_eq!(candidate.supersedes(applied), expected, "{case}");
        }
    }
}
