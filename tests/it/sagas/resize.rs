//! An instance gets the limits of another plan, where it is or elsewhere.

use super::{FAILURES, Fault, Plan, halt::running};
use crate::world::World;
use contracts::resize::Saga;
use domain::{
    capacity::Capacity,
    plan::PlanId,
    project::{Project, State},
    worker::Cordon,
};
use ports::fleet::Fleet;
use testkit::make;

const IN_PLACE: [&str; 4] = ["Widen", "ApplyLimits", "FinishResize", "Settle"];
const VITAL: [&str; 3] = ["Widen", "ApplyLimits", "FinishResize"];
const ELSEWHERE: [&str; 5] = ["Widen", "ApplyLimits", "FinishResize", "Settle", "MoveInstead"];

async fn saga(world: &World, to: PlanId, cause: u64) -> Saga {
    Saga::of(&world.project().await, to, cause)
}

async fn plan(world: &World, to: PlanId, cause: u64) -> Plan {
    Plan::of("resize", &saga(world, to, cause).await)
}

/// A project that runs under `plan` on a worker with room for either.
async fn running_under(plan: PlanId) -> World {
    let (world, _) = running().await;
    if plan != world.project().await.plan {
        self::plan(&world, plan, 1).await.complete(&world).await;
    }
    world
}

/// What is reserved, what the container may use, and what the project is sold as.
fn limits(world: &World, project: &Project) -> (Capacity, PlanId, u32, PlanId) {
    let held = world.fleet.held_by(&project.id.clone().into());
    let [(_, held)] = held.as_slice() else { panic!("{held:?}") };
    let memory_mib = world.commands.memory_mib.borrow().values().copied().collect::<Vec<_>>();
    let [memory_mib] = memory_mib[..] else { panic!("{memory_mib:?}") };
    (held.demand, held.plan, memory_mib, project.plan)
}

async fn assert_under(world: &World, plan: PlanId, case: &str) {
    let of_plan = plan.plan().limits;
    let expected = (of_plan, plan, of_plan.memory_mib, plan);
    assert_eq!(limits(world, &world.project().await), expected, "{case}");
    world.assert_running(case).await;
}

const CHANGES: [(PlanId, PlanId); 2] =
    [(PlanId::Standard, PlanId::Pro), (PlanId::Pro, PlanId::Standard)];

#[tokio::test]
async fn a_plan_changes_in_place_and_each_step_is_taken_once() {
    for (from, to) in CHANGES {
        let world = running_under(from).await;
        let ended = plan(&world, to, 7).await.complete(&world).await;
        assert_eq!(ended.entered, IN_PLACE);
        assert_under(&world, to, "undisturbed").await;
    }
}

#[tokio::test]
async fn every_step_twice_is_once_and_a_lost_answer_is_asked_again() {
    for (from, to) in CHANGES {
        let world = running_under(from).await;
        assert_eq!(plan(&world, to, 7).await.execute(&world, None, 2).await.at, "Done");
        assert_under(&world, to, "every step twice").await;
        for step in IN_PLACE {
            let world = running_under(from).await;
            let at = Some((step, Fault::AnswerLost));
            assert_eq!(plan(&world, to, 7).await.execute(&world, at, 1).await.at, "Done", "{step}");
            assert_under(&world, to, step).await;
        }
    }
}

#[tokio::test]
async fn a_failure_leaves_the_instance_under_its_plan_and_the_next_change_succeeds() {
    for (from, to) in CHANGES {
        for step in VITAL {
            for (fault, times) in FAILURES {
                let case = format!("{from:?}: {step} fails, {fault:?}, calls made {times} times");
                let world = running_under(from).await;
                let at = Some((step, fault));
                let ended = plan(&world, to, 7).await.execute(&world, at, times).await;
                assert_eq!(ended.at, "Failed", "{case}");
                assert_under(&world, from, &case).await;
                plan(&world, to, 8).await.complete(&world).await;
                assert_under(&world, to, &case).await;
            }
        }
    }
}

#[tokio::test]
async fn a_step_that_comes_after_its_undo_changes_nothing() {
    for (from, to) in CHANGES {
        for step in VITAL {
            let world = running_under(from).await;
            let answer = plan(&world, to, 7).await.execute_late(&world, step).await;
            assert!(answer.is_err(), "{step}: {answer:?}");
            assert_under(&world, from, &format!("{step} comes late")).await;
        }
    }
}

/// What is too much is ours to pay for; the owner has what was bought.
#[tokio::test]
async fn a_place_that_is_not_settled_takes_nothing_back() {
    for (from, to) in CHANGES {
        let world = running_under(from).await;
        let at = Some(("Settle", Fault::Before));
        assert_eq!(plan(&world, to, 7).await.execute(&world, at, 1).await.at, "Done");
        let (reserved, _, memory_mib, plan_now) = limits(&world, &world.project().await);
        assert_eq!((memory_mib, plan_now), (to.plan().limits.memory_mib, to));
        assert!(reserved.fits(to.plan().limits), "{reserved:?}");
        // The next change finds it, and settles it.
        plan(&world, from, 8).await.complete(&world).await;
        assert_under(&world, from, "changed back").await;
    }
}

/// A project that runs under Standard on a worker that gives it no more.
async fn without_room() -> World {
    let (world, there) = running().await;
    world.fleet.cordon(&there, Cordon::Operator).await.expect("is up");
    world
}

#[tokio::test]
async fn without_room_nothing_changes_and_one_halt_begins() {
    let world = without_room().await;
    let ended = plan(&world, PlanId::Pro, 7).await.execute(&world, None, 2).await;
    assert_eq!((ended.at.as_str(), ended.entered), ("Done", ELSEWHERE.map(str::to_owned).to_vec()));
    assert_under(&world, PlanId::Standard, "it is yet to move").await;
    let [(name, input)] = world.sagas.halt.started().try_into().expect("one execution");
    assert_eq!(name, format!("halt-{}-1-0", make::project().id));

    let input: serde_json::Value = serde_json::from_str(&input).expect("JSON");
    Plan::of("halt", &input).complete(&world).await;
    let [(_, input)] = world.sagas.provision.started().try_into().expect("one execution");
    let input: serde_json::Value = serde_json::from_str(&input).expect("JSON");
    Plan::of("provision", &input).complete(&world).await;
    let project = world.project().await;
    let found = (project.state, project.attempt, project.plan, world.machines.bought());
    assert_eq!(found, (State::Running, 2, PlanId::Pro, 1));
    assert_eq!(world.reservations(), 1);
    world.assert_tidy("moved");
}

#[tokio::test]
async fn a_failure_where_there_is_no_room_changes_nothing_either() {
    for step in ["Widen", "ApplyLimits", "FinishResize", "MoveInstead"] {
        for (fault, times) in FAILURES {
            let case = format!("{step} fails, {fault:?}, calls made {times} times");
            let world = without_room().await;
            let at = Some((step, fault));
            let ended = plan(&world, PlanId::Pro, 7).await.execute(&world, at, times).await;
            assert_eq!(ended.at, "Failed", "{case}");
            assert_under(&world, PlanId::Standard, &case).await;
        }
    }
}
