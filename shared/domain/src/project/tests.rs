//! What a project's life allows, as tables and as laws.

use super::*;
use crate::plan::PLANS;
use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;

#[test]
fn names_are_what_a_host_name_can_hold() {
    let cases = [
        ("plain", "mybot", true),
        ("digits and hyphens", "my-bot-2", true),
        ("empty", "", false),
        ("upper case", "MyBot", false),
        ("a dot would be another host", "my.bot", false),
        ("leading digit", "2bot", false),
        ("trailing hyphen", "bot-", false),
        ("punycode", "xn--bot", false),
        ("longest", &"a".repeat(30), true),
        ("too long", &"a".repeat(31), false),
    ];
    for (case, name, good) in cases {
        assert_eq!(ProjectName::try_from(name.to_owned()).is_ok(), good, "{case}");
    }
}

#[test]
fn a_project_that_was_never_paid_for_is_never_provisioned() {
    assert!(State::PendingPayment.after(Event::ProvisioningBegan).is_err());
    assert!(State::PendingPayment.after(Event::RetryRequested).is_err());
}

#[test]
fn no_event_makes_a_running_project_fail_directly() {
    assert!(State::Running.after(Event::ProvisioningFailed).is_err());
    let undone = State::Running.after(Event::FinishUndone).unwrap();
    assert_eq!(undone.after(Event::ProvisioningFailed), Ok(State::Error));
}

const STATES: [State; 11] = [
    State::PendingPayment,
    State::Pending,
    State::Provisioning,
    State::Running,
    State::Halting,
    State::Stopped,
    State::Asleep,
    State::Suspended,
    State::Error,
    State::Deleting,
    State::Deleted,
];

/// Every state that each event may happen in, with the one that it leads to.
#[test]
fn a_project_goes_through_its_life_and_no_other_way() {
    use {Event as E, State as S};
    let anywhere_paid =
        [S::Provisioning, S::Running, S::Halting, S::Stopped, S::Asleep, S::Suspended, S::Error];
    let stays = anywhere_paid.map(|it| (it, it));
    let paid: Vec<_> = [(S::PendingPayment, S::Pending), (S::Pending, S::Pending)]
        .into_iter()
        .chain(stays)
        .collect();
    let to = |from: &[State], to: State| from.iter().map(|it| (*it, to)).collect::<Vec<_>>();
    let table = [
        (E::Paid, paid),
        (E::ProvisioningBegan, to(&[S::Pending, S::Provisioning], S::Provisioning)),
        (
            E::ProvisioningFinished,
            vec![(S::Provisioning, S::Running), (S::Running, S::Running), (S::Halting, S::Halting)],
        ),
        (E::FinishUndone, to(&[S::Provisioning, S::Running], S::Provisioning)),
        (E::ProvisioningFailed, to(&[S::Pending, S::Provisioning, S::Error], S::Error)),
        (E::InstanceLost, to(&[S::Running, S::Halting, S::Error], S::Error)),
        (E::Replaced, to(&[S::Running, S::Halting, S::Pending], S::Pending)),
        (E::RetryRequested, to(&[S::Error, S::Pending], S::Pending)),
        (E::HaltBegan, to(&[S::Running, S::Halting], S::Halting)),
        (E::HaltUndone, to(&[S::Halting, S::Running], S::Running)),
        (E::Stopped, to(&[S::Halting, S::Error, S::Stopped], S::Stopped)),
        (E::FellAsleep, to(&[S::Halting, S::Error, S::Asleep], S::Asleep)),
        (E::StartRequested, to(&[S::Stopped, S::Asleep, S::Pending], S::Pending)),
        (
            E::BackupChosen,
            vec![(S::Stopped, S::Stopped), (S::Asleep, S::Asleep), (S::Error, S::Error)],
        ),
        (E::PlanNoted, vec![(S::Stopped, S::Stopped), (S::Asleep, S::Asleep)]),
        (
            E::Suspended,
            to(&[S::Halting, S::Error, S::Stopped, S::Asleep, S::Suspended], S::Suspended),
        ),
        (E::Resumed, to(&[S::Suspended, S::Pending], S::Pending)),
        (E::MoveBegan, to(&[S::Halting, S::Error, S::Pending], S::Pending)),
        (E::Resized, to(&[S::Running], S::Running)),
        (
            E::BackedUp,
            vec![(S::Running, S::Running), (S::Halting, S::Halting), (S::Error, S::Error)],
        ),
        (
            E::DeletionBegan,
            to(&[S::PendingPayment, S::Suspended, S::Error, S::Deleting], S::Deleting),
        ),
        (E::Deleted, to(&[S::Deleting, S::Deleted], S::Deleted)),
        (E::BeganAnew, to(&[S::Deleted, S::Pending], S::Pending)),
    ];
    for (event, legal) in table {
        for from in STATES {
            let expected = legal.iter().find(|(it, _)| *it == from).map(|(_, to)| *to);
            assert_eq!(from.after(event).ok(), expected, "{event:?} from {from:?}");
        }
    }
}

