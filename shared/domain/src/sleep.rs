//! When an instance falls asleep, and when it is woken although nobody comes to it. Pure.
//!
//! One that nobody uses holds memory that others could have. Asleep it holds a backup and nothing else, so
//! that falling asleep is a halt and waking a start. Both take their time: one that keeps being woken is
//! left awake for longer and longer.

mod rest;
#[cfg(test)]
mod tests;

use crate::{
    health::{Condition, Resource, Sight},
    plan::Plan,
};
use jiff::{SignedDuration, Timestamp};
pub use rest::Rest;
use serde::{Deserialize, Serialize};

/// What is older says nothing of now. Gateways are asked once a minute.
const FRESH_S: u32 = 180;
/// Whatever its plan says: somebody may have started it and be on their way to it.
const AWAKE_LEAST: SignedDuration = SignedDuration::from_mins(10);
/// A sleep ends this long before a scheduled job is due: a slow start, and one look too late.
const LEAD: SignedDuration = SignedDuration::from_mins(4);
/// A shorter sleep is not worth a halt and a start.
const SLEEP_LEAST: SignedDuration = SignedDuration::from_mins(30);

/// How an instance is used, as its worker says in a heartbeat.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Activity {
    /// For how long the gateway has not been asked: what follows, but for connections, was so then.
    pub asked_s: u32,
    /// For how long nobody has worked with it or been connected to it.
    pub idle_s: u32,
    /// Pieces of work that are under way.
    pub tasks: u32,
    /// To its port, and so through the edge.
    pub connections: u32,
    /// Until its next scheduled job is due, 0 if it is overdue. `None`: it has none.
    pub next_job_s: Option<u32>,
}

/// One look at an instance that runs.
#[derive(Clone, Debug)]
pub struct Look<'a> {
    pub at: Timestamp,
    pub plan: &'a Plan,
    pub attempt: u32,
    /// When it came to where it is. A blank that was taken over has been up for longer.
    pub here_since: Timestamp,
    /// Its owner wants it awake.
    pub keep_awake: bool,
    /// Somebody pays for it now.
    pub is_entitled: bool,
    /// Nothing brings it here any more, and nothing is about to take it away.
    pub is_settled: bool,
    pub sight: &'a Sight,
    /// What is remembered of its last sleep.
    pub rest: Option<&'a Rest>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    FallAsleep {
        /// Ahead of its next scheduled job, if it has one.
        wake_at: Option<Timestamp>,
    },
    StayAwake(Why),
}

/// Why an instance stays awake.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// Its plan never sleeps.
    Plan,
    /// Its owner wants it so.
    Owner,
    /// It is not paid for: that ends in another way.
    Unpaid,
    /// It is about to go elsewhere, or has not quite arrived.
    Unsettled,
    Unwell,
    /// It stores so much that a backup of it may not succeed.
    Full,
    /// Its gateway was not asked of late.
    Unknown,
    Young,
    Busy,
    Connected,
    InUse,
    JobDue,
    /// It was to fall asleep a short while ago, and could not.
    TriedBefore,
}

impl Look<'_> {
    pub fn verdict(&self) -> Verdict {
        let Some(activity) = self.sight.activity.as_ref().filter(|it| it.asked_s < FRESH_S) else {
            return Verdict::StayAwake(self.by_standing().unwrap_or(Why::Unknown));
        };
        let next_job = activity.next_job_s.map(|it| self.at + seconds(it));
        match self.by_standing().or_else(|| self.by_use(activity)) {
            Some(why) => Verdict::StayAwake(why),
            None => Verdict::FallAsleep { wake_at: next_job.map(|it| it - LEAD) },
        }
    }

    /// What keeps it awake however little it is used.
    fn by_standing(&self) -> Option<Why> {
        let is_young = self.at.duration_since(self.here_since) < AWAKE_LEAST;
        let was_tried = self.rest.is_some_and(|it| it.was_just_tried(self.attempt, self.at));
        let reasons = [
            (self.plan.sleeps_after_min.is_none(), Why::Plan),
            (self.keep_awake, Why::Owner),
            (!self.is_entitled, Why::Unpaid),
            (!self.is_settled, Why::Unsettled),
            (self.sight.condition() != Condition::Well, Why::Unwell),
            (self.sight.short_of(self.plan).contains(&Resource::Storage), Why::Full),
            (is_young, Why::Young),
            (was_tried, Why::TriedBefore),
        ];
        first(&reasons)
    }

    fn by_use(&self, activity: &Activity) -> Option<Why> {
        let is_job_due = activity.next_job_s.is_some_and(|it| seconds(it) < LEAD + SLEEP_LEAST);
        let reasons = [
            (activity.tasks > 0, Why::Busy),
            (activity.connections > 0, Why::Connected),
            (seconds(activity.idle_s) < self.patience(), Why::InUse),
            (is_job_due, Why::JobDue),
        ];
        first(&reasons)
    }

    /// How long nobody may use it before it falls asleep. Longer for one that was woken of late.
    fn patience(&self) -> SignedDuration {
        let least = i64::from(self.plan.sleeps_after_min.unwrap_or(u32::MAX));
        let factor = self.rest.map_or(1, |it| it.factor(self.at));
        SignedDuration::from_mins(least.saturating_mul(i64::from(factor)))
    }
}

fn first(reasons: &[(bool, Why)]) -> Option<Why> {
    reasons.iter().find(|(holds, _)| *holds).map(|(_, why)| *why)
}

fn seconds(seconds: u32) -> SignedDuration {
    SignedDuration::from_secs(seconds.into())
}
