//! What an instance has printed is brought to where whoever asked finds it.

use super::{FAILURES, Fault, Plan, books::Books, provision};
use crate::world::World;
use contracts::logs::{Outcome, Saga};
use domain::{id::LogsId, project::Event, worker::State};
use ports::{instance_logs::LogsName, projects::Projects};
use serde_json::Value;
use testkit::{instance_logs::TEXT, make};

const STEPS: [&str; 2] = ["FindInstance", "ReadLogs"];

/// A project that runs.
async fn running() -> World {
    let world = World::new().await;
    provision::plan().complete(&world).await;
    world
}

fn name() -> LogsName {
    LogsName { project: make::project().id, id: LogsId::new("a").expect("plain") }
}

async fn plan(world: &World) -> Plan {
    Plan::of("logs", &Saga::of(&world.project().await, name().id, 100, None))
}

/// What the state machine leaves for whoever asked.
fn outcome(state: &Value) -> Option<Outcome> {
    serde_json::from_value::<Saga>(state.clone()).expect("the state is the saga's").outcome
}

fn stored() -> Outcome {
    Outcome::Stored { bytes: TEXT.len().try_into().expect("short"), truncated: false }
}

#[tokio::test]
async fn lines_arrive_and_are_in_no_state() {
    let world = running().await;
    let before = Books::of(&world);
    let ended = plan(&world).await.complete(&world).await;
    assert_eq!(ended.entered, STEPS);
    assert_eq!(outcome(&ended.state), Some(stored()));
    assert_eq!(world.instance_logs.names(), [name()]);
    assert!(!format!("{:?} {}", ended.inputs, ended.state).contains(TEXT.trim()));
    assert_eq!(Books::of(&world), before, "it only looks");
}

#[tokio::test]
async fn every_step_twice_is_once_and_a_lost_answer_is_asked_again() {
    let world = running().await;
    let ended = plan(&world).await.execute(&world, None, 2).await;
    assert_eq!((ended.at.as_str(), outcome(&ended.state)), ("Done", Some(stored())));
    for step in STEPS {
        let lost = Some((step, Fault::AnswerLost));
        let ended = plan(&world).await.execute(&world, lost, 1).await;
        assert_eq!((ended.at.as_str(), outcome(&ended.state)), ("Done", Some(stored())), "{step}");
    }
    assert_eq!(world.instance_logs.names(), [name()]);
}

#[tokio::test]
async fn a_failure_at_any_step_changes_nothing_and_the_next_reading_succeeds() {
    for step in STEPS {
        for (fault, times) in FAILURES {
            let case = format!("{step} fails, {fault:?}, calls made {times} times");
            let world = running().await;
            let before = Books::of(&world);
            let ended = plan(&world).await.execute(&world, Some((step, fault)), times).await;
            assert_eq!(ended.at, "Failed", "{case}");
            assert_eq!(Books::of(&world), before, "{case}");
            world.assert_running(&case).await;
            plan(&world).await.complete(&world).await;
        }
    }
}

#[tokio::test]
async fn what_does_not_run_is_an_outcome_and_wakes_nobody() {
    let nothing = World::new().await;
    let ended = plan(&nothing).await.complete(&nothing).await;
    assert_eq!(outcome(&ended.state), Some(Outcome::NothingThere), "it was never launched");

    let away = running().await;
    away.commands.unreachable.set(true);
    let ended = plan(&away).await.complete(&away).await;
    assert_eq!(outcome(&ended.state), Some(Outcome::NotReached), "its worker is away");

    let lost = running().await;
    for worker in lost.fleet.workers.borrow_mut().values_mut() {
        worker.state = State::Error;
    }
    let ended = plan(&lost).await.complete(&lost).await;
    assert_eq!(outcome(&ended.state), Some(Outcome::NothingThere), "its worker is lost");

    let late = running().await;
    let earlier = plan(&late).await;
    let id = make::project().id;
    late.projects.change(&id, 1, Event::InstanceLost, Some("lost")).await.expect("fits");
    late.commands.containers.borrow_mut().clear();
    let ended = earlier.complete(&late).await;
    assert_eq!(outcome(&ended.state), Some(Outcome::NothingThere), "its container is gone");
}

#[tokio::test]
async fn a_container_that_has_stopped_is_read() {
    let world = running().await;
    let places: Vec<_> = world.commands.containers.borrow().keys().cloned().collect();
    world.commands.stopped.borrow_mut().extend(places);
    let ended = plan(&world).await.complete(&world).await;
    assert_eq!(outcome(&ended.state), Some(stored()));
}