fn project() -> Project {
    let name = ProjectName::try_from("mybot".to_owned()).unwrap();
    let id = ProjectId::new("a").unwrap();
    Project {
        host: HostName::of_project(&name, &id, "1mins.test").unwrap(),
        id,
        tenant_id: TenantId::new("one").unwrap(),
        name,
        plan: PlanId::Standard,
        state: State::Running,
        attempt: 2,
        reason: None,
        subscription_id: None,
        backup: None,
        halts: 0,
        plan_cause: None,
        keep_awake: false,
        created_at: Timestamp::UNIX_EPOCH,
    }
}

fn backup(attempt: u32, number: u32) -> Backup {
    let (sha256, taken_at) = (None, Timestamp::UNIX_EPOCH);
    Backup { attempt, number, sha256, bytes: 1, taken_at, replaces: None }
}

#[test]
fn a_halt_that_was_undone_is_late_and_the_next_one_has_another_number() {
    let undone = project().halting(2, 0).unwrap().halt_undone(2, 0).unwrap();
    assert_eq!((undone.state, undone.halts), (State::Running, 1));
    assert!(undone.halting(2, 0).is_err());
    assert!(undone.halted(2, Purpose::Suspend, None).is_err());
    let again = undone.halting(2, 1).unwrap();
    assert_eq!(again.halt_undone(2, 0).unwrap(), again, "a late undo is not its own");
    assert!(again.halted(2, Purpose::Suspend, Some(&backup(2, 0))).is_err(), "nor a late finish");
    let halted = again.halted(2, Purpose::Suspend, Some(&backup(2, 1))).unwrap();
    assert_eq!((halted.state, halted.backup), (State::Suspended, Some(backup(2, 1))));
}

#[test]
fn a_halt_that_never_began_is_undone_too() {
    let undone = project().halt_undone(2, 0).unwrap();
    assert_eq!((undone.state, undone.halts), (State::Running, 1));
    assert!(undone.halting(2, 0).is_err());
}

#[test]
fn what_was_brought_to_safety_before_the_worker_was_lost_moves_on() {
    let lost = project().halting(2, 0).unwrap().changed(Event::InstanceLost, None).unwrap();
    let plan = PlanId::Pro;
    let moved = lost.halted(2, Purpose::Move { plan }, Some(&backup(2, 0))).unwrap();
    assert_eq!((moved.state, moved.attempt, moved.plan), (State::Pending, 3, plan));
    assert_eq!(moved.backup, Some(backup(2, 0)));
}

#[test]
fn what_was_lost_after_it_was_brought_to_safety_is_suspended_without_a_complaint() {
    let halting = project().halting(2, 0).unwrap();
    let lost = halting.changed(Event::InstanceLost, Some("lost")).unwrap();
    let suspended = lost.halted(2, Purpose::Suspend, Some(&backup(2, 0))).unwrap();
    assert_eq!((suspended.state, suspended.reason), (State::Suspended, None));
    assert_eq!(suspended.backup, Some(backup(2, 0)));
}

#[test]
fn what_its_owner_stopped_keeps_its_data_and_starts_from_it() {
    let stopped =
        project().halting(2, 0).unwrap().halted(2, Purpose::Stop, Some(&backup(2, 0))).unwrap();
    assert_eq!((stopped.state, stopped.attempt), (State::Stopped, 2));
    let started = stopped.started().unwrap();
    assert_eq!((started.state, started.attempt), (State::Pending, 3));
    assert_eq!(started.backup, Some(backup(2, 0)));
    assert!(stopped.resumed().is_err(), "only its owner starts it");
    let unpaid = stopped.changed(Event::Suspended, None).unwrap();
    assert!(unpaid.started().is_err(), "and only while it is paid for");
    assert_eq!(unpaid.backup, stopped.backup);
}

#[test]
fn who_goes_back_keeps_what_was_and_starts_from_what_they_chose() {
    let halting = project().halting(2, 0).unwrap();
    let purpose = Purpose::Restore { choice: choice(1, 7) };
    let moved = halting.halted(2, purpose, Some(&backup(2, 0))).unwrap();
    assert_eq!((moved.state, moved.attempt), (State::Pending, 3));
    let expected = Backup { replaces: Some(2), ..backup(1, 7) };
    assert_eq!(moved.backup, Some(expected));
}

