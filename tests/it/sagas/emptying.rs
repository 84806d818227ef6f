//! A worker that is not empty: what is on it moves away, or goes on elsewhere when it is lost.

use super::{
    Fault, Plan,
    books::{Books, add_worker},
    halt::{lose, running},
};
use crate::{asl::Ended, world::World};
use contracts::{drain::Saga, halt::Saga as HaltSaga, provision::Saga as ProvisionSaga};
use domain::{
    capacity::Capacity,
    id::WorkerId,
    plan::PlanId,
    project::{Project, Purpose, State as Stage},
    worker::{Cordon, State},
};
use ports::{
    clock::Clock,
    fleet::Fleet,
    sagas::{Course, Sagas},
};
use serde_json::{Value, json};
use std::cell::Cell;
use testkit::{make, sagas::FakeSagas};

const STEPS: [&str; 3] = ["MoveInstances", "DrainWorker", "GiveBack"];

fn there() -> WorkerId {
    WorkerId::new("there").expect("plain")
}

/// What functions ask other state machines for, carried out.
#[derive(Default)]
struct Others {
    halts: Cell<usize>,
    provisions: Cell<usize>,
}

impl Others {
    async fn go_on(&self, world: &World) {
        self.take_up(world, "halt", &world.sagas.halt, &self.halts).await;
        self.take_up(world, "provision", &world.sagas.provision, &self.provisions).await;
    }

    async fn take_up(&self, world: &World, name: &str, sagas: &FakeSagas, done: &Cell<usize>) {
        for (execution, input) in sagas.started_after(done.get()) {
            done.set(done.get() + 1);
            let input: Value = serde_json::from_str(&input).expect("the input is JSON");
            Plan::of(name, &input).complete(world).await;
            sagas.set_course(&execution, Course::Ended { at: world.clock.now() });
        }
    }
}

/// The drain of `there`, in the name of an operator who has just cordoned it.
async fn drain(world: &World) -> Plan {
    world.fleet.cordon(&there(), Cordon::Operator).await.expect("is up");
    Plan::of("drain", &Saga::of_occupied(&world.worker(&there()), Cordon::Operator))
}

/// Runs `plan` with `fault`, every call made `times` times, while instances move.
async fn execute(
    plan: &Plan,
    (world, others): (&World, &Others),
    at: Option<(&str, Fault)>,
    times: u32,
) -> Ended {
    let ended = plan.execute_among(world, at, times, async || others.go_on(world).await).await;
    others.go_on(world).await;
    ended
}

/// The project runs on another worker, and nothing is left of this one.
async fn assert_moved(world: &World, case: &str) {
    assert_eq!((world.worker(&there()).state, world.power(&there())), (State::Terminated, None));
    world.assert_running(case).await;
    assert_eq!(world.project().await.attempt, 2, "{case}");
    assert_eq!(world.backups.stored.borrow().len(), 1, "{case}: with what it knew");
    let restored = world.commands.restored.borrow();
    assert!(restored.keys().any(|(node, _)| node != "i-there"), "{case}");
}

#[tokio::test]
async fn what_is_on_a_worker_moves_and_then_it_is_given_back() {
    let (world, _) = running().await;
    let plan = drain(&world).await;
    let ended = execute(&plan, (&world, &Others::default()), None, 1).await;
    assert_eq!(
        (ended.at.as_str(), ended.entered.as_slice()),
        ("Done", &STEPS.map(str::to_owned)[..])
    );
    assert_moved(&world, "undisturbed").await;
}

#[tokio::test]
async fn every_step_twice_is_once_and_a_lost_answer_changes_nothing() {
    let (world, _) = running().await;
    let plan = drain(&world).await;
    assert_eq!(execute(&plan, (&world, &Others::default()), None, 2).await.at, "Done");
    assert_moved(&world, "every step twice").await;
    for step in STEPS {
        let (world, _) = running().await;
        let plan = drain(&world).await;
        let ended =
            execute(&plan, (&world, &Others::default()), Some((step, Fault::AnswerLost)), 1).await;
        assert_eq!(ended.at, "Done", "{step}");
        assert_moved(&world, step).await;
    }
}

/// The project runs, wherever, and its worker is cordoned or gone. The next drain ends well.
#[tokio::test]
async fn a_drain_that_fails_anywhere_leaves_everybody_running_and_the_next_one_finishes() {
    for step in STEPS {
        for (fault, times) in super::FAILURES {
            let case = format!("{step} fails, {fault:?}, calls made {times} times");
            let (world, _) = running().await;
            let plan = drain(&world).await;
            let others = Others::default();
            let ended = execute(&plan, (&world, &others), Some((step, fault)), times).await;
            assert_eq!(ended.at, "Failed", "{case}");
            assert_eq!(world.project().await.state, Stage::Running, "{case}");
            assert_eq!(world.commands.containers.borrow().len(), 1, "{case}");
            world.assert_tidy(&case);
            let worker = world.worker(&there());
            assert!(worker.is_cordoned(), "{case}: nothing new goes there");
            if worker.state == State::Ready {
                let again = Saga::of_occupied(&worker, Cordon::Operator);
                let again = Plan::of("drain", &again);
                let ended = execute(&again, (&world, &others), None, 1).await;
                assert_eq!(ended.at, "Done", "{case}");
            }
            assert_moved(&world, &case).await;
        }
    }
}

