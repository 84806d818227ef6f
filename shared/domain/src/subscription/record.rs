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
    /// What its owner last said about deleting its project, if anything.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deletion: Option<Deletion>,
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

/// An owner's word about deleting a project that is paid for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deletion {
    /// What is not later than this is late, or a repeat.
    pub at: Timestamp,
    /// `false`: it was taken back.
    pub wanted: bool,
    /// Whether the subscription was to be renewed, before the deletion stopped that.
    pub renewed: bool,
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
            deletion: None,
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

    /// Its owner wants its project deleted, whatever has been paid. What is over already stays so for its
    /// own reason, and the first wish counts until it is taken back.
    #[must_use]
    pub fn deletion_wanted(mut self, at: Timestamp) -> Self {
        if self.end().is_none() && self.deletion.is_none_or(|it| it.at < at) {
            let renewed = !self.seen.cancels_at_period_end;
            self.deletion = Some(Deletion { at, wanted: true, renewed });
        }
        self.noting(at)
    }

    /// Its owner takes the deletion back. The subscription is what it would be without.
    #[must_use]
    pub fn deletion_taken_back(mut self, at: Timestamp) -> Self {
        self.deletion = match self.deletion {
            Some(it) if it.at < at => Some(Deletion { at, wanted: false, ..it }),
            other => other,
        };
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::subscription::End;
    use jiff::SignedDuration;

    fn at(second: i64) -> Timestamp {
        Timestamp::UNIX_EPOCH + SignedDuration::from_secs(second)
    }

    fn record(status: Status) -> Record {
        let seen = Seen {
            id: "sub_1".to_owned(),
            status,
            plan: None,
            customer: "cus_1".to_owned(),
            project: None,
            tenant: None,
            price_minor: None,
            currency: None,
            next_billing_at: None,
            cancels_at_period_end: false,
            past_due_ends_at: None,
            cancelled_at: None,
            scheduled_plan: None,
        };
        Record::of(&seen, at(0))
    }

    #[test]
    fn a_deletion_ends_what_is_paid_until_it_is_taken_back_and_what_is_late_changes_nothing() {
        let wanted = record(Status::Active).deletion_wanted(at(10));
        let ended = Standing::Ended { since: at(10), why: End::OwnerDeleted };
        assert_eq!(wanted.standing(at(11)), ended);
        assert_eq!(wanted.clone().deletion_wanted(at(20)), wanted, "the first wish counts");
        assert_eq!(wanted.clone().deletion_taken_back(at(9)), wanted, "late");

        let kept = wanted.deletion_taken_back(at(30));
        assert_eq!(kept.standing(at(31)), Standing::Paid);
        assert_eq!((kept.ended_at, kept.deletion.map(|it| it.renewed)), (None, Some(true)));
        assert_eq!(kept.clone().deletion_wanted(at(10)), kept, "a repeat of before");
        let again = kept.deletion_wanted(at(40)).standing(at(41));
        assert_eq!(again, Standing::Ended { since: at(40), why: End::OwnerDeleted });
    }

    #[test]
    fn a_deletion_adds_nothing_to_another_end_and_gives_way_to_one_that_comes_later() {
        let over = record(Status::Cancelled);
        assert_eq!(over.clone().deletion_wanted(at(10)), over);

        let wanted = record(Status::Active).deletion_wanted(at(10));
        let seen = Seen { status: Status::Expired, ..wanted.seen.clone() };
        let Observed::Applied(ended) = observe(Some(&wanted), &seen, at(20), Source::Asked) else {
            panic!("the provider's own word counts");
        };
        let expected = Standing::Ended { since: at(10), why: End::Expired };
        assert_eq!(ended.standing(at(21)), expected, "the grace goes on as it began");
        assert_eq!(ended.deletion_taken_back(at(30)).standing(at(31)), expected);
    }

    #[test]
    fn what_was_not_to_renew_is_remembered() {
        let mut record = record(Status::Active);
        record.seen.cancels_at_period_end = true;
        let deletion = record.deletion_wanted(at(1)).deletion.expect("is wanted");
        assert!(!deletion.renewed);
    }
}
