//! The provisioning saga as it is deployed, with a fault at every step.

use crate::{
    asl::{Ended, Raised, provision, run},
    world::{SECRET, World, input},
};
use serde_json::Value;

/// What goes wrong with one task state.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Fault {
    /// It fails for good before it does anything.
    Before,
    /// It works, and then fails for good: nobody knows that it worked.
    After,
    /// The first try works and its answer is lost; the second is made.
    AnswerLost,
}

/// Runs the saga with `fault` at `at`, every call made `times` times.
async fn execute(world: &World, at: Option<(&str, Fault)>, times: u32) -> Ended {
    let mut lost = false;
    run(&provision(), input(), async |state, function, payload| {
        let fault = at.filter(|(it, _)| *it == state).map(|(_, fault)| fault);
        if fault == Some(Fault::Before) {
            return Err(terminal());
        }
        let mut result = world.invoke(function, payload.clone()).await;
        for _ in 1..times {
            result = world.invoke(function, payload.clone()).await;
        }
        match fault {
            Some(Fault::After) => Err(terminal()),
            Some(Fault::AnswerLost) if !lost => {
                lost = true;
                Err(Raised { error: "Retryable".to_owned(), cause: "injected".to_owned() })
            }
            _ => result,
        }
    })
    .await
}

fn terminal() -> Raised {
    Raised { error: "Terminal".to_owned(), cause: "injected".to_owned() }
}

/// Every step of the way there, in order.
async fn steps() -> Vec<String> {
    execute(&World::new().await, None, 1).await.entered
}

#[tokio::test]
async fn a_paid_project_runs_and_each_step_is_taken_once() {
    let world = World::new().await;
    let ended = execute(&world, None, 1).await;
    assert_eq!(ended.at, "Done");
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
    ];
    assert_eq!(ended.entered, expected);
    world.assert_running("undisturbed").await;
}

#[tokio::test]
async fn a_worker_with_room_is_used_and_none_bought() {
    let world = World::new().await;
    let there = testkit::make::worker("there", 4096);
    world.fleet.workers.borrow_mut().insert(there.id.clone(), there);
    let ended = execute(&world, None, 1).await;
    assert_eq!(ended.at, "Done");
    assert_eq!(world.machines.bought(), 0);
}

#[tokio::test]
async fn every_step_twice_is_once() {
    let world = World::new().await;
    assert_eq!(execute(&world, None, 2).await.at, "Done");
    world.assert_running("every step twice").await;
}

#[tokio::test]
async fn a_lost_answer_anywhere_is_asked_again_and_changes_nothing() {
    for step in steps().await {
        let world = World::new().await;
        let ended = execute(&world, Some((&step, Fault::AnswerLost)), 1).await;
        assert_eq!(ended.at, "Done", "{step}");
        world.assert_running(&step).await;
    }
}

#[tokio::test]
async fn a_failure_at_any_step_unwinds_to_a_clean_slate() {
    for step in steps().await.into_iter().filter(|it| it != "Notify") {
        for (fault, times) in [(Fault::Before, 1), (Fault::After, 1), (Fault::After, 2)] {
            // Begin that never began leaves the project pending, for its next attempt to find.
            if (step.as_str(), fault) == ("Begin", Fault::Before) {
                continue;
            }
            let case = format!("{step} fails, {fault:?}, calls made {times} times");
            let world = World::new().await;
            let ended = execute(&world, Some((&step, fault)), times).await;
            assert_eq!(ended.at, "Failed", "{case}");
            world.assert_undone(&case).await;
        }
    }
}

#[tokio::test]
async fn a_step_that_comes_after_its_undo_leaves_nothing() {
    for step in steps().await.into_iter().filter(|it| it != "Notify" && it != "Begin") {
        let world = World::new().await;
        let mut late: Option<(String, Value)> = None;
        let ended = run(&provision(), input(), async |state, function, payload| {
            if state == step {
                late = Some((function.to_owned(), payload));
                return Err(terminal());
            }
            world.invoke(function, payload).await
        })
        .await;
        assert_eq!(ended.at, "Failed", "{step}");
        let (function, payload) = late.expect("the step was called");
        let answer = world.invoke(&function, payload).await;
        world.assert_undone(&format!("{step} comes late and is answered {answer:?}")).await;
    }
}

#[tokio::test]
async fn a_mail_that_cannot_be_sent_undoes_nothing() {
    let world = World::new().await;
    let ended = execute(&world, Some(("Notify", Fault::Before)), 1).await;
    assert_eq!(ended.at, "Done");
    world.assert_running("no mail").await;
}

#[tokio::test]
async fn a_worker_that_dies_before_the_launch_is_cordoned_and_the_project_fails() {
    let world = World::new().await;
    let ended = run(&provision(), input(), async |state, function, payload| {
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
    let ended = execute(&world, Some(("Publish", Fault::After)), 1).await;
    for (state, input) in ended.entered.iter().zip(&ended.inputs) {
        assert!(!input.to_string().contains(SECRET), "{state}");
    }
}