/// The record says what its sum is; of any other backup nobody knows it.
#[test]
fn what_is_on_record_is_gone_back_to_with_its_sum() {
    let sha256 = Some("ab".to_owned());
    let known = Backup { sha256: sha256.clone(), ..backup(2, 5) };
    let stopped = Project { state: State::Stopped, backup: Some(known), ..project() };
    let sum_of = |number| stopped.going_back(2, choice(2, number)).unwrap().backup.unwrap().sha256;
    assert_eq!((sum_of(5), sum_of(4)), (sha256, None));
}

#[test]
fn the_next_start_has_the_plan_that_was_noted_and_its_causes_count_anew() {
    let stopped = Project { state: State::Stopped, plan_cause: Some(7), ..project() };
    let noted = stopped.plan_noted(2, PlanId::Pro).unwrap();
    assert_eq!((noted.plan, noted.state), (PlanId::Pro, State::Stopped));
    assert!(stopped.plan_noted(1, PlanId::Pro).is_err(), "late");
    let started = noted.started().unwrap();
    assert_eq!((started.plan, started.plan_cause), (PlanId::Pro, None));
}

#[test]
fn a_plan_that_was_taken_back_is_late_and_a_later_one_stays() {
    let change = |from, to, cause| PlanChange { from, to, cause };
    let (standard, pro) = (PlanId::Standard, PlanId::Pro);
    let up = change(standard, pro, 7);
    let resized = project().resized(2, up).unwrap();
    assert_eq!(resized.plan, pro);
    let undone = resized.resize_undone(2, up).unwrap();
    assert_eq!(undone.plan, standard);
    assert!(undone.resized(2, up).is_err());
    let never_made = project().resize_undone(2, up).unwrap();
    assert_eq!(never_made.plan, standard);
    assert!(never_made.resized(2, up).is_err());
    let down = resized.resized(2, change(pro, standard, 8)).unwrap();
    assert_eq!(down.plan, standard);
    assert!(down.resized(2, up).is_err(), "overtaken");
    assert_eq!(down.resize_undone(2, up).unwrap(), down);
}

fn projects() -> impl Strategy<Value = Project> {
    let state = prop::sample::select(&STATES[..]);
    let backup = prop::option::of((0_u32..3, 0_u32..3).prop_map(|(a, n)| backup(a, n)));
    let cause = prop::option::of(0_u64..3);
    (state, 0_u32..3, plans(), 0_u32..3, cause, backup).prop_map(
        |(state, attempt, plan, halts, plan_cause, backup)| Project {
            plan,
            state,
            attempt,
            backup,
            halts,
            plan_cause,
            ..project()
        },
    )
}

fn plans() -> impl Strategy<Value = PlanId> {
    prop::sample::select(&PLANS[..]).prop_map(|it| it.id)
}

fn purposes() -> impl Strategy<Value = Purpose> {
    prop_oneof![
        Just(Purpose::Suspend),
        plans().prop_map(|plan| Purpose::Move { plan }),
        Just(Purpose::Stop),
        Just(Purpose::Sleep),
        choices().prop_map(|choice| Purpose::Restore { choice }),
    ]
}

fn choices() -> impl Strategy<Value = Choice> {
    (0_u32..3, 0_u32..3).prop_map(|(attempt, number)| choice(attempt, number))
}

fn choice(attempt: u32, number: u32) -> Choice {
    Choice { attempt, number, bytes: 1, taken_at: Timestamp::UNIX_EPOCH }
}

fn backups() -> impl Strategy<Value = Option<Backup>> {
    prop::option::of((0_u32..3, 0_u32..3).prop_map(|(attempt, number)| backup(attempt, number)))
}

fn changes() -> impl Strategy<Value = PlanChange> {
    (plans(), plans(), 0_u64..3).prop_map(|(from, to, cause)| PlanChange { from, to, cause })
}

