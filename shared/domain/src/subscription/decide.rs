//! What is to be done for a project because of what pays for it, or does not.

use super::{End, Hold, Record, Standing, Status};
use crate::{
    plan::PlanId,
    project::{Project, State},
};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

/// How long things may take.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Terms {
    /// How long the data of a project outlives its subscription.
    pub grace: SignedDuration,
    /// How long before the deletion its owner is warned, each time.
    pub remind_before: Vec<SignedDuration>,
}

/// One thing to do. Each may be done again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Act {
    /// The project is paid for: start its provisioning.
    Provision,
    /// The project is paid for again: start it from its backup.
    Resume,
    /// Halt its instance.
    Suspend,
    /// Nothing of it runs, and from now on nothing may: its owner's retry, or start, has to be paid for.
    Shelve,
    /// Give its instance the limits of another plan; `cause` tells this change from the one before.
    Resize { to: PlanId, cause: u64 },
    /// Nothing of it runs: its next start is under this plan.
    NotePlan { to: PlanId },
    /// The provider is not to charge for what has ended.
    StopRenewal,
    /// Delete it with everything that it knows, or go on with that.
    Erase,
    /// Everything of it is deleted, and it is paid for: provision it with nothing.
    BeginAnew,
    /// Write to its owner.
    Tell(Occasion),
    /// Nothing to do, and why.
    Nothing(&'static str),
}

/// What a letter is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Occasion {
    PastDue {
        until: Option<Timestamp>,
    },
    Suspended {
        why: Hold,
    },
    Resumed,
    Ended {
        why: End,
        deleted_at: Timestamp,
    },
    DeletionNear {
        before: SignedDuration,
        deleted_at: Timestamp,
        why: End,
    },
    /// It was paid for when its data was gone.
    BegunAnew,
}

/// How soon a project is looked at again that is on its way somewhere.
const SOON: SignedDuration = SignedDuration::from_mins(1);
/// How soon the provider is asked again that is late with what it announced.
const LATER: SignedDuration = SignedDuration::from_hours(1);

impl Occasion {
    /// What is told once for `project`.
    pub fn key(&self, project: &Project, record: &Record) -> String {
        let attempt = project.attempt;
        let ended = record.ended_at.unwrap_or(record.seen_at);
        match self {
            Self::PastDue { until } => {
                format!("past_due:{}", until.map_or(0, Timestamp::as_second))
            }
            Self::Suspended { .. } => format!("suspended:{attempt}"),
            Self::Resumed => format!("resumed:{attempt}"),
            Self::BegunAnew => format!("begun_anew:{attempt}"),
            Self::Ended { .. } => ended_key(ended),
            Self::DeletionNear { before, .. } => warning_key(ended, *before),
        }
    }
}

/// What to do now for `project`, which `record` pays for. Never empty.
pub fn decide(project: &Project, record: &Record, now: Timestamp, terms: &Terms) -> Vec<Act> {
    if project.state == State::Deleting {
        // There is no way back, whoever pays: the sooner it is over, the sooner it begins anew.
        return vec![Act::Erase];
    }
    let mut acts = match record.standing(now) {
        Standing::Waiting => vec![Act::Nothing("it is not paid yet")],
        Standing::Paid => vec![serve(project, record)],
        Standing::PastDue { until } => {
            vec![serve(project, record), Act::Tell(Occasion::PastDue { until })]
        }
        Standing::Suspended { why } => suspend(project, Occasion::Suspended { why }),
        Standing::Ended { since, why } => end(project, record, (since, why), now, terms),
    };
    // First: once it is on its way, nothing says any more that it was suspended, or deleted.
    match acts.first() {
        Some(Act::Resume) => acts.insert(0, Act::Tell(Occasion::Resumed)),
        Some(Act::BeginAnew) => acts.insert(0, Act::Tell(Occasion::BegunAnew)),
        _ => (),
    }
    acts.retain(|it| !is_told(it, project, record));
    if acts.is_empty() {
        acts.push(Act::Nothing("it is as it should be"));
    }
    acts
}

fn is_told(act: &Act, project: &Project, record: &Record) -> bool {
    matches!(act, Act::Tell(it) if record.told.contains_key(&it.key(project, record)))
}

