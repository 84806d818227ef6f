//! What an owner does with an instance: stops it, starts it, goes back to a backup of it.

use super::{
    Plan,
    halt::{CHOICE, plan, running},
};
use crate::world::World;
use contracts::provision::Saga;
use domain::{
    plan::PlanId,
    project::{Event, Project, Purpose, State},
};
use ports::projects::Projects;
use testkit::make;

/// A project that its owner has stopped.
async fn stopped() -> World {
    let (world, _) = running().await;
    plan(&world, Purpose::Stop).await.complete(&world).await;
    world
}

/// Provisions the attempt that waits for it.
async fn provision(world: &World, project: &Project) {
    Plan::of("provision", &Saga::of(project)).complete(world).await;
}

async fn start(world: &World) -> Project {
    let started = world.projects.request_start(&make::project().id).await.expect("was stopped");
    provision(world, &started).await;
    started
}

/// The last command that launched something.
fn launched(world: &World) -> String {
    let log = world.commands.log.borrow();
    let launch = log.iter().rev().find(|it| it.contains(" launch "));
    launch.expect("something was launched").clone()
}

#[tokio::test]
async fn what_its_owner_stopped_starts_again_from_its_backup() {
    let world = stopped().await;
    let kept = world.project().await.backup.expect("there is a backup");
    let started = start(&world).await;
    assert_eq!((started.attempt, started.backup), (2, Some(kept.clone())));
    world.assert_running("started").await;
    let restored: Vec<_> = world.commands.restored.borrow().values().cloned().collect();
    assert_eq!(restored, [kept.sha256.expect("its sum is on record")]);
}

#[tokio::test]
async fn it_is_stopped_and_started_as_often_as_its_owner_likes() {
    let world = stopped().await;
    for attempt in 2..5 {
        start(&world).await;
        world.assert_running("started").await;
        plan(&world, Purpose::Stop).await.complete(&world).await;
        let project = world.project().await;
        let kept = project.backup.expect("there is a backup");
        assert_eq!(
            (project.state, project.attempt, kept.attempt),
            (State::Stopped, attempt, attempt)
        );
        assert_eq!(world.reservations(), 0);
    }
}

/// Its provisioning fails: its data is where it was, and the next try starts from it.
#[tokio::test]
async fn a_start_that_fails_loses_nothing() {
    let world = stopped().await;
    let kept = world.project().await.backup;
    let id = make::project().id;
    let started = world.projects.request_start(&id).await.expect("was stopped");
    let at = Some(("Launch", super::Fault::After));
    let ended = Plan::of("provision", &Saga::of(&started)).execute(&world, at, 1).await;
    assert_eq!(ended.at, "Failed");
    let failed = world.project().await;
    assert_eq!((failed.state, failed.backup), (State::Error, kept));
    let again = world.projects.request_retry(&id).await.expect("has failed");
    provision(&world, &again).await;
    world.assert_running("tried again").await;
}

#[tokio::test]
async fn a_plan_that_changed_meanwhile_is_what_the_next_start_has() {
    let world = stopped().await;
    let id = make::project().id;
    for round in ["once", "twice"] {
        let noted = world.projects.note_plan(&id, 1, PlanId::Pro).await.expect(round);
        assert_eq!((noted.state, noted.plan), (State::Stopped, PlanId::Pro), "{round}");
    }
    start(&world).await;
    world.assert_running("started").await;
    let memory_mib: Vec<_> = world.commands.memory_mib.borrow().values().copied().collect();
    assert!(memory_mib.contains(&PlanId::Pro.plan().limits.memory_mib), "{memory_mib:?}");
}

/// Nobody starts what is not paid for, and what is paid for again starts from what was kept.
#[tokio::test]
async fn what_was_stopped_and_is_not_paid_for_is_suspended() {
    let world = stopped().await;
    let id = make::project().id;
    let suspended = world.projects.change(&id, 1, Event::Suspended, None).await.expect("rests");
    assert_eq!(suspended.state, State::Suspended);
    world.projects.request_start(&id).await.expect_err("is not paid for");
    let resumed = world.projects.request_resume(&id).await.expect("is up");
    provision(&world, &resumed).await;
    world.assert_running("resumed").await;
}

/// The worker may still have what the owner goes back from: that is newer, and gives way.
#[tokio::test]
async fn who_goes_back_starts_from_what_they_chose() {
    let (world, _) = running().await;
    plan(&world, Purpose::Restore { choice: CHOICE }).await.complete(&world).await;
    let [(_, input)] = world.sagas.provision.started().try_into().expect("one execution");
    let input: serde_json::Value = serde_json::from_str(&input).expect("JSON");
    Plan::of("provision", &input).complete(&world).await;
    world.assert_running("went back").await;
    let line = launched(&world);
    assert!(line.contains(&format!("/1-{}?get", CHOICE.number)), "{line}");
    assert!(line.ends_with("--restore-generation 1"), "{line}");
}

#[tokio::test]
async fn what_is_stopped_goes_back_with_its_next_start() {
    let world = stopped().await;
    let id = make::project().id;
    for round in ["once", "twice"] {
        let chosen = world.projects.choose_backup(&id, 1, CHOICE).await.expect(round);
        assert_eq!(chosen.state, State::Stopped, "{round}");
    }
    start(&world).await;
    world.assert_running("started").await;
    let line = launched(&world);
    assert!(line.contains(&format!("/1-{}?get", CHOICE.number)), "{line}");
    // What it knows from here on is its own again.
    plan(&world, Purpose::Stop).await.complete(&world).await;
    let kept = world.project().await.backup.expect("there is a backup");
    assert_eq!((kept.attempt, kept.replaces), (2, None));
}
