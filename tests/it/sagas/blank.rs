//! From room on a worker to an instance that waits, warm, for a project.

use super::{
    FAILURES, Fault, Plan,
    books::{Books, add_worker},
    provision,
};
use crate::world::World;
use contracts::blank::Saga;
use domain::{
    id::{BlankId, WorkerId},
    plan::PlanId,
    project,
    worker::{Holder, State},
};
use testkit::make;

fn id() -> BlankId {
    BlankId::new("b").expect("plain")
}

pub(super) fn plan() -> Plan {
    Plan::of("blank", &Saga::of(&id(), PlanId::Standard))
}

fn with_room() -> (World, WorkerId) {
    let world = World::empty(0);
    let worker = add_worker(&world, State::Ready);
    (world, worker)
}

/// Every step of the way there, in order.
async fn steps() -> Vec<String> {
    plan().complete(&with_room().0).await.entered
}

/// One container, which has been warmed, on one place, which can be claimed.
fn assert_in_stock(world: &World, worker: &WorkerId, case: &str) {
    let there = world.commands.containers_of(id().as_str());
    assert_eq!(there, [("i-there".to_owned(), 1)], "{case}");
    assert!(world.commands.warm.borrow().contains(id().as_str()), "{case}");
    let worker = world.worker(worker);
    let held: Vec<_> = worker.reservations.iter().map(|(it, held)| (it, held.warm)).collect();
    assert_eq!(held, [(&Holder::from(id()), true)], "{case}");
    world.assert_tidy(case);
}

#[tokio::test]
async fn a_blank_waits_warm_and_each_step_is_taken_once() {
    let (world, worker) = with_room();
    let ended = plan().complete(&world).await;
    assert_eq!(ended.entered, ["ReserveBlank", "LaunchBlank", "WarmBlank", "StockBlank"]);
    assert_in_stock(&world, &worker, "undisturbed");
}

#[tokio::test]
async fn every_step_twice_is_once() {
    let (world, worker) = with_room();
    assert_eq!(plan().execute(&world, None, 2).await.at, "Done");
    assert_in_stock(&world, &worker, "every step twice");
}

#[tokio::test]
async fn a_lost_answer_anywhere_is_asked_again_and_changes_nothing() {
    for step in steps().await {
        let (world, worker) = with_room();
        let ended = plan().execute(&world, Some((&step, Fault::AnswerLost)), 1).await;
        assert_eq!(ended.at, "Done", "{step}");
        assert_in_stock(&world, &worker, &step);
    }
}

#[tokio::test]
async fn a_failure_at_any_step_leaves_the_worker_as_it_was() {
    for step in steps().await {
        for (fault, times) in FAILURES {
            let case = format!("{step} fails, {fault:?}, calls made {times} times");
            let (world, _) = with_room();
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
    for step in steps().await {
        let (world, _) = with_room();
        let before = Books::of(&world);
        let answer = plan().execute_late(&world, &step).await;
        let case = format!("{step} comes late and is answered {answer:?}");
        assert_eq!(Books::of(&world), before, "{case}");
        world.assert_tidy(&case);
    }
}

#[tokio::test]
async fn without_room_nothing_is_bought_or_woken_for_it() {
    for state in [None, Some(State::WarmStopped)] {
        let world = World::empty(0);
        if let Some(state) = state {
            add_worker(&world, state);
        }
        let before = Books::of(&world);
        let ended = plan().execute(&world, None, 1).await;
        assert_eq!((ended.at.as_str(), Books::of(&world)), ("Failed", before), "{state:?}");
        assert_eq!(world.machines.bought(), 0, "{state:?}");
    }
}

/// It can be claimed from the moment that it is in stock, whatever its saga comes to hear of that.
#[tokio::test]
async fn a_project_that_claims_a_blank_keeps_its_instance_though_the_blank_is_undone() {
    for undo in ["UndoLaunchBlank", "UndoReserveBlank"] {
        let (world, worker) = with_room();
        world.admit(&make::project()).await;
        let at = ("StockBlank", Fault::After);
        let ended = plan()
            .execute_with(&world, at, undo, async || {
                provision::plan().complete(&world).await;
            })
            .await;
        assert_eq!(ended.at, "Failed", "{undo}");
        let project = world.project().await;
        assert_eq!(project.state, project::State::Running, "{undo}");
        let holders: Vec<_> = world.worker(&worker).reservations.into_keys().collect();
        assert_eq!(holders, [Holder::from(project.id.clone())], "{undo}");
        let running = world.commands.containers.borrow().clone();
        let expected = (("i-there".to_owned(), project.id.to_string()), 1);
        assert_eq!(running, [expected].into(), "{undo}");
        world.assert_tidy(undo);
    }
}
