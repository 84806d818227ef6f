//! Routes: their truth in the ledger, their copy in Parameter Store, and what edges say they serve.

use crate::Unavailable;
use contracts::routes::{Position, Routes, Stamp};
use domain::{
    id::ProjectId,
    route::{HostName, Page, Target},
};
use jiff::Timestamp;

/// How far an attempt has come with its host. Later ones win over earlier ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Phase {
    /// The host is taken and shows a page until something runs.
    Holding,
    Serving,
    /// What serves is being halted and the host shows a page again; or, once that is undone, serves
    /// again. An attempt may be halted more than once: `number` says which time it is.
    Halting {
        number: u32,
        is_undone: bool,
    },
    /// Undone. Nothing of this attempt may come after it.
    Closed,
    /// The project is gone, and its host with it.
    Withdrawn,
}

/// What a saga wants of a host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    pub host: HostName,
    pub project_id: ProjectId,
    /// Fences the late: a change of a lower attempt than the one recorded is refused.
    pub attempt: u32,
    pub phase: Phase,
    /// What answers from now on; `None` if nothing does any more.
    pub target: Option<Target>,
}

/// A change that was recorded, with its place in the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Route {
    pub change: Change,
    pub sequence: u64,
}

/// What becomes of a change, given the last one of its host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    Record,
    /// It is what was recorded last, at this place.
    Recorded(u64),
    /// The host has gone on without it.
    Fenced,
}

impl Change {
    /// `attempt` is over and nothing of it runs any more: its host says so.
    pub fn closed(host: HostName, project_id: ProjectId, attempt: u32) -> Self {
        let target = Some(Target::Page(Page::Failed));
        Self { host, project_id, attempt, phase: Phase::Closed, target }
    }

    /// The one place where it is decided which of two changes of a host is the later one.
    pub fn after(&self, last: Option<&Route>) -> Verdict {
        let Some(Route { change: last, sequence }) = last else { return Verdict::Record };
        let rank = |it: &Change| (it.attempt, it.phase);
        match rank(self).cmp(&rank(last)) {
            std::cmp::Ordering::Greater => Verdict::Record,
            std::cmp::Ordering::Equal if self == last => Verdict::Recorded(*sequence),
            std::cmp::Ordering::Equal | std::cmp::Ordering::Less => Verdict::Fenced,
        }
    }
}

/// One line of the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    pub sequence: u64,
    pub host: HostName,
    pub target: Option<Target>,
}

/// The right to write the table to Parameter Store, and how far its holder came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lease {
    pub owner: String,
    /// One more at each change of owner.
    pub epoch: u64,
    /// What the head that was written last holds. `None` before the first one.
    pub published: Option<Position>,
    /// The version that Parameter Store gave to that head.
    pub head_version: u64,
}

/// The truth: the last change of every host, and all changes in one order.
pub trait RouteLog {
    /// Records `change` and returns its place in the log.
    ///
    /// Idempotent: what was recorded last is not recorded again and keeps its place.
    fn record(&self, change: &Change)
    -> impl Future<Output = Result<Position, RecordError>> + Send;

    /// The place of the last change. Strongly consistent, like every reading here.
    fn position(&self) -> impl Future<Output = Result<Position, Unavailable>> + Send;

    /// The changes after `sequence`, in order. Old ones expire: the first may not be the next one.
    fn since(&self, sequence: u64) -> impl Future<Output = Result<Vec<Entry>, Unavailable>> + Send;

    /// What answers every host. Holds at least the changes that were recorded before the call.
    fn routes(&self) -> impl Future<Output = Result<Routes, Unavailable>> + Send;

    /// The last change of every host that ever was, with whose it is.
    fn last_changes(&self) -> impl Future<Output = Result<Vec<Route>, Unavailable>> + Send;

    /// Makes `owner` the holder of the lease, at once: its predecessor is fenced, not waited for.
    fn take_lease(&self, owner: &str) -> impl Future<Output = Result<Lease, Unavailable>> + Send;

    /// Whether nobody took the lease from the holder of `lease`.
    fn holds(&self, lease: &Lease) -> impl Future<Output = Result<bool, Unavailable>> + Send;

    /// Writes down what the holder of the lease has published.
    fn record_published(
        &self,
        lease: &Lease,
    ) -> impl Future<Output = Result<(), LeaseError>> + Send;
}

#[derive(Debug, thiserror::Error)]
pub enum RecordError {
    /// A later attempt, or the undoing of this one, was here first.
    #[error("host `{host}` has gone on without attempt {attempt}")]
    Fenced { host: HostName, attempt: u32 },
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

#[derive(Debug, thiserror::Error)]
pub enum LeaseError {
    #[error("another publisher has taken over")]
    Lost,
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

/// A value with the version that the store gave to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Versioned {
    pub version: u64,
    pub text: String,
}

/// The copy of the table that edges read. Reads may be stale; a version never changes.
pub trait RouteBoard {
    /// The newest head that can be seen.
    fn head(&self) -> impl Future<Output = Result<Option<Versioned>, Unavailable>> + Send;