/// For a project that is paid for.
fn serve(project: &Project, record: &Record) -> Act {
    match (project.state, record.seen.plan) {
        (State::PendingPayment | State::Pending, _) => Act::Provision,
        (State::Suspended, _) => Act::Resume,
        (State::Running, Some(to)) if to != project.plan => {
            Act::Resize { to, cause: record.plan_changes }
        }
        (State::Running, _) => Act::Nothing("it runs"),
        (State::Stopped | State::Asleep, Some(to)) if to != project.plan => Act::NotePlan { to },
        (State::Stopped, _) => Act::Nothing("its owner has stopped it"),
        (State::Asleep, _) => Act::Nothing("it sleeps until somebody comes to it"),
        (State::Provisioning, _) => Act::Nothing("it is on its way already"),
        (State::Halting, _) => Act::Nothing("it starts again once its halt is over"),
        (State::Error, _) => Act::Nothing("it failed, and its owner may retry"),
        (State::Deleting, _) => Act::Erase,
        (State::Deleted, _) => Act::BeginAnew,
    }
}

/// For a project that may not run. The letter is due until it is told, however far the halt is.
fn suspend(project: &Project, letter: Occasion) -> Vec<Act> {
    let step = match project.state {
        State::Running => Act::Suspend,
        // Also what its owner had stopped, and what sleeps: from now on a start has to be paid for first.
        State::Error | State::Stopped | State::Asleep => Act::Shelve,
        State::Halting => Act::Nothing("it is being suspended"),
        State::Suspended => Act::Nothing("it is suspended"),
        State::Pending | State::Provisioning => {
            return vec![Act::Nothing("it is suspended once its provisioning is over")];
        }
        State::PendingPayment => return vec![Act::Nothing("it never ran")],
        State::Deleting | State::Deleted => return vec![Act::Nothing("it is deleted")],
    };
    vec![step, Act::Tell(letter)]
}

/// For a project that nobody pays for any more.
fn end(
    project: &Project,
    record: &Record,
    (since, why): (Timestamp, End),
    now: Timestamp,
    terms: &Terms,
) -> Vec<Act> {
    let deleted_at = deletion_at(record, since, now, terms);
    // This letter says all that the one about a suspension would.
    let mut acts = suspend(project, Occasion::Ended { why, deleted_at });
    if renews(record, why) {
        acts.insert(0, Act::StopRenewal);
    }
    if project.state != State::Suspended {
        return acts;
    }
    if let Some(before) = warning_due(since, now, terms) {
        acts.push(Act::Tell(Occasion::DeletionNear { before, deleted_at, why }));
    }
    if is_warned(record, since, terms) && deleted_at <= now {
        acts.retain(|it| !matches!(it, Act::Nothing(_)));
        acts.push(Act::Erase);
    }
    acts
}

/// Whether the provider goes on charging for what we call over.
fn renews(record: &Record, why: End) -> bool {
    let charges = matches!(record.seen.status, Status::Active | Status::PastDue | Status::OnHold);
    let ours = matches!(why, End::Refunded | End::DisputeLost | End::OwnerDeleted);
    ours && charges && !record.seen.cancels_at_period_end
}

/// When the data of `project` is deleted if nobody pays for it any more. `None`: it is paid for, or
/// there is nothing left to delete.
pub fn deletion(
    project: &Project,
    record: &Record,
    now: Timestamp,
    terms: &Terms,
) -> Option<Timestamp> {
    match record.standing(now) {
        Standing::Ended { since, .. } if is_kept(project.state) => {
            Some(deletion_at(record, since, now, terms))
        }
        _ => None,
    }
}

/// When the data goes: after the grace, and never before the last warning was out for its time.
fn deletion_at(record: &Record, since: Timestamp, now: Timestamp, terms: &Terms) -> Timestamp {
    let due = since + terms.grace;
    let Some(last) = terms.remind_before.iter().min() else {
        return due;
    };
    let warned_at = record.told.get(&warning_key(since, *last)).copied();
    let warned_at = warned_at.unwrap_or(now.max(due - *last));
    due.max(warned_at + *last)
}

fn ended_key(since: Timestamp) -> String {
    format!("ended:{}", since.as_second())
}

fn warning_key(since: Timestamp, before: SignedDuration) -> String {
    format!("deletion:{}:{}", since.as_second(), before.as_secs())
}

/// The nearest warning whose time has come.
fn warning_due(since: Timestamp, now: Timestamp, terms: &Terms) -> Option<SignedDuration> {
    let due = |it: &&SignedDuration| since + terms.grace - **it <= now;
    terms.remind_before.iter().filter(due).min().copied()
}

