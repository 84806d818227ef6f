//! From a project that runs nowhere to nothing that is kept of it.

use super::{FAILURES, Fault, Plan, halt::suspended};
use crate::world::World;
use contracts::{erase::Saga, provision::Saga as ProvisionSaga};
use domain::project::State;
use ports::projects::{Projects, SealedSecrets};
use runtime::secret::secret;
use testkit::make;

const VITAL: [&str; 4] = ["BeginErase", "EraseData", "RemoveRoute", "FinishErase"];
const STEPS: [&str; 5] = ["BeginErase", "EraseData", "RemoveRoute", "FinishErase", "Receipt"];

async fn plan(world: &World) -> Plan {
    Plan::of("erase", &Saga::of(&world.project().await))
}

async fn assert_erased(world: &World, case: &str) {
    let project = world.project().await;
    assert_eq!(project.state, State::Deleted, "{case}");
    assert!(world.backups.stored.borrow().is_empty(), "{case}: a backup is left");
    let secrets = world.projects.secrets(&project.id).await.expect("is up");
    assert!(secrets.is_none(), "{case}: a secret is left");
    let target = world.routes.route(&project.host).and_then(|it| it.change.target);
    assert_eq!(target, None, "{case}");
    assert!(world.commands.containers.borrow().is_empty(), "{case}: a container is left");
    assert_eq!(world.reservations(), 0, "{case}: a reservation is left");
    world.assert_tidy(case);
}

#[tokio::test]
async fn nothing_is_kept_and_each_step_is_taken_once() {
    let world = suspended().await;
    assert!(!world.backups.stored.borrow().is_empty());
    let ended = plan(&world).await.complete(&world).await;
    assert_eq!(ended.entered, STEPS);
    assert_erased(&world, "undisturbed").await;
}

#[tokio::test]
async fn every_step_twice_is_once_and_a_lost_answer_is_asked_again() {
    let world = suspended().await;
    assert_eq!(plan(&world).await.execute(&world, None, 2).await.at, "Done");
    assert_erased(&world, "every step twice").await;
    for step in STEPS {
        let world = suspended().await;
        let ended = plan(&world).await.execute(&world, Some((step, Fault::AnswerLost)), 1).await;
        assert_eq!(ended.at, "Done", "{step}");
        assert_erased(&world, step).await;
    }
}

#[tokio::test]
async fn an_execution_that_fails_is_followed_by_one_that_finishes() {
    for step in VITAL {
        for (fault, times) in FAILURES {
            let case = format!("{step} fails, {fault:?}, calls made {times} times");
            let world = suspended().await;
            let at = Some((step, fault));
            assert_eq!(plan(&world).await.execute(&world, at, times).await.at, "Failed", "{case}");
            if world.project().await.state != State::Deleted {
                plan(&world).await.complete(&world).await;
            }
            assert_erased(&world, &case).await;
        }
    }
}

#[tokio::test]
async fn a_lost_receipt_takes_nothing_back() {
    let world = suspended().await;
    let at = Some(("Receipt", Fault::Before));
    assert_eq!(plan(&world).await.execute(&world, at, 1).await.at, "Done");
    assert_erased(&world, "no receipt").await;
}

#[tokio::test]
async fn a_project_that_runs_is_not_erased() {
    let (world, _) = super::halt::running().await;
    let ended = plan(&world).await.execute(&world, None, 1).await;
    assert_eq!((ended.at.as_str(), ended.entered), ("Failed", vec!["BeginErase".to_owned()]));
    world.assert_running("it was never asked for").await;
}

#[tokio::test]
async fn what_is_being_erased_is_neither_resumed_nor_paid_for() {
    let world = suspended().await;
    let at = Some(("EraseData", Fault::Before));
    plan(&world).await.execute(&world, at, 1).await;
    let id = make::project().id;
    assert!(world.projects.request_resume(&id).await.is_err());
    assert!(world.projects.record_paid(&id, "sub_1").await.is_err());
    assert_eq!(world.project().await.state, State::Deleting);
}

#[tokio::test]
async fn who_pays_before_it_begins_keeps_everything() {
    let world = suspended().await;
    let (id, late) = (make::project().id, plan(&world).await);
    world.projects.replace_subscription(&id, "sub_1", "sub_2").await.expect("it is over");
    for _ in 0..2 {
        let ended = late.execute(&world, None, 1).await;
        assert_eq!((ended.at.as_str(), ended.entered), ("Failed", vec!["BeginErase".to_owned()]));
    }
    assert!(!world.backups.stored.borrow().is_empty());
    let resumed = world.projects.request_resume(&id).await.expect("it is kept");
    assert!(resumed.backup.is_some());
    Plan::of("provision", &ProvisionSaga::of(&resumed)).complete(&world).await;
    world.assert_running("paid for in time").await;
}

#[tokio::test]
async fn who_pays_too_late_has_it_run_with_nothing_of_before() {
    let world = suspended().await;
    let (id, deletion) = (make::project().id, plan(&world).await);
    deletion.complete(&world).await;
    world.projects.replace_subscription(&id, "sub_1", "sub_2").await.expect("it is over");
    let tenant = world.project().await.tenant_id;
    let secrets = SealedSecrets::mint(&world.vault, &tenant, secret).await.expect("is up");
    let anew = world.projects.begin_anew(&id, &secrets).await.expect("nothing of it is left");
    assert_eq!(anew.backup, None);
    Plan::of("provision", &ProvisionSaga::of(&anew)).complete(&world).await;
    world.assert_running("paid for too late").await;
    // What deleted it before is over.
    assert_eq!(deletion.execute(&world, None, 1).await.at, "Failed");
    world.assert_running("after a late deletion").await;
}