/// Somebody uncordons the worker, or stops the execution, which is never called again then.
#[tokio::test]
async fn who_has_not_begun_to_move_stays_when_the_drain_is_called_off() {
    let world = World::empty(0);
    add_worker(&world, State::Ready);
    let total = Capacity { memory_mib: 16_384, cpu_millis: 16_000 };
    if let Some(worker) = world.fleet.workers.borrow_mut().get_mut(&there()) {
        (worker.total, worker.free) = (total, total);
    }
    for name in ["a", "b", "c", "d", "e"] {
        let project = make::project_called(name);
        world.admit(&project).await;
        Plan::of("provision", &ProvisionSaga::of(&project)).complete(&world).await;
    }
    assert_eq!(world.worker(&there()).reservations.len(), 5);
    let (plan, others, calls) = (drain(&world).await, Others::default(), Cell::new(0));
    let ended = plan
        .execute_among(&world, None, 1, async || {
            calls.set(calls.get() + 1);
            if calls.get() == 2 {
                let at = world.clock.now();
                world.fleet.uncordon(&there(), Cordon::Operator, at).await.expect("is up");
            }
        })
        .await;
    assert_eq!((ended.at.as_str(), ended.entered.len()), ("Done", 1), "{:?}", ended.entered);
    others.go_on(&world).await;
    let projects = world.projects.all();
    assert!(projects.iter().all(|it| it.state == Stage::Running));
    let moved = projects.iter().filter(|it| it.attempt == 2).count();
    assert_eq!((moved, world.worker(&there()).state), (3, State::Ready));
    assert_eq!(world.commands.containers.borrow().len(), 5);
    world.assert_tidy("called off");
}

#[tokio::test]
async fn a_worker_that_is_lost_while_it_is_emptied_takes_nobody_with_it() {
    let (world, worker) = running().await;
    world.invoke("backup", json!({})).await.expect("takes a copy");
    let (plan, others, calls) = (drain(&world).await, Others::default(), Cell::new(0));
    let ended = plan
        .execute_among(&world, None, 1, async || {
            calls.set(calls.get() + 1);
            if calls.get() == 2 {
                lose(&world, &worker).await;
            }
        })
        .await;
    assert_eq!((ended.at.as_str(), ended.entered.len()), ("Done", 1), "{:?}", ended.entered);
    others.take_up(&world, "provision", &world.sagas.provision, &others.provisions).await;
    world.assert_running("from its copy").await;
    assert_eq!(world.project().await.attempt, 2);
    // The halt that was started comes late.
    let late = world.sagas.halt.started();
    let input: Value = serde_json::from_str(&late[0].1).expect("the input is JSON");
    let before = Books::of(&world);
    assert_eq!(Plan::of("halt", &input).execute(&world, None, 1).await.at, "Failed");
    assert_eq!(Books::of(&world), before);
}

/// Whatever its halt had brought to safety when the machine went: what is newest is what it goes on with.
#[tokio::test]
async fn who_is_lost_in_the_middle_of_a_move_goes_on_from_what_is_newest() {
    for (before, is_complete) in [
        ("BeginHalt", false),
        ("Locate", false),
        ("SuspendedPage", false),
        ("Archive", false),
        ("FinishHalt", true),
        ("Remove", true),
        ("Release", true),
        ("Continue", true),
    ] {
        let (world, worker) = running().await;
        world.invoke("backup", json!({})).await.expect("takes a copy");
        let project = world.project().await;
        let halt = HaltSaga::of(&project, Purpose::Move { plan: PlanId::Standard });
        let (name, input) = (halt.execution_name(), serde_json::to_string(&halt));
        world.sagas.halt.ensure_started(&name, &input.expect("is JSON")).await.expect("is up");
        let never = ("Nothing", Fault::Before);
        let lost = async || lose(&world, &worker).await;
        let ended = Plan::of("halt", &halt).execute_with(&world, never, before, lost).await;
        assert_eq!(ended.at == "Done", is_complete, "{before}: {:?}", ended.entered);
        world.sagas.halt.set_course(&name, Course::Ended { at: world.clock.now() });
        world.invoke("worker-watch", json!({})).await.expect("settles");

        let [(name, input)] = world.sagas.provision.started().try_into().expect("one execution");
        assert_eq!(name, format!("provision-{}-2", project.id), "{before}");
        let saga: ProvisionSaga = serde_json::from_str(&input).expect("an input of the saga");
        let restored = saga.restore.as_deref().expect("there is a backup");
        assert_eq!(restored.is_of_running(), !is_complete, "{before}");
        Plan::of("provision", &saga).complete(&world).await;
        world.assert_running(before).await;
        assert!(world.worker(&worker).reservations.is_empty(), "{before}");
    }
}

/// Its provider was wrong, or it was started again: the reaper finds what runs there still.
#[tokio::test]
async fn a_lost_machine_that_comes_back_keeps_no_old_instance() {
    let (world, worker) = running().await;
    world.invoke("backup", json!({})).await.expect("takes a copy");
    let machine = world.machines.alive.borrow()[&worker].clone();
    let place = ("i-there".to_owned(), world.project().await.id.to_string());
    lose(&world, &worker).await;
    let others = Others::default();
    others.go_on(&world).await;
    let project: Project = world.project().await;
    assert_eq!((project.state, project.attempt), (Stage::Running, 2));
    // With its container, under the generation that it had.
    world.machines.alive.borrow_mut().insert(worker.clone(), machine);
    world.commands.containers.borrow_mut().insert(place.clone(), 1);
    world.clock.advance(std::time::Duration::from_hours(1));
    world.beat_all();
    world.invoke("reaper", json!(null)).await.expect("nothing is away");
    assert!(!world.machines.alive.borrow().contains_key(&worker), "it is nobody's machine");
    assert_eq!(world.project().await, project);
}