/// Whether the letters are out without which nothing is deleted.
fn is_warned(record: &Record, since: Timestamp, terms: &Terms) -> bool {
    let last = terms.remind_before.iter().min().map(|it| warning_key(since, *it));
    [last, Some(ended_key(since))].into_iter().flatten().all(|it| record.told.contains_key(&it))
}

/// When to look again though nothing is heard. `None`: somebody will tell.
pub fn next_look(
    project: &Project,
    record: &Record,
    now: Timestamp,
    terms: &Terms,
) -> Option<Timestamp> {
    let standing = record.standing(now);
    let on_its_way = match project.state {
        State::Halting => true,
        State::Pending | State::Provisioning | State::Running => {
            matches!(standing, Standing::Suspended { .. } | Standing::Ended { .. })
        }
        _ => false,
    };
    let soon = on_its_way.then_some(now + SOON);
    let dated = match standing {
        Standing::PastDue { until } => until,
        Standing::Paid if record.seen.cancels_at_period_end => record.seen.next_billing_at,
        Standing::Ended { since, .. } if is_kept(project.state) => {
            next_of_grace(record, since, now, terms)
        }
        _ => None,
    };
    let dated = dated.map(|it| if it > now { it } else { now + LATER });
    soon.into_iter().chain(dated).min()
}

/// Whether there is something of it to delete.
fn is_kept(state: State) -> bool {
    !matches!(state, State::PendingPayment | State::Deleting | State::Deleted)
}

