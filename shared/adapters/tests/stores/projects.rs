//! Projects: what was paid for is provisioned by one attempt at a time, and a late one is refused.

use crate::engine;
use adapters::dynamodb::projects::DynamoProjects;
use domain::{
    backup::{Backup, Choice},
    id::ProjectId,
    plan::PlanId,
    project::{Event, IllegalTransition, PlanChange, Project, ProjectName, Purpose, State},
};
use jiff::{SignedDuration, Timestamp};
use ports::projects::{ChangeError, Checkout, CreateError, Projects, SealedSecrets};
use testkit::{
    make::{project_called, project_id, tenant_id},
    payments::usd,
};
use tokio::task::JoinSet;

async fn store() -> DynamoProjects {
    let (client, table) = engine::table().await;
    DynamoProjects::on(client, table)
}

/// A store with `project` in it.
async fn store_of(project: &Project) -> DynamoProjects {
    let projects = store().await;
    projects.create(project, &secrets(1)).await.expect("a project");
    projects
}

async fn stored(projects: &DynamoProjects, id: &ProjectId) -> Project {
    projects.find(id).await.expect("the store answers").expect("the project is there")
}

fn secrets(seed: u8) -> SealedSecrets {
    SealedSecrets { gateway_token: vec![seed; 32], model_key: vec![0, 255, seed] }
}

fn unpaid(body: &str) -> Project {
    let paid = project_called(body);
    Project { state: State::PendingPayment, attempt: 0, subscription_id: None, ..paid }
}

/// A project in `state`, at attempt 1.
fn in_state(body: &str, state: State) -> Project {
    Project { state, ..project_called(body) }
}

fn unknown() -> ProjectId {
    project_id("nobody")
}

#[tokio::test]
#[ignore = "needs the local engine"]
async fn creating_twice_is_one_project() {
    let project = unpaid("a");
    let projects = store().await;
    projects.create(&project, &secrets(1)).await.unwrap();
    let name = ProjectName::try_from("renamed".to_owned()).unwrap();
    let again = Project { name, ..project.clone() };
    for state in [State::PendingPayment, State::Pending] {
        projects.create(&again, &secrets(2)).await.unwrap();
        let found = stored(&projects, &project.id).await;
        assert_eq!((&found.name, found.state), (&project.name, state), "nothing changed");
        assert_eq!(projects.secrets(&project.id).await.unwrap(), Some(secrets(1)), "{state:?}");
        assert_eq!(projects.list(&project.tenant_id).await.unwrap(), [found]);
        projects.record_paid(&project.id, "sub_1").await.unwrap();
    }
}

#[tokio::test]
#[ignore = "needs the local engine"]
async fn the_id_of_anothers_project_is_taken() {
    let project = unpaid("a");
    let projects = store_of(&project).await;
    let thief = Project { tenant_id: tenant_id("two"), ..project.clone() };
    let created = projects.create(&thief, &secrets(2)).await;
    assert!(matches!(created, Err(CreateError::Taken)), "{created:?}");
    assert_eq!(stored(&projects, &project.id).await, project);
    assert_eq!(projects.secrets(&project.id).await.unwrap(), Some(secrets(1)));
    assert_eq!(projects.list(&thief.tenant_id).await.unwrap(), [], "all or nothing");
}

#[tokio::test]
#[ignore = "needs the local engine"]
async fn secrets_come_back_as_the_same_bytes() {
    let project = unpaid("a");
    let every_byte: Vec<_> = (0..=u8::MAX).collect();
    let sealed = SealedSecrets { gateway_token: every_byte, model_key: b"\xff\x00 text".to_vec() };
    let projects = store().await;
    projects.create(&project, &sealed).await.unwrap();
    assert_eq!(projects.secrets(&project.id).await.unwrap(), Some(sealed));
    assert_eq!(projects.secrets(&unknown()).await.unwrap(), None);
}

#[tokio::test]
#[ignore = "needs the local engine"]
async fn the_last_checkout_counts() {
    let project = unpaid("a");
    let projects = store_of(&project).await;
    assert_eq!(projects.checkout(&project.id).await.unwrap(), None);
    for number in 1..=2 {
        let checkout = Checkout {
            session_id: format!("cks_{number}"),
            url: format!("https://pay.test/{number}"),
            expires_at: project.created_at + SignedDuration::from_millis(number),
            follows: (number == 2).then(|| "sub_1".to_owned()),
            price: (number == 2).then(|| usd(4_900)),
        };
        projects.record_checkout(&project.id, &checkout).await.unwrap();
        assert_eq!(projects.checkout(&project.id).await.unwrap(), Some(checkout));
    }
    assert_eq!(stored(&projects, &project.id).await, project);
}

