//! An empty worker is given back, or stopped, unless somebody needs it after all.

use super::{
    FAILURES, Fault, Plan,
    books::{Books, add_worker},
    provision,
};
use crate::world::World;
use contracts::drain::Saga;
use domain::{
    id::WorkerId,
    project,
    worker::{Cordon, State},
};
use ports::{clock::Clock, fleet::Fleet, machines::Power};
use std::time::Duration;
use testkit::make;

const STEPS: [&str; 3] = ["MoveInstances", "DrainWorker", "GiveBack"];

fn id() -> WorkerId {
    WorkerId::new("there").expect("plain")
}

/// A world with an empty worker, some time after it became empty, and the drain of it.
fn idle(park: bool) -> (World, Plan) {
    let world = World::empty(0);
    add_worker(&world, State::Ready);
    let idle_since = world.worker(&id()).changed_at;
    world.clock.advance(Duration::from_mins(5));
    (world, Plan::of("drain", &Saga::of_empty(id(), idle_since, park)))
}

fn assert_drained(world: &World, park: bool, case: &str) {
    let expected =
        if park { (State::WarmStopped, Some(Power::Stopped)) } else { (State::Terminated, None) };
    assert_eq!((world.worker(&id()).state, world.power(&id())), expected, "{case}, park: {park}");
    world.assert_tidy(case);
}

#[tokio::test]
async fn an_idle_worker_goes_and_each_step_is_taken_once() {
    for park in [false, true] {
        let (world, plan) = idle(park);
        assert_eq!(plan.complete(&world).await.entered, STEPS);
        assert_drained(&world, park, "undisturbed");
    }
}

#[tokio::test]
async fn every_step_twice_is_once() {
    for park in [false, true] {
        let (world, plan) = idle(park);
        assert_eq!(plan.execute(&world, None, 2).await.at, "Done");
        assert_drained(&world, park, "every step twice");
    }
}

#[tokio::test]
async fn a_lost_answer_anywhere_is_asked_again_and_changes_nothing() {
    for park in [false, true] {
        for step in STEPS {
            let (world, plan) = idle(park);
            let ended = plan.execute(&world, Some((step, Fault::AnswerLost)), 1).await;
            assert_eq!(ended.at, "Done", "{step}");
            assert_drained(&world, park, step);
        }
    }
}

#[tokio::test]
async fn a_failure_while_its_machine_runs_lets_the_worker_serve_on() {
    for park in [false, true] {
        for (step, fault, times) in [
            ("MoveInstances", Fault::Before, 1),
            ("MoveInstances", Fault::After, 2),
            ("DrainWorker", Fault::Before, 1),
            ("DrainWorker", Fault::After, 1),
            ("DrainWorker", Fault::After, 2),
            ("GiveBack", Fault::Before, 1),
        ] {
            let case = format!("{step} fails, {fault:?}, calls made {times} times");
            let (world, plan) = idle(park);
            let before = Books::of(&world);
            let ended = plan.execute(&world, Some((step, fault)), times).await;
            assert_eq!((ended.at.as_str(), Books::of(&world)), ("Failed", before), "{case}");
        }
    }
}

#[tokio::test]
async fn what_is_gone_or_stopped_stays_so_whatever_comes_after() {
    for park in [false, true] {
        for (fault, times) in FAILURES.into_iter().filter(|(it, _)| *it == Fault::After) {
            let (world, plan) = idle(park);
            let ended = plan.execute(&world, Some(("GiveBack", fault)), times).await;
            assert_eq!(ended.at, "Failed");
            assert_drained(&world, park, &format!("calls made {times} times"));
        }
    }
}

#[tokio::test]
async fn a_step_that_comes_after_its_undo_leaves_a_worker_that_serves() {
    for park in [false, true] {
        for step in STEPS {
            let (world, plan) = idle(park);
            let before = Books::of(&world);
            let answer = plan.execute_late(&world, step).await;
            assert_eq!(Books::of(&world), before, "{step} is late and is answered {answer:?}");
        }
    }
}

/// Whoever comes while it waits, and whoever comes in the middle of its undo.
#[tokio::test]
async fn a_project_that_comes_meanwhile_keeps_the_worker() {
    let (world, plan) = idle(false);
    world.admit(&make::project()).await;
    provision::plan().complete(&world).await;
    assert_eq!(plan.complete(&world).await.entered, STEPS[..2], "that is all");
    world.assert_running("placed before the drain").await;

    let (world, plan) = idle(false);
    world.admit(&make::project()).await;
    let at = ("GiveBack", Fault::Before);
    let ended = plan
        .execute_with(&world, at, "UndoDrainWorker", async || {
            // Nothing is placed on a worker that drains.
            provision::plan().complete(&world).await;
        })
        .await;
    assert_eq!(ended.at, "Failed");
    assert_eq!(world.project().await.state, project::State::Running);
    assert_eq!(world.worker(&id()).reservations.len(), 0);
    assert_eq!(world.worker(&id()).state, State::Ready, "it serves the next one");
}

/// A customer who left within the wait has moved the moment since which it is idle.
#[tokio::test]
async fn a_worker_that_was_used_meanwhile_waits_anew() {
    let (world, plan) = idle(false);
    world.admit(&make::project()).await;
    let failed = provision::plan().execute(&world, Some(("Finish", Fault::Before)), 1).await;
    assert_eq!(failed.at, "Failed");
    let before = Books::of(&world);
    assert_eq!(plan.complete(&world).await.entered, STEPS[..2]);
    assert_eq!(Books::of(&world), before);
}

/// An hour later the pool begins another drain of the same idleness: the first may still be under way.
#[tokio::test]
async fn a_second_drain_of_the_same_idleness_changes_nothing() {
    for park in [false, true] {
        let (world, plan) = idle(park);
        assert_eq!(plan.complete(&world).await.entered, STEPS);
        assert_eq!(plan.execute(&world, None, 1).await.at, "Done");
        assert_drained(&world, park, "drained twice");
    }
}

/// A cordon is no change, or a worker that the platform cordoned would never go. Its end is one.
#[tokio::test]
async fn a_cordon_does_not_keep_an_empty_worker_and_lifting_it_does() {
    for by in Cordon::ALL {
        let (world, plan) = idle(false);
        world.fleet.cordon(&id(), by).await.expect("is up");
        assert_eq!(plan.complete(&world).await.entered, STEPS, "{by:?}");
        assert_drained(&world, false, "cordoned meanwhile");

        let (world, plan) = idle(false);
        world.fleet.cordon(&id(), by).await.expect("is up");
        world.fleet.uncordon(&id(), by, world.clock.now()).await.expect("is up");
        let before = Books::of(&world);
        assert_eq!(plan.complete(&world).await.entered, STEPS[..2], "{by:?}");
        assert_eq!(Books::of(&world), before, "{by:?}");
    }
}