/// The next warning, or the deletion.
fn next_of_grace(
    record: &Record,
    since: Timestamp,
    now: Timestamp,
    terms: &Terms,
) -> Option<Timestamp> {
    let warnings = terms.remind_before.iter().map(|it| since + terms.grace - *it);
    let deletion = deletion_at(record, since, now, terms);
    warnings.chain([deletion]).filter(|it| *it > now).min()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        project::ProjectName,
        route::HostName,
        subscription::{Dispute, DisputeState, Seen},
    };

    const DAY: SignedDuration = SignedDuration::from_hours(24);

    fn now() -> Timestamp {
        Timestamp::constant(1_795_262_400, 0)
    }

    fn terms() -> Terms {
        Terms { grace: DAY * 14, remind_before: vec![DAY * 7, DAY] }
    }

    fn project(state: State) -> Project {
        let name = ProjectName::try_from("mybot".to_owned()).unwrap();
        let id = "prj_a1b2c3d4e5".parse().unwrap();
        Project {
            host: HostName::of_project(&name, &id, "1mins.test").unwrap(),
            id,
            tenant_id: "ten_one".parse().unwrap(),
            name,
            plan: PlanId::Standard,
            state,
            attempt: 1,
            reason: None,
            subscription_id: Some("sub_1".to_owned()),
            backup: None,
            halts: 0,
            plan_cause: None,
            keep_awake: false,
            created_at: now(),
        }
    }

    fn record(status: Status) -> Record {
        let seen = Seen {
            id: "sub_1".to_owned(),
            status,
            plan: Some(PlanId::Standard),
            customer: "cus_1".to_owned(),
            project: None,
            tenant: None,
            price_minor: None,
            currency: None,
            next_billing_at: Some(now() + DAY * 30),
            cancels_at_period_end: false,
            past_due_ends_at: None,
            cancelled_at: None,
            scheduled_plan: None,
        };
        Record::of(&seen, now())
    }

    fn decided(state: State, record: &Record, at: Timestamp) -> Vec<Act> {
        decide(&project(state), record, at, &terms())
    }

    /// What is done besides writing letters.
    fn deeds(state: State, record: &Record, at: Timestamp) -> Vec<Act> {
        let mut acts = decided(state, record, at);
        acts.retain(|it| !matches!(it, Act::Tell(_) | Act::Nothing(_)));
        acts
    }

    fn tells(state: State, record: &Record, at: Timestamp) -> Vec<Occasion> {
        let told = |it| if let Act::Tell(occasion) = it { Some(occasion) } else { None };
        decided(state, record, at).into_iter().filter_map(told).collect()
    }

    #[test]
    fn the_standing_decides_what_each_state_needs() {
        use State as S;
        let lost = record(Status::Active)
            .disputed("dp_1", Dispute { state: DisputeState::Lost, at: now() });
        let deleted = || record(Status::Active).deletion_wanted(now());
        let later = now() + SignedDuration::from_secs(1);
        let open = record(Status::Active)
            .disputed("dp_1", Dispute { state: DisputeState::Open, at: now() });
        let cases: [(&str, S, Record, &[Act]); 30] = [
            ("the first payment", S::PendingPayment, record(Status::Active), &[Act::Provision]),
            ("a start that was lost", S::Pending, record(Status::Active), &[Act::Provision]),
            ("all is well", S::Running, record(Status::Active), &[]),
            ("stopped by its owner", S::Stopped, record(Status::Active), &[]),
            ("stopped and not paid", S::Stopped, record(Status::OnHold), &[Act::Shelve]),
            ("stopped and cancelled", S::Stopped, record(Status::Cancelled), &[Act::Shelve]),
            ("paid again", S::Suspended, record(Status::Active), &[Act::Resume]),
            ("paid again meanwhile", S::Halting, record(Status::Active), &[]),
            ("a failure is the owner's", S::Error, record(Status::Active), &[]),
            ("late by days", S::Running, record(Status::PastDue), &[]),
            ("not paid", S::Running, record(Status::OnHold), &[Act::Suspend]),
            ("paused", S::Running, record(Status::Paused), &[Act::Suspend]),
            ("disputed", S::Running, open, &[Act::Suspend]),
            ("not paid, on its way", S::Provisioning, record(Status::OnHold), &[]),
            ("not paid, failed", S::Error, record(Status::OnHold), &[Act::Shelve]),
            ("never paid", S::PendingPayment, record(Status::OnHold), &[]),
            ("cancelled", S::Running, record(Status::Cancelled), &[Act::Suspend]),
            ("cancelled and halted", S::Suspended, record(Status::Cancelled), &[]),
            ("a first payment failed", S::PendingPayment, record(Status::Failed), &[]),
            (
                "given back",
                S::Running,
                record(Status::Active).refunded(now()),
                &[Act::StopRenewal, Act::Suspend],
            ),
            ("deleted", S::Running, deleted(), &[Act::StopRenewal, Act::Suspend]),
            ("deleted while stopped", S::Stopped, deleted(), &[Act::StopRenewal, Act::Shelve]),
            ("deleted after a failure", S::Error, deleted(), &[Act::StopRenewal, Act::Shelve]),
            ("deleted on its way", S::Provisioning, deleted(), &[Act::StopRenewal]),
            ("taken back", S::Suspended, deleted().deletion_taken_back(later), &[Act::Resume]),
            ("lost", S::Suspended, lost, &[Act::StopRenewal]),
            ("gone", S::Deleted, record(Status::Cancelled), &[]),
            ("half gone", S::Deleting, record(Status::Cancelled), &[Act::Erase]),
            ("half gone and paid for", S::Deleting, record(Status::Active), &[Act::Erase]),
            ("paid too late", S::Deleted, record(Status::Active), &[Act::BeginAnew]),
        ];
        for (case, state, record, acts) in cases {
            assert_eq!(deeds(state, &record, now()), acts, "{case}");
        }
    }

    #[test]
    fn a_missing_payment_has_consequences_when_its_time_is_over() {
        let mut record = record(Status::PastDue);
        let until = now() + DAY * 3;
        record.seen.past_due_ends_at = Some(until);
        assert_eq!(deeds(State::Running, &record, until - DAY), []);
        assert_eq!(next_look(&project(State::Running), &record, now(), &terms()), Some(until));
        assert_eq!(deeds(State::Running, &record, until), [Act::Suspend]);
    }

    #[test]
    fn another_plan_is_another_size_and_each_change_has_its_own_name() {
        let mut record = record(Status::Active);
        record.seen.plan = Some(PlanId::Pro);
        record.plan_changes = 3;
        let resize = Act::Resize { to: PlanId::Pro, cause: 3 };
        assert_eq!(deeds(State::Running, &record, now()), [resize]);
        let note = Act::NotePlan { to: PlanId::Pro };
        assert_eq!(deeds(State::Stopped, &record, now()), [note], "nothing runs to be resized");
        record.seen.plan = None;
        assert_eq!(deeds(State::Running, &record, now()), []);
    }

    #[test]
    fn a_letter_is_told_once() {
        let record = record(Status::OnHold);
        let letters = tells(State::Running, &record, now());
        assert_eq!(letters, [Occasion::Suspended { why: Hold::Unpaid }]);
        let told = record.clone().told(letters[0].key(&project(State::Running), &record), now());
        assert_eq!(tells(State::Running, &told, now()), []);
    }

    /// Lives through a grace, looking at the hours that `next_look` names and at no other.
    #[test]
    fn data_is_deleted_after_its_grace_and_its_warnings_and_not_before() {
        let (mut record, mut at) = (record(Status::Cancelled), now());
        let suspended = project(State::Suspended);
        let mut life = Vec::new();
        while !decided(State::Suspended, &record, at).contains(&Act::Erase) {
            for occasion in tells(State::Suspended, &record, at) {
                record = record.clone().told(occasion.key(&suspended, &record), at);
                life.push((at, occasion));
            }
            at = next_look(&suspended, &record, at, &terms()).expect("there is more to come");
        }
        let (deleted_at, why) = (now() + DAY * 14, End::Cancelled);
        let expected = [
            (now(), Occasion::Ended { why, deleted_at }),
            (now() + DAY * 7, Occasion::DeletionNear { before: DAY * 7, deleted_at, why }),
            (now() + DAY * 13, Occasion::DeletionNear { before: DAY, deleted_at, why }),
        ];
        assert_eq!(life, expected);
        assert_eq!(at, deleted_at);
    }

    #[test]
    fn an_owner_is_told_of_a_deletion_only_while_there_is_one_to_come() {
        let told = |state, status| deletion(&project(state), &record(status), now(), &terms());
        let due = Some(now() + DAY * 14);
        assert_eq!(told(State::Suspended, Status::Cancelled), due);
        assert_eq!(told(State::Running, Status::Expired), due, "its halt is on its way");
        assert_eq!(told(State::Suspended, Status::OnHold), None, "it may be paid for again");
        assert_eq!(told(State::Running, Status::Active), None);
        assert_eq!(told(State::PendingPayment, Status::Failed), None, "it never ran");
        assert_eq!(told(State::Deleted, Status::Cancelled), None);
    }

    #[test]
    fn who_was_warned_late_has_the_time_of_the_last_warning_nevertheless() {
        let record = record(Status::Cancelled);
        let late = now() + DAY * 40;
        assert_eq!(deeds(State::Suspended, &record, late), [], "nobody was told");
        let letters = tells(State::Suspended, &record, late);
        assert_eq!(letters.len(), 2, "{letters:?}");
        let suspended = project(State::Suspended);
        let told = letters.iter().fold(record, |it, letter| {
            let key = letter.key(&suspended, &it);
            it.told(key, late)
        });
        assert_eq!(deeds(State::Suspended, &told, late + DAY - SignedDuration::from_secs(1)), []);
        assert_eq!(deeds(State::Suspended, &told, late + DAY), [Act::Erase]);
    }

    #[test]
    fn what_pays_again_within_the_grace_is_not_deleted() {
        let ended = record(Status::Cancelled);
        let again = Seen { status: Status::Active, ..ended.seen.clone() };
        let later = now() + DAY * 13;
        let super::super::Observed::Applied(again) =
            super::super::observe(Some(&ended), &again, later, super::super::Source::Asked)
        else {
            panic!("the provider's own word counts");
        };
        assert_eq!(again.ended_at, None);
        assert_eq!(deeds(State::Suspended, &again, now() + DAY * 15), [Act::Resume]);
    }

    #[test]
    fn a_project_on_its_way_is_looked_at_again_soon() {
        use State as S;
        let cases = [
            (S::Running, Status::OnHold, Some(SOON)),
            (S::Provisioning, Status::OnHold, Some(SOON)),
            (S::Halting, Status::Active, Some(SOON)),
            (S::Stopped, Status::Active, None),
            (S::Suspended, Status::OnHold, None),
            (S::Running, Status::Active, None),
            (S::PendingPayment, Status::Cancelled, None),
        ];
        for (state, status, soon) in cases {
            let look = next_look(&project(state), &record(status), now(), &terms());
            assert_eq!(look, soon.map(|it| now() + it), "{state:?} {status:?}");
        }
        let mut cancelling = record(Status::Active);
        cancelling.seen.cancels_at_period_end = true;
        let look = next_look(&project(S::Running), &cancelling, now(), &terms());
        assert_eq!(look, cancelling.seen.next_billing_at);
    }
}