#[tokio::test]
#[ignore = "needs the local engine"]
async fn paying_begins_the_first_attempt_once() {
    let new = unpaid("a");
    let projects = store_of(&new).await;
    let subscription_id = Some("sub_1".to_owned());
    let paid = Project { state: State::Pending, attempt: 1, subscription_id, ..new };
    for _ in 0..2 {
        assert_eq!(projects.record_paid(&paid.id, "sub_1").await.unwrap(), paid);
        assert_eq!(stored(&projects, &paid.id).await, paid);
    }
    let other = projects.record_paid(&paid.id, "sub_2").await;
    assert!(matches!(other, Err(ChangeError::OtherSubscription)), "{other:?}");

    let begun = projects.change(&paid.id, 1, Event::ProvisioningBegan, None).await.unwrap();
    assert_eq!(projects.record_paid(&paid.id, "sub_1").await.unwrap(), begun, "on its way");
    let other = projects.record_paid(&paid.id, "sub_2").await;
    assert!(matches!(other, Err(ChangeError::OtherSubscription)), "{other:?}");
    assert_eq!(stored(&projects, &paid.id).await, begun);
}

#[tokio::test]
#[ignore = "needs the local engine"]
async fn of_two_subscriptions_at_the_same_moment_one_pays() {
    let projects = store().await;
    for round in 0..16 {
        let project = unpaid(&format!("p{round}"));
        projects.create(&project, &secrets(1)).await.unwrap();
        let (one, two) = tokio::join!(
            projects.record_paid(&project.id, "sub_1"),
            projects.record_paid(&project.id, "sub_2"),
        );
        let (Ok(won), Err(lost)) = (if one.is_ok() { (one, two) } else { (two, one) }) else {
            panic!("round {round}: not one of two");
        };
        let expected = matches!(lost, ChangeError::LostRace | ChangeError::OtherSubscription);
        assert!(expected, "round {round}: {lost:?}");
        assert_eq!(stored(&projects, &project.id).await, won, "round {round}");
    }
}

#[tokio::test]
#[ignore = "needs the local engine"]
async fn a_change_of_another_attempt_is_fenced() {
    let project = Project { attempt: 2, ..project_called("a") };
    let projects = store_of(&project).await;
    for attempt in [0, 1, 3] {
        let changed = projects.change(&project.id, attempt, Event::ProvisioningBegan, None).await;
        let Err(ChangeError::Fenced { attempt: late, current: 2 }) = changed else {
            panic!("attempt {attempt}: {changed:?}");
        };
        assert_eq!(late, attempt);
    }
    assert_eq!(stored(&projects, &project.id).await, project);
    let begun = projects.change(&project.id, 2, Event::ProvisioningBegan, None).await.unwrap();
    assert_eq!(begun.state, State::Provisioning);
}

#[tokio::test]
#[ignore = "needs the local engine"]
async fn what_cannot_happen_changes_nothing() {
    let cases = [
        (State::PendingPayment, Event::ProvisioningBegan),
        (State::Pending, Event::ProvisioningFinished),
        (State::Running, Event::ProvisioningFailed),
        (State::Error, Event::FinishUndone),
    ];
    let projects = store().await;
    for (number, (from, event)) in cases.into_iter().enumerate() {
        let project = in_state(&format!("p{number}"), from);
        projects.create(&project, &secrets(1)).await.unwrap();
        let changed = projects.change(&project.id, 1, event, Some("why")).await;
        let Err(ChangeError::Illegal(illegal)) = changed else {
            panic!("{from:?} {event:?}: {changed:?}");
        };
        assert_eq!(illegal, IllegalTransition { from, event });
        assert_eq!(stored(&projects, &project.id).await, project);
    }
}

#[tokio::test]
#[ignore = "needs the local engine"]
async fn a_project_that_does_not_exist_is_unknown_to_every_change() {
    let projects = store().await;
    let changes = [
        ("paid", projects.record_paid(&unknown(), "sub_1").await),
        ("changed", projects.change(&unknown(), 1, Event::ProvisioningBegan, None).await),
        ("retried", projects.request_retry(&unknown()).await),
    ];
    for (case, changed) in changes {
        assert!(matches!(changed, Err(ChangeError::Unknown(id)) if id == unknown()), "{case}");
    }
    assert_eq!(projects.find(&unknown()).await.unwrap(), None);
}

