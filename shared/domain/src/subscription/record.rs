//! What we remember of a subscription, and what another look at it changes.

use super::{Seen, Standing, Status};
use crate::id::{ProjectId, TenantId};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Ours, one a subscription. The provider's word counts; this is the last one of it that we heard.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    pub seen: Seen,
    /// When the provider said so.
    pub seen_at: Timestamp,
    /// What it pays for, once it is proven that the payer may. Stays when the subscription ends.
    pub project: Option<ProjectId>,
    pub tenant: Option<TenantId>,
    /// By the provider's name of each, settled ones too.
    pub disputes: BTreeMap<String, Dispute>,
    /// Since when a payment of it is known to have been given back in full. There is no way back:
    /// whoever wants to go on subscribes anew.
    pub refunded_at: Option<Timestamp>,
    /// Since when we know that it is over. The grace counts from here and not from the end itself, so
    /// that whatever we learn late is warned about for as long as anything else.
    pub ended_at: Option<Timestamp>,
    /// Since when an instance may run, without a break.
    pub paid_since: Option<Timestamp>,
    /// How often it changed its plan under our eyes.
    pub plan_changes: u64,
    /// When we learned of the last of these changes.
    pub plan_changed_at: Option<Timestamp>,
    /// Which letters were handed over, and when: [`super::Occasion::key`].
    pub told: BTreeMap<String, Timestamp>,
    /// When it is looked at again by itself: the timer that is set.
    pub look_at: Option<Timestamp>,
    /// Counts writes. A write names the one that it has read.
    pub version: u64,
}

/// One attempt of a payer's bank to take a payment back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dispute {
    pub state: DisputeState,
    pub at: Timestamp,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DisputeState {
    Open,
    /// Won, or withdrawn.
    Won,
    /// Lost, conceded, or not answered in time.
    Lost,
}

/// Who says what a subscription is like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// A delivery, which may have been under way for long.
    Told,
    /// The provider, when we asked.
    Asked,
}

/// What came of a look.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Observed {
    /// What is to be remembered now. The same as before, if the look was.
    Applied(Box<Record>),
    /// Something newer is known.
    Late,
    /// Too much hangs on it for a delivery's word.
    AskFirst,
}

/// Takes note of `seen`, as of `at`.
///
/// A delivery may begin what was waiting for its payment. Every other change of the standing, and a
/// delivery that contradicts another one of the same moment, is asked for first.
pub fn observe(known: Option<&Record>, seen: &Seen, at: Timestamp, source: Source) -> Observed {
    if known.is_some_and(|it| at < it.seen_at) {
        return Observed::Late;
    }
    let after = known.map_or_else(|| Record::of(seen, at), |it| it.after(seen, at));
    let before = known.map_or(Standing::Waiting, |it| it.standing(at));
    let settled = source == Source::Asked;
    let contradicts = known.is_some_and(|it| it.seen_at == at && it.seen != after.seen);
    if !settled && (contradicts || !is_light(before, after.standing(at))) {
        return Observed::AskFirst;
    }
    Observed::Applied(Box::new(after))
}

/// Whether a delivery is enough for a step from `before` to `after`.
fn is_light(before: Standing, after: Standing) -> bool {
    let begins = before == Standing::Waiting && after == Standing::Paid;
    begins || std::mem::discriminant(&before) == std::mem::discriminant(&after)
}

impl Record {
    /// Of a subscription that is seen for the first time.
    pub fn of(seen: &Seen, at: Timestamp) -> Self {
        let new = Self {
            seen: seen.clone(),
            seen_at: at,
            project: None,
            tenant: None,
            disputes: BTreeMap::new(),
            refunded_at: None,
            ended_at: None,
            paid_since: None,
            plan_changes: 0,
            plan_changed_at: None,
            told: BTreeMap::new(),
            look_at: None,
            version: 0,
        };
        new.noting(at)
    }

    fn after(&self, seen: &Seen, at: Timestamp) -> Self {
        // A word that we do not know says nothing.
        let known = seen.status != Status::Unknown;
        let status = if known { seen.status } else { self.seen.status };
        let seen = Seen { status, ..seen.clone() };
        let changes = seen.plan != self.seen.plan;
        Self {
            plan_changes: self.plan_changes + u64::from(changes),
            plan_changed_at: if changes { Some(at) } else { self.plan_changed_at },
            seen,
            seen_at: at,
            ..self.clone()
        }
        .noting(at)
    }

    /// The dispute called `id` stands like this. A settled one is never open again, whatever arrives
    /// late.
    #[must_use]
    pub fn disputed(mut self, id: &str, dispute: Dispute) -> Self {
        let at = dispute.at;
        let stays = |it: &Dispute| {
            let reopens = it.state != DisputeState::Open && dispute.state == DisputeState::Open;
            reopens || it.at > at
        };
        if !self.disputes.get(id).is_some_and(stays) {
            self.disputes.insert(id.to_owned(), dispute);
        }
        self.noting(at)
    }

    /// Whether [`Record::disputed`] would make a difference.
    pub fn is_news(&self, id: &str, state: DisputeState) -> bool {
        match self.disputes.get(id).map(|it| it.state) {
            None => true,
            Some(known) => known != state && state != DisputeState::Open,
        }
    }

    /// A payment of it was given back in full.
    #[must_use]
    pub fn refunded(mut self, at: Timestamp) -> Self {
        self.refunded_at.get_or_insert(at);
        self.noting(at)
    }

    #[must_use]
    pub fn told(mut self, key: String, at: Timestamp) -> Self {
        self.told.entry(key).or_insert(at);
        self
    }

    fn noting(mut self, at: Timestamp) -> Self {
        self.ended_at = self.end().map(|_| self.ended_at.unwrap_or(at));
        let entitles = self.standing(at).entitles();
        self.paid_since = entitles.then(|| self.paid_since.unwrap_or(at));
        self
    }
}
