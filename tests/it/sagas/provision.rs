//! From a project that is paid for to an instance that answers, on a worker that is bought or has room.

use super::{
    FAILURES, Fault, Plan,
    books::{Books, add_worker},
};
use crate::{
    asl::run,
    world::{SECRET, World},
};
use contracts::provision::Saga;
use domain::worker::State;
use testkit::make;

/// Whose failure takes nothing back.
const HARMLESS: [&str; 2] = ["TopUp", "Notify"];

pub(super) fn plan() -> Plan {
    Plan::of("provision", &Saga::of(&make::project()))
}

/// Every step of the way there, in order.
async fn steps() -> Vec<String> {
    plan().complete(&World::new().await).await.entered
}

async fn vital_steps() -> Vec<String> {
    steps().await.into_iter().filter(|it| !HARMLESS.contains(&it.as_str())).collect()
}

/// A world with a worker that has room.
async fn with_room() -> World {
    let world = World::new().await;
    add_worker(&world, State::Ready);
    world
}

#[tokio::test]
async fn a_paid_project_runs_and_each_step_is_taken_once() {
    let world = World::new().await;
    let ended = plan().complete(&world).await;
    let expected = [
        "Begin",
        "HoldingPage",
        "Reserve",
        "BuyWorker",
        "AwaitWorker",
        "Launch",
        "CheckHealth",
        "Publish",
        "Finish",
        "Notify",
        "TopUp",
    ];
    assert_eq!(ended.entered, expected);
    world.assert_running("undisturbed").await;
}

#[tokio::test]
async fn a_worker_with_room_is_used_and_none_bought() {
    let world = with_room().await;
    let ended = plan().complete(&world).await;
    assert!(!ended.entered.iter().any(|it| it == "BuyWorker"), "{:?}", ended.entered);
    assert_eq!(world.machines.bought(), 0);
    world.assert_running("room").await;
}

#[tokio::test]
async fn every_step_twice_is_once() {
    for world in [World::new().await, with_room().await] {
        assert_eq!(plan().execute(&world, None, 2).await.at, "Done");
        world.assert_running("every step twice").await;
    }
}

#[tokio::test]
async fn a_lost_answer_anywhere_is_asked_again_and_changes_nothing() {
    for step in steps().await {
        let world = World::new().await;
        let ended = plan().execute(&world, Some((&step, Fault::AnswerLost)), 1).await;
        assert_eq!(ended.at, "Done", "{step}");
        world.assert_running(&step).await;
    }
}

#[tokio::test]
async fn a_failure_at_any_step_unwinds_to_a_clean_slate() {
    for step in vital_steps().await {
        for (fault, times) in FAILURES {
            // Begin that never began leaves the project pending, for its next attempt to find.
            if (step.as_str(), fault) == ("Begin", Fault::Before) {
                continue;
            }
            let case = format!("{step} fails, {fault:?}, calls made {times} times");
            let world = World::new().await;
            let ended = plan().execute(&world, Some((&step, fault)), times).await;
            assert_eq!(ended.at, "Failed", "{case}");
            world.assert_undone(&case).await;
        }
    }
}

#[tokio::test]
async fn a_failure_at_any_step_leaves_a_worker_with_room_as_it_was() {
    for step in vital_steps().await.into_iter().filter(|it| it != "BuyWorker") {
        for (fault, times) in FAILURES {
            let case = format!("{step} fails, {fault:?}, calls made {times} times");
            let world = with_room().await;
            let before = Books::of(&world);
            let ended = plan().execute(&world, Some((&step, fault)), times).await;
            assert_eq!(ended.at, "Failed", "{case}");
            assert_eq!(Books::of(&world), before, "{case}");
            world.assert_tidy(&case);
        }
    }
}

#[tokio::test]
async fn a_step_that_comes_after_its_undo_leaves_nothing() {
    for step in vital_steps().await.into_iter().filter(|it| it != "Begin") {
        let world = World::new().await;
        let answer = plan().execute_late(&world, &step).await;
        world.assert_undone(&format!("{step} comes late and is answered {answer:?}")).await;
    }
}

#[tokio::test]
async fn what_comes_after_the_instance_runs_undoes_nothing() {
    for step in HARMLESS {
        let world = World::new().await;
        let ended = plan().execute(&world, Some((step, Fault::Before)), 1).await;
        assert_eq!(ended.at, "Done", "{step}");
        world.assert_running(step).await;
    }
}

#[tokio::test]
async fn a_worker_that_dies_before_the_launch_is_cordoned_and_the_project_fails() {
    let world = World::new().await;
    let Plan { machine, input } = plan();
    let ended = run(&machine, input, async |state, function, payload| {
        world.commands.unreachable.set(state == "Launch" || state == "UndoLaunch");
        world.invoke(function, payload).await
    })
    .await;
    assert_eq!(ended.at, "Failed");
    world.assert_undone("the worker died").await;
}

#[tokio::test]
async fn an_execution_never_carries_a_secret() {
    let world = World::new().await;
    let ended = plan().execute(&world, Some(("Publish", Fault::After)), 1).await;
    for (state, input) in ended.entered.iter().zip(&ended.inputs) {
        assert!(!input.to_string().contains(SECRET), "{state}");
    }
}