#[tokio::test]
#[ignore = "needs the local engine"]
async fn the_reason_stays_with_the_failure_and_goes_with_it() {
    let project = in_state("a", State::Provisioning);
    let projects = store_of(&project).await;
    // The second failure is a repeat: with the same reason, then with a better one.
    for reason in ["no room", "no room", "no room anywhere"] {
        let failed =
            projects.change(&project.id, 1, Event::ProvisioningFailed, Some(reason)).await.unwrap();
        assert_eq!((failed.state, failed.reason.as_deref()), (State::Error, Some(reason)));
        assert_eq!(stored(&projects, &project.id).await, failed);
    }
    let retried = projects.request_retry(&project.id).await.unwrap();
    assert_eq!(retried.reason, None, "a new attempt");
    assert_eq!(stored(&projects, &project.id).await, retried);

    projects.change(&project.id, 2, Event::ProvisioningFailed, Some("again")).await.unwrap();
    let failed = projects.change(&project.id, 2, Event::ProvisioningFailed, None).await.unwrap();
    assert_eq!(failed.reason, None, "a change without one");
    assert_eq!(stored(&projects, &project.id).await, failed);
}

#[tokio::test]
#[ignore = "needs the local engine"]
async fn of_two_changes_at_the_same_moment_one_wins() {
    let projects = store().await;
    for round in 0..16 {
        let project = in_state(&format!("p{round}"), State::Provisioning);
        projects.create(&project, &secrets(1)).await.unwrap();
        // Neither can happen after the other.
        let (one, two) = tokio::join!(
            projects.change(&project.id, 1, Event::ProvisioningFinished, None),
            projects.change(&project.id, 1, Event::ProvisioningFailed, Some("no room")),
        );
        let (Ok(won), Err(lost)) = (if one.is_ok() { (one, two) } else { (two, one) }) else {
            panic!("round {round}: not one of two");
        };
        match lost {
            ChangeError::LostRace => (),
            ChangeError::Illegal(it) => assert_eq!(it.from, won.state, "round {round}"),
            other => panic!("round {round}: {other:?}"),
        }
        assert_eq!(stored(&projects, &project.id).await, won, "round {round}");
    }
}

#[tokio::test]
#[ignore = "needs the local engine"]
async fn a_retry_is_one_more_attempt() {
    let failed = Project { reason: Some("no room".to_owned()), ..in_state("a", State::Error) };
    let projects = store_of(&failed).await;
    let retried = Project { state: State::Pending, attempt: 2, reason: None, ..failed };
    for _ in 0..2 {
        assert_eq!(projects.request_retry(&retried.id).await.unwrap(), retried);
        assert_eq!(stored(&projects, &retried.id).await, retried);
    }
    projects.change(&retried.id, 2, Event::ProvisioningBegan, None).await.unwrap();
    let refused = projects.request_retry(&retried.id).await;
    assert!(matches!(refused, Err(ChangeError::Illegal(_))), "{refused:?}");
    assert_eq!(stored(&projects, &retried.id).await.attempt, 2);
}

#[tokio::test]
#[ignore = "needs the local engine"]
async fn retries_at_the_same_moment_add_one_attempt() {
    let failed = in_state("a", State::Error);
    let projects = store_of(&failed).await;
    let mut tries = JoinSet::new();
    for _ in 0..8 {
        let (projects, id) = (projects.clone(), failed.id.clone());
        tries.spawn(async move { projects.request_retry(&id).await });
    }
    let tries = tries.join_all().await;
    let retried = stored(&projects, &failed.id).await;
    assert_eq!((retried.state, retried.attempt), (State::Pending, 2));
    assert!(tries.iter().any(Result::is_ok));
    for tried in tries {
        match tried {
            Ok(seen) => assert_eq!(seen, retried),
            Err(error) => assert!(matches!(error, ChangeError::LostRace), "{error:?}"),
        }
    }
}

#[tokio::test]
#[ignore = "needs the local engine"]
async fn a_list_holds_the_tenants_own_oldest_first() {
    let projects = store().await;
    let at = |second: i64| Timestamp::constant(1_795_262_400 + second, 0);
    // By id the order would be another.
    let made = [("c", "one", 0), ("a", "one", 2), ("b", "one", 1), ("d", "two", 3)];
    let made = made.map(|(body, tenant, second)| Project {
        tenant_id: tenant_id(tenant),
        created_at: at(second),
        ..unpaid(body)
    });
    for project in &made {
        projects.create(project, &secrets(1)).await.unwrap();
    }
    let [c, a, b, d] = made;
    assert_eq!(projects.list(&tenant_id("one")).await.unwrap(), [c, b, a]);
    assert_eq!(projects.list(&tenant_id("two")).await.unwrap(), [d]);
    assert_eq!(projects.list(&tenant_id("three")).await.unwrap(), []);
}