/// A record only ever goes on to a later copy, of the instance that is the project's.
#[test]
fn a_backup_of_one_that_runs_replaces_older_ones_only() {
    use State as S;
    let later = |it: Backup| Backup { taken_at: it.taken_at + SignedDuration::from_hours(1), ..it };
    let known = backup(2, 5);
    let cases = [
        ("the first", S::Running, None, backup(2, 5), true),
        ("repeated", S::Running, Some(&known), known.clone(), true),
        ("the next", S::Running, Some(&known), backup(2, 6), true),
        ("the same data, later", S::Running, Some(&known), later(known.clone()), true),
        (
            "the same data, as it was before",
            S::Running,
            Some(&later(known.clone())),
            known.clone(),
            false,
        ),
        ("overtaken", S::Running, Some(&known), backup(2, 4), false),
        ("after that of the halt before", S::Running, Some(&backup(1, 9)), backup(2, 5), true),
        ("of an earlier instance", S::Running, None, backup(1, 9), false),
        ("of one that never was", S::Running, None, backup(3, 5), false),
        ("while it is halted", S::Halting, None, backup(2, 5), true),
        ("after it was lost", S::Error, None, backup(2, 5), true),
        ("after its halt", S::Suspended, Some(&backup(2, 0)), backup(2, 5), false),
        ("on its way elsewhere", S::Pending, None, backup(2, 5), false),
    ];
    for (case, state, known, taken, is_recorded) in cases {
        let project = Project { state, attempt: 2, backup: known.cloned(), ..project() };
        let recorded = project.backed_up(&taken).ok();
        let expected = Project { backup: Some(taken), ..project };
        assert_eq!(recorded, is_recorded.then_some(expected), "{case}");
    }
}

proptest! {
    #[test]
    fn a_backup_that_is_recorded_twice_is_recorded_once(project in projects(), backup in backups()) {
        let Some(backup) = backup else { return Ok(()) };
        if let Ok(once) = project.backed_up(&backup) {
            prop_assert_eq!(once.backed_up(&backup), Ok(once.clone()));
        }
    }

    #[test]
    fn to_halt_twice_is_to_halt_once(
        project in projects(), attempt in 0_u32..3, purpose in purposes(), backup in backups(),
    ) {
        if let Ok(once) = project.halted(attempt, purpose, backup.as_ref()) {
            prop_assert_eq!(once.halted(attempt, purpose, backup.as_ref()), Ok(once.clone()));
            prop_assert!(once.attempt >= project.attempt);
            let goes_back = matches!(purpose, Purpose::Restore { .. });
            let is_kept = backup.is_some() || goes_back || once.backup == project.backup;
            prop_assert!(is_kept, "a backup is lost");
        }
    }

    #[test]
    fn to_resume_twice_is_one_more_attempt(project in projects()) {
        if let Ok(once) = project.resumed() {
            prop_assert_eq!(once.state, State::Pending);
            prop_assert_eq!(once.resumed(), Ok(once.clone()));
            let more = u32::from(project.state == State::Suspended);
            prop_assert_eq!(once.attempt, project.attempt + more);
            prop_assert_eq!(once.backup, project.backup, "it starts from what was kept");
        }
    }

    #[test]
    fn to_start_twice_is_one_more_attempt(project in projects()) {
        if let Ok(once) = project.started() {
            prop_assert_eq!(once.state, State::Pending);
            prop_assert_eq!(once.started(), Ok(once.clone()));
            let rests = matches!(project.state, State::Stopped | State::Asleep);
            prop_assert_eq!(once.attempt, project.attempt + u32::from(rests));
            prop_assert_eq!(once.backup, project.backup, "it starts from what was kept");
        }
    }

    #[test]
    fn to_go_back_twice_is_to_go_back_once_and_changes_nothing_else(
        project in projects(), attempt in 0_u32..3, choice in choices(),
    ) {
        if let Ok(once) = project.going_back(attempt, choice) {
            prop_assert_eq!(once.going_back(attempt, choice), Ok(once.clone()));
            let chosen = once.backup.clone().expect("is chosen");
            prop_assert_eq!((chosen.attempt, chosen.number), (choice.attempt, choice.number));
            prop_assert_eq!(chosen.outdates(), project.attempt, "it replaces all that there is");
            prop_assert_eq!(Project { backup: project.backup.clone(), ..once }, project);
        }
    }

    #[test]
    fn to_resize_twice_is_to_resize_once_and_to_undo_it_is_to_have_what_was(
        project in projects(), attempt in 0_u32..3, change in changes(),
    ) {
        let change = PlanChange { from: project.plan, ..change };
        if let Ok(once) = project.resized(attempt, change) {
            prop_assert_eq!(once.resized(attempt, change), Ok(once.clone()));
            let undone = once.resize_undone(attempt, change).unwrap();
            prop_assert_eq!(undone.plan, project.plan);
            prop_assert_eq!(undone.resize_undone(attempt, change), Ok(undone.clone()));
            prop_assert!(change.from == change.to || undone.resized(attempt, change).is_err());
        }
    }

    #[test]
    fn an_undone_halt_never_begins_again(
        project in projects(), attempt in 0_u32..3, number in 0_u32..3,
    ) {
        if let Ok(undone) = project.halt_undone(attempt, number) {
            prop_assert_eq!(undone.halt_undone(attempt, number), Ok(undone.clone()));
            prop_assert!(undone.halting(attempt, number).is_err());
        }
    }

    #[test]
    fn an_event_changes_the_state_and_nothing_that_fences(
        project in projects(), event in events(), reason in prop::option::of("[a-z]{1,5}"),
    ) {
        if let Ok(once) = project.changed(event, reason.as_deref()) {
            prop_assert_eq!(once.changed(event, reason.as_deref()), Ok(once.clone()));
            let state = project.state.after(event).unwrap();
            let reason = reason.clone();
            prop_assert_eq!(once, Project { state, reason, ..project });
        }
    }
}

