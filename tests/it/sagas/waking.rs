//! A project for which a stopped worker is started.

use super::{
    FAILURES, Fault, Plan,
    books::{Books, add_worker},
    provision,
};
use crate::world::World;
use domain::{
    id::WorkerId,
    worker::{Cordon, Event, State},
};
use ports::{
    clock::Clock,
    fleet::{Change, Fleet},
    machines::Power,
};

/// Whose failure takes nothing back.
const HARMLESS: [&str; 2] = ["TopUp", "Notify"];

/// One worker that stands still, and one paid project.
async fn with_a_sleeper() -> (World, WorkerId) {
    let world = World::new().await;
    let worker = add_worker(&world, State::WarmStopped);
    (world, worker)
}

fn plan() -> Plan {
    provision::plan()
}

async fn vital_steps() -> Vec<String> {
    let entered = plan().complete(&with_a_sleeper().await.0).await.entered;
    entered.into_iter().filter(|it| !HARMLESS.contains(&it.as_str())).collect()
}

async fn assert_awake(world: &World, worker: &WorkerId, case: &str) {
    world.assert_running(case).await;
    assert_eq!(world.worker(worker).state, State::Ready, "{case}");
    assert_eq!((world.power(worker), world.machines.bought()), (Some(Power::Running), 0), "{case}");
}

#[tokio::test]
async fn it_is_started_and_nothing_is_bought() {
    let (world, worker) = with_a_sleeper().await;
    let ended = plan().complete(&world).await;
    assert!(!ended.entered.iter().any(|it| it == "BuyWorker"), "{:?}", ended.entered);
    assert_awake(&world, &worker, "undisturbed").await;
}

#[tokio::test]
async fn every_step_twice_is_once_and_a_lost_answer_is_asked_again() {
    let (world, worker) = with_a_sleeper().await;
    assert_eq!(plan().execute(&world, None, 2).await.at, "Done");
    assert_awake(&world, &worker, "every step twice").await;
    for step in vital_steps().await {
        let (world, worker) = with_a_sleeper().await;
        let ended = plan().execute(&world, Some((&step, Fault::AnswerLost)), 1).await;
        assert_eq!(ended.at, "Done", "{step}");
        assert_awake(&world, &worker, &step).await;
    }
}

/// Nothing runs there and nothing is reserved. It may have been started, and stays so: that is a
/// worker more, for others to use or to give back.
fn assert_undone(world: &World, worker: &WorkerId, case: &str) {
    assert_eq!(world.reservations(), 0, "{case}: a reservation is left");
    assert!(world.commands.containers.borrow().is_empty(), "{case}: a container is left");
    assert_eq!(world.machines.alive.borrow().len(), 1, "{case}: a machine is left");
    let state = world.worker(worker).state;
    let is_awake = world.power(worker) == Some(Power::Running);
    assert_eq!(state == State::Ready, is_awake, "{case}: {state:?}");
    assert!(matches!(state, State::WarmStopped | State::Starting | State::Ready), "{case}");
    world.assert_tidy(case);
}

#[tokio::test]
async fn a_failure_at_any_step_leaves_nobody_on_the_worker() {
    for step in vital_steps().await {
        for (fault, times) in FAILURES {
            let case = format!("{step} fails, {fault:?}, calls made {times} times");
            let (world, worker) = with_a_sleeper().await;
            let before = Books::of(&world);
            let ended = plan().execute(&world, Some((&step, fault)), times).await;
            assert_eq!(ended.at, "Failed", "{case}");
            assert_undone(&world, &worker, &case);
            if ["Begin", "HoldingPage"].contains(&step.as_str()) {
                assert_eq!(Books::of(&world), before, "{case}: nobody was woken");
            }
        }
    }
}

#[tokio::test]
async fn a_step_that_comes_after_its_undo_leaves_nobody_on_the_worker() {
    for step in vital_steps().await.into_iter().filter(|it| it != "Begin") {
        let (world, worker) = with_a_sleeper().await;
        let answer = plan().execute_late(&world, &step).await;
        assert_undone(&world, &worker, &format!("{step} comes late and is answered {answer:?}"));
    }
}

#[tokio::test]
async fn one_whose_machine_is_gone_is_cordoned_and_another_one_bought() {
    let (world, worker) = with_a_sleeper().await;
    let at = ("Notify", Fault::Before);
    let ended = plan()
        .execute_with(&world, at, "AwaitWorker", async || {
            world.machines.vanish(&worker);
            let lost = Change::by(Event::Lost, world.clock.now());
            assert!(world.fleet.change(&worker, &lost).await.expect("the fleet is up"));
        })
        .await;
    assert_eq!(ended.at, "Done");
    world.assert_running("on another one").await;
    assert_eq!(world.machines.bought(), 1);
    let left = world.worker(&worker);
    assert_eq!(left.cordon, Some(Cordon::Unstartable));
    assert!(left.reservations.is_empty());
}
