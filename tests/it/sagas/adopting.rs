//! A project takes a warm blank over.

use super::{
    FAILURES, Fault, Plan, blank,
    books::{Books, add_worker},
    provision,
};
use crate::world::World;
use domain::{
    project,
    worker::{Holder, State},
};
use serde_json::json;
use std::time::Duration;
use testkit::make;

/// Whose failure takes nothing back.
const HARMLESS: [&str; 2] = ["TopUp", "Notify"];

/// One worker with a warm blank on it, and one paid project.
async fn with_a_blank() -> World {
    let world = World::new().await;
    add_worker(&world, State::Ready);
    blank::plan().complete(&world).await;
    world
}

fn plan() -> Plan {
    provision::plan()
}

async fn vital_steps() -> Vec<String> {
    let entered = plan().complete(&with_a_blank().await).await.entered;
    entered.into_iter().filter(|it| !HARMLESS.contains(&it.as_str())).collect()
}

/// One place and one container, the project's, and nothing of the blank.
async fn assert_adopted(world: &World, case: &str) {
    world.assert_running(case).await;
    let log = world.commands.log.borrow().clone();
    let launched: Vec<_> = log.iter().filter(|it| it.contains(" launch ")).collect();
    assert!(launched.iter().all(|it| it.contains("--project blk_b ")), "{case}: {launched:?}");
    assert!(log.iter().any(|it| it.contains(" adopt ")), "{case}");
    assert_eq!(world.machines.bought(), 0, "{case}");
}

#[tokio::test]
async fn the_blank_becomes_the_projects_and_nothing_is_launched() {
    let world = with_a_blank().await;
    plan().complete(&world).await;
    assert_adopted(&world, "undisturbed").await;
}

#[tokio::test]
async fn every_step_twice_is_once() {
    let world = with_a_blank().await;
    assert_eq!(plan().execute(&world, None, 2).await.at, "Done");
    assert_adopted(&world, "every step twice").await;
}

#[tokio::test]
async fn a_lost_answer_anywhere_is_asked_again_and_changes_nothing() {
    for step in vital_steps().await {
        let world = with_a_blank().await;
        let ended = plan().execute(&world, Some((&step, Fault::AnswerLost)), 1).await;
        assert_eq!(ended.at, "Done", "{step}");
        assert_adopted(&world, &step).await;
    }
}

/// The project fails, its place is free, and of the blank there may be a container that nobody owns.
async fn assert_undone(world: &World, case: &str) {
    let project = world.project().await;
    assert_eq!(project.state, project::State::Error, "{case}");
    assert_eq!(world.reservations(), 0, "{case}: a reservation is left");
    let projects = world.commands.containers_of(project.id.as_str());
    assert_eq!(projects, [], "{case}: a container is left");
    world.assert_tidy(case);

    world.clock.advance(Duration::from_hours(1));
    world.beat_all();
    world.invoke("reaper", json!({})).await.expect("it has nothing to fear");
    let containers = world.commands.containers.borrow().clone();
    assert_eq!(containers, [].into(), "{case}: a container is left");
}

#[tokio::test]
async fn a_failure_at_any_step_takes_the_place_back_and_the_reaper_the_rest() {
    for step in vital_steps().await {
        for (fault, times) in FAILURES {
            // Nothing was claimed: the blank goes on waiting.
            let claims_nothing = ["Begin", "HoldingPage"].contains(&step.as_str())
                || (step.as_str(), fault) == ("Reserve", Fault::Before);
            let case = format!("{step} fails, {fault:?}, calls made {times} times");
            let world = with_a_blank().await;
            let before = Books::of(&world);
            let ended = plan().execute(&world, Some((&step, fault)), times).await;
            assert_eq!(ended.at, "Failed", "{case}");
            if claims_nothing {
                assert_eq!(Books::of(&world), before, "{case}");
            } else {
                assert_undone(&world, &case).await;
            }
        }
    }
}

#[tokio::test]
async fn a_step_that_comes_after_its_undo_leaves_nothing() {
    let claimed_before = ["AwaitWorker", "Launch", "CheckHealth", "Publish", "Finish"];
    for step in claimed_before.into_iter().chain(["Reserve"]) {
        let world = with_a_blank().await;
        let answer = plan().execute_late(&world, step).await;
        assert_undone(&world, &format!("{step} comes late and is answered {answer:?}")).await;
    }
}

#[tokio::test]
async fn a_blank_that_went_meanwhile_is_no_obstacle() {
    let world = with_a_blank().await;
    world.commands.containers.borrow_mut().clear();
    plan().complete(&world).await;
    world.assert_running("launched cold").await;
    let holders: Vec<_> =
        world.fleet.workers.borrow().values().flat_map(|it| it.reservations.clone()).collect();
    assert_eq!(holders.len(), 1);
    assert_eq!(holders[0].0, Holder::from(make::project().id));
}