#[tokio::test]
#[ignore = "needs the local engine"]
async fn what_its_owner_stopped_goes_back_has_another_plan_and_starts() {
    let running = Project { attempt: 1, state: State::Running, ..unpaid("a") };
    let projects = store_of(&running).await;
    let id = &running.id;
    projects.record_halting(id, 1, 0).await.unwrap();
    projects.record_halted(id, 1, Purpose::Stop, Some(&backup(1))).await.unwrap();
    let taken_at = Timestamp::UNIX_EPOCH;
    let choice = Choice { attempt: 1, number: 7, bytes: 9, taken_at };
    for round in ["once", "twice"] {
        let chosen = projects.choose_backup(id, 1, choice).await.unwrap();
        let noted = projects.note_plan(id, 1, PlanId::Pro).await.unwrap();
        assert_eq!(stored(&projects, id).await, noted, "{round}");
        assert_eq!(noted.backup, chosen.backup, "{round}");
    }
    for round in ["once", "twice"] {
        let started = projects.request_start(id).await.unwrap();
        assert_eq!(stored(&projects, id).await, started, "{round}");
        assert_eq!((started.state, started.attempt), (State::Pending, 2), "{round}");
        assert_eq!(started.plan, PlanId::Pro, "{round}");
        let found = started.backup.map(|it| (it.number, it.replaces));
        assert_eq!(found, Some((7, Some(1))), "{round}");
    }
}

fn backup(number: u32) -> Backup {
    Backup {
        attempt: 1,
        number,
        sha256: Some("0a".to_owned()),
        replaces: None,
        bytes: 7,
        taken_at: Timestamp::UNIX_EPOCH,
    }
}

#[tokio::test]
#[ignore = "needs the local engine"]
async fn what_is_halted_and_resumed_starts_from_its_backup() {
    let project = in_state("a", State::Running);
    let (projects, id) = (store_of(&project).await, &project.id);
    for _ in 0..2 {
        projects.record_halting(id, 1, 0).await.unwrap();
        assert_eq!(stored(&projects, id).await.state, State::Halting);
    }
    for _ in 0..2 {
        projects.record_halted(id, 1, Purpose::Suspend, Some(&backup(0))).await.unwrap();
        let halted = stored(&projects, id).await;
        assert_eq!((halted.state, halted.backup), (State::Suspended, Some(backup(0))));
    }
    for _ in 0..2 {
        let resumed = projects.request_resume(id).await.unwrap();
        assert_eq!(resumed, stored(&projects, id).await);
        assert_eq!((resumed.state, resumed.attempt), (State::Pending, 2));
        assert_eq!(resumed.backup, Some(backup(0)));
    }
}

#[tokio::test]
#[ignore = "needs the local engine"]
async fn a_backup_of_one_that_runs_goes_on_to_later_ones_and_stays_with_the_retry() {
    let project = in_state("a", State::Running);
    let (projects, id) = (store_of(&project).await, &project.id);
    for number in [1, 1, 2] {
        let recorded = projects.record_backup(id, &backup(number)).await.unwrap();
        assert_eq!(recorded, stored(&projects, id).await);
        assert_eq!(recorded.backup, Some(backup(number)));
    }
    let late = projects.record_backup(id, &backup(1)).await;
    assert!(matches!(late, Err(ChangeError::Illegal(_))), "{late:?}");
    projects.change(id, 1, Event::InstanceLost, Some("lost")).await.unwrap();
    let again = projects.request_retry(id).await.unwrap();
    assert_eq!((again.attempt, again.backup), (2, Some(backup(2))));
    let late = projects.record_backup(id, &backup(3)).await;
    assert!(matches!(late, Err(ChangeError::Illegal(_))), "{late:?}");
}

#[tokio::test]
#[ignore = "needs the local engine"]
async fn what_is_lost_goes_on_from_its_backup_once() {
    let project = in_state("a", State::Running);
    let (projects, id) = (store_of(&project).await, &project.id);
    let nothing = projects.record_replaced(id, 1).await;
    assert!(matches!(nothing, Err(ChangeError::Illegal(_))), "{nothing:?}");
    projects.record_backup(id, &backup(1)).await.unwrap();
    for _ in 0..2 {
        let replaced = projects.record_replaced(id, 1).await.unwrap();
        assert_eq!(replaced, stored(&projects, id).await);
        let now = (replaced.state, replaced.attempt, replaced.backup);
        assert_eq!(now, (State::Pending, 2, Some(backup(1))));
    }
}

