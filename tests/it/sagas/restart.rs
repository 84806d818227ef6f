//! An instance stops and starts again, where it is.

use super::{FAILURES, Fault, Plan, books::Books, halt, halt::running};
use crate::world::World;
use contracts::restart::Saga;
use domain::project::{Purpose, State};
use ports::{clock::Clock, projects::Projects};
use serde_json::json;

const STEPS: [&str; 2] = ["FindWorker", "Restart"];

async fn plan(world: &World) -> Plan {
    Plan::of("restart", &Saga::of(&world.project().await, world.clock.now()))
}

fn restarts(world: &World) -> u32 {
    world.commands.restarts.borrow().values().sum()
}

/// It runs where it was, in what it was.
async fn assert_undisturbed(world: &World, before: &Books, case: &str) {
    assert_eq!(Books::of(world), *before, "{case}");
    let project = world.project().await;
    assert_eq!((project.state, project.attempt), (State::Running, 1), "{case}");
    world.assert_running(case).await;
}

#[tokio::test]
async fn an_instance_restarts_where_it_is() {
    let (world, _) = running().await;
    let before = Books::of(&world);
    let ended = plan(&world).await.complete(&world).await;
    assert_eq!(ended.entered, STEPS);
    assert_undisturbed(&world, &before, "undisturbed").await;
    assert_eq!(restarts(&world), 1);
}

#[tokio::test]
async fn every_step_twice_is_once_and_a_lost_answer_is_asked_again() {
    let (world, _) = running().await;
    assert_eq!(plan(&world).await.execute(&world, None, 2).await.at, "Done");
    assert_eq!(restarts(&world), 1);
    for step in STEPS {
        let (world, _) = running().await;
        let at = Some((step, Fault::AnswerLost));
        assert_eq!(plan(&world).await.execute(&world, at, 1).await.at, "Done", "{step}");
        assert_eq!(restarts(&world), 1, "{step}");
    }
}

#[tokio::test]
async fn a_failure_leaves_the_instance_running_and_the_next_restart_succeeds() {
    for step in STEPS {
        for (fault, times) in FAILURES {
            let case = format!("{step} fails, {fault:?}, calls made {times} times");
            let (world, _) = running().await;
            let before = Books::of(&world);
            let at = Some((step, fault));
            let ended = plan(&world).await.execute(&world, at, times).await;
            assert_eq!(ended.at, "Failed", "{case}");
            assert_undisturbed(&world, &before, &case).await;
            let so_far = restarts(&world);
            world.clock.advance(std::time::Duration::from_mins(1));
            plan(&world).await.complete(&world).await;
            assert_eq!(restarts(&world), so_far + 1, "{case}");
        }
    }
}

#[tokio::test]
async fn a_restart_that_comes_after_its_undo_is_refused() {
    let (world, _) = running().await;
    let answer = plan(&world).await.execute_late(&world, "Restart").await;
    assert!(answer.is_err(), "{answer:?}");
    assert_eq!(restarts(&world), 0);
}

/// Whichever of the two comes first: what is halted is not started, and neither disturbs the other.
#[tokio::test]
async fn what_is_being_stopped_is_not_restarted() {
    let (world, _) = running().await;
    let stop = halt::plan(&world, Purpose::Stop).await;
    let begin = json!({ "step": "BeginHalt", "saga": stop.input.clone() });
    let ended = plan(&world)
        .await
        .execute_with(&world, ("Nothing", Fault::Before), "Restart", async || {
            world.invoke("project-state", begin.clone()).await.expect("begins");
        })
        .await;
    assert_eq!(ended.at, "Failed");
    assert_eq!(restarts(&world), 0);
    stop.complete(&world).await;
    assert_eq!(world.project().await.state, State::Stopped);
}

#[tokio::test]
async fn what_was_started_anew_does_not_hear_of_an_earlier_restart() {
    let (world, _) = running().await;
    let late = plan(&world).await;
    halt::plan(&world, Purpose::Stop).await.complete(&world).await;
    let id = world.project().await.id;
    let started = world.projects.request_start(&id).await.expect("was stopped");
    Plan::of("provision", &contracts::provision::Saga::of(&started)).complete(&world).await;
    assert_eq!(late.execute(&world, None, 1).await.at, "Failed");
    assert_eq!(restarts(&world), 0);
    world.assert_running("started anew").await;
}