    /// The head of exactly this version; `None` if the store no longer, or not yet, has it.
    fn head_at(
        &self,
        version: u64,
    ) -> impl Future<Output = Result<Option<String>, Unavailable>> + Send;

    /// Overwrites the head, whatever it is, and returns the new version.
    fn put_head(&self, text: &str) -> impl Future<Output = Result<u64, Unavailable>> + Send;

    /// The chunks of exactly these names and versions, in this order; `None` for what the store no
    /// longer, or not yet, has.
    fn chunks(
        &self,
        wanted: &[(String, u64)],
    ) -> impl Future<Output = Result<Vec<Option<String>>, Unavailable>> + Send;

    /// Overwrites a chunk and returns its new version.
    fn put_chunk(
        &self,
        name: &str,
        text: &str,
    ) -> impl Future<Output = Result<u64, Unavailable>> + Send;
}

/// An edge says which table its nginx serves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EdgeReport {
    pub edge: String,
    pub applied: Stamp,
    pub at: Timestamp,
}

pub trait EdgeReports {
    /// Replaces the last report of this edge.
    fn report(&self, report: &EdgeReport) -> impl Future<Output = Result<(), Unavailable>> + Send;

    /// The last report of every edge that ever was.
    fn reports(&self) -> impl Future<Output = Result<Vec<EdgeReport>, Unavailable>> + Send;
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::Ipv4Addr;

    fn change(attempt: u32, phase: Phase) -> Change {
        let target = match phase {
            Phase::Holding => Some(Target::Page(Page::Provisioning)),
            Phase::Serving | Phase::Halting { is_undone: true, .. } => {
                Some(Target::Upstream { address: Ipv4Addr::LOCALHOST, port: 18_789 })
            }
            Phase::Halting { is_undone: false, .. } => Some(Target::Page(Page::Suspended)),
            Phase::Closed => Some(Target::Page(Page::Failed)),
            Phase::Withdrawn => None,
        };
        Change {
            host: "bot-1.1mins.in".to_owned().try_into().unwrap(),
            project_id: ProjectId::new("1").unwrap(),
            attempt,
            phase,
            target,
        }
    }

    #[test]
    fn the_later_change_wins_and_the_late_one_is_refused() {
        use Phase::{Closed, Holding, Serving, Withdrawn};
        let fenced = Verdict::Fenced;
        let halting = |number| Phase::Halting { number, is_undone: false };
        let going_on = |number| Phase::Halting { number, is_undone: true };
        let cases = [
            ("first a page", None, (1, Holding), Verdict::Record),
            ("then the instance", Some((1, Holding)), (1, Serving), Verdict::Record),
            ("an undo before its do", None, (1, Closed), Verdict::Record),
            ("the same again", Some((1, Serving)), (1, Serving), Verdict::Recorded(9)),
            ("a late page", Some((1, Serving)), (1, Holding), fenced),
            ("a late do after its undo", Some((1, Closed)), (1, Serving), fenced),
            ("a late do of the attempt before", Some((2, Holding)), (1, Serving), fenced),
            ("a late undo of the attempt before", Some((2, Serving)), (1, Closed), fenced),
            ("the next attempt", Some((1, Closed)), (2, Holding), Verdict::Record),
            ("halted", Some((1, Serving)), (1, halting(0)), Verdict::Record),
            ("going on", Some((1, halting(0))), (1, going_on(0)), Verdict::Record),
            ("halted again", Some((1, going_on(0))), (1, halting(1)), Verdict::Record),
            ("a late page of an undone halt", Some((1, going_on(0))), (1, halting(0)), fenced),
            ("a late undo of the halt before", Some((1, halting(1))), (1, going_on(0)), fenced),
            ("lost while it was halted", Some((1, halting(1))), (1, Closed), Verdict::Record),
            ("a late halt of a lost one", Some((1, Closed)), (1, halting(1)), fenced),
            ("resumed", Some((1, halting(0))), (2, Holding), Verdict::Record),
            ("the end", Some((1, Closed)), (1, Withdrawn), Verdict::Record),
        ];
        for (case, last, (attempt, phase), expected) in cases {
            let last =
                last.map(|(attempt, phase)| Route { change: change(attempt, phase), sequence: 9 });
            assert_eq!(change(attempt, phase).after(last.as_ref()), expected, "{case}");
        }
    }

    #[test]
    fn an_attempt_serves_from_one_place_only() {
        let last = Route { change: change(1, Phase::Serving), sequence: 9 };
        let elsewhere = Target::Upstream { address: Ipv4Addr::BROADCAST, port: 1 };
        let moved = Change { target: Some(elsewhere), ..change(1, Phase::Serving) };
        assert_eq!(moved.after(Some(&last)), Verdict::Fenced);
    }
}