#[tokio::test]
#[ignore = "needs the local engine"]
async fn a_backup_beside_another_change_is_lost_by_neither() {
    for round in 0..10 {
        let project = in_state(&format!("r{round}"), State::Running);
        let (projects, id) = (store_of(&project).await, &project.id);
        let second = SignedDuration::from_secs(1);
        let [first, later] = [(1, second), (2, second * 2)]
            .map(|(it, after)| Backup { taken_at: Timestamp::UNIX_EPOCH + after, ..backup(it) });
        let change = PlanChange { from: project.plan, to: PlanId::Pro, cause: 7 };
        let (one, two, resized) = tokio::join!(
            projects.record_backup(id, &first),
            projects.record_backup(id, &later),
            projects.record_plan(id, 1, change),
        );
        let after = stored(&projects, id).await;
        assert_eq!(after.plan == PlanId::Pro, resized.is_ok(), "{resized:?}, {after:?}");
        let newest = two.is_ok().then_some(later).or(one.is_ok().then_some(first));
        assert_eq!(after.backup, newest, "{one:?}, {two:?}");
    }
}

#[tokio::test]
#[ignore = "needs the local engine"]
async fn a_halt_that_was_undone_is_refused_and_the_next_one_is_not() {
    let project = in_state("a", State::Running);
    let (projects, id) = (store_of(&project).await, &project.id);
    projects.record_halting(id, 1, 0).await.unwrap();
    for _ in 0..2 {
        let undone = projects.record_halt_undone(id, 1, 0).await.unwrap();
        assert_eq!((undone.state, undone.halts), (State::Running, 1));
    }
    let late = projects.record_halting(id, 1, 0).await;
    assert!(matches!(late, Err(ChangeError::Illegal(_))), "{late:?}");
    projects.record_halting(id, 1, 1).await.unwrap();
    let moved = Purpose::Move { plan: PlanId::Pro };
    for _ in 0..2 {
        let moved = projects.record_halted(id, 1, moved, Some(&backup(1))).await.unwrap();
        assert_eq!(moved, stored(&projects, id).await);
        assert_eq!((moved.state, moved.attempt, moved.halts), (State::Pending, 2, 0));
        assert_eq!((moved.plan, moved.backup), (PlanId::Pro, Some(backup(1))));
    }
}

#[tokio::test]
#[ignore = "needs the local engine"]
async fn a_plan_is_recorded_taken_back_and_then_late() {
    let project = in_state("a", State::Running);
    let (projects, id) = (store_of(&project).await, &project.id);
    let change = PlanChange { from: project.plan, to: PlanId::Pro, cause: 7 };
    for _ in 0..2 {
        projects.record_plan(id, 1, change).await.unwrap();
        assert_eq!(stored(&projects, id).await.plan, PlanId::Pro);
    }
    for _ in 0..2 {
        projects.record_plan_undone(id, 1, change).await.unwrap();
        assert_eq!(stored(&projects, id).await.plan, project.plan);
    }
    let late = projects.record_plan(id, 1, change).await;
    assert!(matches!(late, Err(ChangeError::Illegal(_))), "{late:?}");
}

/// Neither changes the state, so it is the plan and the number that tell that somebody was faster.
#[tokio::test]
#[ignore = "needs the local engine"]
async fn a_change_of_plan_and_a_halt_at_the_same_moment_lose_neither() {
    for round in 0..10 {
        let project = in_state(&format!("r{round}"), State::Running);
        let (projects, id) = (store_of(&project).await, &project.id);
        let change = PlanChange { from: project.plan, to: PlanId::Pro, cause: 7 };
        let (resized, undone, halted) = tokio::join!(
            projects.record_plan(id, 1, change),
            projects.record_halt_undone(id, 1, 0),
            projects.record_halting(id, 1, 0),
        );
        let after = stored(&projects, id).await;
        assert_eq!(after.plan == PlanId::Pro, resized.is_ok(), "{resized:?}, {after:?}");
        assert_eq!(after.halts == 1, undone.is_ok(), "{undone:?}, {after:?}");
        let is_halting = after.state == State::Halting;
        assert!(!is_halting || halted.is_ok(), "{halted:?}, {after:?}");
    }
}