fn events() -> impl Strategy<Value = Event> {
    use Event as E;
    prop::sample::select(vec![
        E::Paid,
        E::ProvisioningBegan,
        E::ProvisioningFinished,
        E::FinishUndone,
        E::ProvisioningFailed,
        E::InstanceLost,
        E::Replaced,
        E::RetryRequested,
        E::HaltBegan,
        E::HaltUndone,
        E::Stopped,
        E::StartRequested,
        E::BackupChosen,
        E::PlanNoted,
        E::Suspended,
        E::Resumed,
        E::MoveBegan,
        E::Resized,
        E::BackedUp,
        E::DeletionBegan,
        E::Deleted,
    ])
}

#[test]
fn what_is_lost_goes_on_from_its_backup_once_and_not_without_one() {
    for state in [State::Running, State::Halting] {
        let lost = Project { state, backup: Some(backup(2, 0)), halts: 1, ..project() };
        let anew = lost.replaced(2).unwrap();
        let expected = (State::Pending, 3, 0, lost.backup.clone());
        assert_eq!((anew.state, anew.attempt, anew.halts, anew.backup.clone()), expected);
        assert_eq!(anew.replaced(2).unwrap(), anew, "a repeat");
        assert!(anew.replaced(3).is_err(), "it waits for its provisioning, and was lost by nobody");
        assert!(lost.replaced(1).is_err(), "an attempt that is over");
        assert!(Project { backup: None, ..lost }.replaced(2).is_err());
    }
    for state in [State::Provisioning, State::Suspended, State::Error, State::Deleting] {
        let other = Project { state, backup: Some(backup(2, 0)), ..project() };
        assert!(other.replaced(2).is_err(), "{state:?}");
    }
}

#[test]
fn only_the_end_of_what_pays_deletes_and_what_has_begun_is_finished() {
    let (ours, other) = (Some("sub_1"), Some("sub_2"));
    let paid_by = |payer: Option<&str>, state| Project {
        state,
        subscription_id: payer.map(str::to_owned),
        ..project()
    };
    let cases = [
        ("its end", paid_by(ours, State::Suspended), 2, true),
        ("twice", paid_by(ours, State::Deleting), 2, true),
        ("paid for again by another one", paid_by(other, State::Suspended), 2, false),
        ("paid for again, too late", paid_by(other, State::Deleting), 2, true),
        ("paid for again and on its way", paid_by(ours, State::Pending), 2, false),
        ("another attempt", paid_by(ours, State::Suspended), 1, false),
        ("it runs", paid_by(ours, State::Running), 2, false),
        ("it is gone", paid_by(ours, State::Deleted), 2, false),
    ];
    for (case, project, attempt, deleted) in cases {
        let after = project.deleting(attempt, ours).map(|it| it.state);
        assert_eq!(after == Ok(State::Deleting), deleted, "{case}: {after:?}");
    }
}

#[test]
fn what_was_deleted_begins_anew_with_nothing_and_fences_what_was() {
    let deleted = Project {
        state: State::Deleted,
        backup: Some(backup(2, 0)),
        halts: 3,
        plan_cause: Some(7),
        ..project()
    };
    let anew = deleted.begun_anew().unwrap();
    assert_eq!((anew.state, anew.attempt), (State::Pending, 3));
    assert_eq!((&anew.backup, anew.halts, anew.plan_cause), (&None, 0, None));
    assert_eq!(anew.begun_anew().unwrap(), anew);
    assert!(anew.deleting(2, None).is_err(), "the deletion of what was");
    for state in [State::Deleting, State::Suspended, State::Running] {
        assert!(Project { state, ..project() }.begun_anew().is_err(), "{state:?}");
    }
}
