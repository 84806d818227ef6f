//! What a subscription entitles to at a moment.

use super::{DisputeState, Record, Status};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Nobody has paid yet.
    Waiting,
    Paid,
    /// A payment is missing, and until then it has no consequence. `None`: until the provider says so.
    PastDue {
        until: Option<Timestamp>,
    },
    /// Nothing is to run, and it may be paid for again.
    Suspended {
        why: Hold,
    },
    /// It is over. Its project is kept for a grace from `since` on.
    Ended {
        since: Timestamp,
        why: End,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Hold {
    Unpaid,
    Paused,
    /// The payer's bank is asked to take the money back.
    Disputed,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum End {
    Cancelled,
    Expired,
    /// Its first payment never arrived.
    Failed,
    Refunded,
    DisputeLost,
    /// Only because its owner has its project deleted: taken back in time, it goes on.
    OwnerDeleted,
}

impl Standing {
    /// Whether an instance may run.
    pub fn entitles(self) -> bool {
        matches!(self, Self::Paid | Self::PastDue { .. })
    }

    pub fn is_ended(self) -> bool {
        matches!(self, Self::Ended { .. })
    }
}

impl Record {
    pub fn standing(&self, now: Timestamp) -> Standing {
        if let Some(why) = self.end() {
            return Standing::Ended { since: self.ended_at.unwrap_or(self.seen_at), why };
        }
        let why = |why| Standing::Suspended { why };
        if self.disputes.values().any(|it| it.state == DisputeState::Open) {
            return why(Hold::Disputed);
        }
        let until = self.seen.past_due_ends_at;
        match self.seen.status {
            Status::Active => Standing::Paid,
            Status::PastDue if until.is_some_and(|it| it <= now) => why(Hold::Unpaid),
            Status::PastDue => Standing::PastDue { until },
            Status::OnHold => why(Hold::Unpaid),
            Status::Paused => why(Hold::Paused),
            _ => Standing::Waiting,
        }
    }

    /// Why it is over, if it is. What was given back comes first: the provider itself may go on
    /// calling such a subscription active.
    pub(super) fn end(&self) -> Option<End> {
        if self.disputes.values().any(|it| it.state == DisputeState::Lost) {
            return Some(End::DisputeLost);
        }
        if self.refunded_at.is_some() {
            return Some(End::Refunded);
        }
        match self.seen.status {
            Status::Cancelled => Some(End::Cancelled),
            Status::Expired => Some(End::Expired),
            Status::Failed => Some(End::Failed),
            _ if self.deletion.is_some_and(|it| it.wanted) => Some(End::OwnerDeleted),
            _ => None,
        }
    }
}
