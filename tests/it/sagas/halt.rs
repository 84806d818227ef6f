//! From an instance that runs to a backup and an empty place, and back.

use super::{
    FAILURES, Fault, Plan,
    books::{Books, add_worker},
    provision,
};
use crate::{
    asl::{Raised, run},
    world::World,
};
use contracts::halt::Saga;
use domain::{
    backup::Choice,
    id::WorkerId,
    plan::PlanId,
    project::{Project, Purpose, State},
    route::{Page, Target},
    worker::{self, Cordon},
};
use jiff::Timestamp;
use ports::{
    clock::Clock,
    fleet::{Change, Fleet},
    projects::Projects,
};
use serde_json::json;
use std::time::Duration;
use testkit::{backups::BYTES, make};

const MOVE: Purpose = Purpose::Move { plan: PlanId::Pro };
/// What the owner of [`plan`] goes back to: taken while the instance ran.
pub(super) const CHOICE: Choice =
    Choice { attempt: 1, number: 1_000, bytes: BYTES, taken_at: Timestamp::UNIX_EPOCH };
const PURPOSES: [Purpose; 5] =
    [Purpose::Suspend, MOVE, Purpose::Stop, Purpose::Sleep, Purpose::Restore { choice: CHOICE }];

/// Each of these can be taken back.
const VITAL: [&str; 4] = ["BeginHalt", "Locate", "SuspendedPage", "Archive"];
/// None of these takes anything back.
const HARMLESS: [&str; 3] = ["Remove", "Release", "Continue"];

/// A project that runs on a worker with room for another.
pub(super) async fn running() -> (World, WorkerId) {
    let world = World::new().await;
    let worker = add_worker(&world, worker::State::Ready);
    provision::plan().complete(&world).await;
    (world, worker)
}

pub(super) async fn plan(world: &World, purpose: Purpose) -> Plan {
    let project = world.project().await;
    if let Purpose::Restore { choice } = purpose {
        let name = (project.id.clone(), choice.attempt, choice.number);
        world.backups.stored.borrow_mut().insert(name, choice.bytes);
    }
    Plan::of("halt", &Saga::of(&project, purpose))
}

/// Whether another attempt follows at once.
fn goes_on(purpose: Purpose) -> bool {
    matches!(purpose, Purpose::Move { .. } | Purpose::Restore { .. })
}

/// A project whose instance was brought to rest.
pub(super) async fn suspended() -> World {
    let (world, _) = running().await;
    plan(&world, Purpose::Suspend).await.complete(&world).await;
    world
}

fn page(world: &World, project: &Project) -> Option<Target> {
    world.routes.route(&project.host)?.change.target
}

/// The data is safe, nothing is left on the worker, and visitors see why.
async fn assert_halted(world: &World, purpose: Purpose, case: &str) {
    let project = world.project().await;
    let (state, attempt, plan, shown) = match purpose {
        Purpose::Suspend => (State::Suspended, 1, PlanId::Standard, Page::Suspended),
        Purpose::Move { plan } => (State::Pending, 2, plan, Page::Provisioning),
        Purpose::Stop => (State::Stopped, 1, PlanId::Standard, Page::Stopped),
        Purpose::Sleep => (State::Asleep, 1, PlanId::Standard, Page::Asleep),
        Purpose::Restore { .. } => (State::Pending, 2, PlanId::Standard, Page::Provisioning),
    };
    let found = (project.state, project.attempt, project.plan);
    assert_eq!(found, (state, attempt, plan), "{case}");
    assert_eq!(page(world, &project), Some(Target::Page(shown)), "{case}");
    let backup = project.backup.unwrap_or_else(|| panic!("{case}: there is a backup"));
    let stored = world.backups.stored.borrow().clone();
    let name = (project.id.clone(), backup.attempt, backup.number);
    assert_eq!(stored.get(&name), Some(&backup.bytes), "{case}");
    let last = stored.keys().any(|(_, of, number)| (*of, *number) != (1, CHOICE.number));
    assert!(last, "{case}: what it knew last is kept, whatever it goes back to");
    assert!(world.commands.containers.borrow().is_empty(), "{case}: a container is left");
    assert_eq!(world.reservations(), 0, "{case}: a reservation is left");
    world.assert_tidy(case);
}

/// It goes on as if nothing had been.
async fn assert_goes_on(world: &World, before: &Books, case: &str) {
    assert_eq!(Books::of(world), *before, "{case}");
    assert!(world.commands.stopped.borrow().is_empty(), "{case}: it stands still");
    world.assert_running(case).await;
}

/// The reaper passes, long after.
async fn reap(world: &World) {
    world.clock.advance(Duration::from_hours(1));
    world.beat_all();
    world.invoke("reaper", json!(null)).await.expect("nothing is away");
}

#[tokio::test]
async fn an_instance_comes_to_rest_and_each_step_is_taken_once() {
    for purpose in PURPOSES {
        let (world, _) = running().await;
        let ended = plan(&world, purpose).await.complete(&world).await;
        let expected = [VITAL.as_slice(), &["FinishHalt"], &HARMLESS].concat();
        assert_eq!(ended.entered, expected, "{purpose:?}");
        assert_halted(&world, purpose, "undisturbed").await;
    }
}

#[tokio::test]
async fn every_step_twice_is_once() {
    for purpose in PURPOSES {
        let (world, _) = running().await;
        assert_eq!(plan(&world, purpose).await.execute(&world, None, 2).await.at, "Done");
        assert_halted(&world, purpose, "every step twice").await;
        let next = usize::from(goes_on(purpose));
        assert_eq!(world.sagas.provision.started().len(), next, "{purpose:?}");
    }
}

#[tokio::test]
async fn a_lost_answer_anywhere_changes_nothing() {
    for step in [VITAL.as_slice(), &["FinishHalt"], &HARMLESS].concat() {
        for purpose in PURPOSES {
            let (world, _) = running().await;
            let at = Some((step, Fault::AnswerLost));
            let ended = plan(&world, purpose).await.execute(&world, at, 1).await;
            assert_eq!(ended.at, "Done", "{step}, {purpose:?}");
            assert_halted(&world, purpose, step).await;
        }
    }
}

#[tokio::test]
async fn a_failure_before_the_end_leaves_the_instance_as_it_was_and_the_next_halt_succeeds() {
    let before_the_end = ("FinishHalt", Fault::Before, 1);
    let each = VITAL.iter().flat_map(|step| FAILURES.map(|(fault, times)| (*step, fault, times)));
    for (step, fault, times) in each.chain([before_the_end]) {
        for purpose in PURPOSES {
            let case = format!("{step} fails, {fault:?}, calls made {times} times, {purpose:?}");
            let (world, _) = running().await;
            let before = Books::of(&world);
            let at = Some((step, fault));
            let ended = plan(&world, purpose).await.execute(&world, at, times).await;
            assert_eq!(ended.at, "Failed", "{case}");
            assert_goes_on(&world, &before, &case).await;

            let again = Saga::of(&world.project().await, purpose);
            assert_eq!(again.number, 1, "{case}: another execution");
            Plan::of("halt", &again).complete(&world).await;
            assert_halted(&world, purpose, &case).await;
        }
    }
}

#[tokio::test]
async fn what_is_halted_stays_so_though_its_saga_fails_and_the_reaper_does_the_rest() {
    for (fault, times) in [(Fault::After, 1), (Fault::After, 2)] {
        for purpose in PURPOSES {
            let (world, _) = running().await;
            let at = Some(("FinishHalt", fault));
            let ended = plan(&world, purpose).await.execute(&world, at, times).await;
            assert_eq!(ended.at, "Failed", "{purpose:?}");
            reap(&world).await;
            assert_halted(&world, purpose, "FinishHalt fails").await;
        }
    }
}

#[tokio::test]
async fn what_is_left_after_the_end_is_done_by_others() {
    for step in HARMLESS {
        for (fault, times) in FAILURES {
            for purpose in PURPOSES {
                let case = format!("{step} fails, {fault:?}, calls made {times} times");
                let (world, _) = running().await;
                let at = Some((step, fault));
                let ended = plan(&world, purpose).await.execute(&world, at, times).await;
                assert_eq!(ended.at, "Done", "{case}");
                reap(&world).await;
                assert_halted(&world, purpose, &case).await;
            }
        }
    }
}

#[tokio::test]
async fn a_step_that_comes_after_its_undo_disturbs_nothing() {
    for step in VITAL.into_iter().chain(["FinishHalt"]) {
        for purpose in PURPOSES {
            let (world, _) = running().await;
            let before = Books::of(&world);
            let answer = plan(&world, purpose).await.execute_late(&world, step).await;
            let case = format!("{step} comes late and is answered {answer:?}");
            assert_goes_on(&world, &before, &case).await;
            assert!(step == "Locate" || answer.is_err(), "{case}");
        }
    }
}

#[tokio::test]
async fn what_was_suspended_starts_again_from_its_backup() {
    let world = suspended().await;
    let kept = world.project().await.backup.expect("there is a backup");
    let resumed = world.projects.request_resume(&make::project().id).await.expect("is up");
    let saga = contracts::provision::Saga::of(&resumed);
    assert_eq!(saga.restore.as_deref(), Some(&kept));
    Plan::of("provision", &saga).complete(&world).await;
    world.assert_running("resumed").await;
    let restored: Vec<_> = world.commands.restored.borrow().values().cloned().collect();
    assert_eq!(restored, [kept.sha256.expect("its sum is on record")]);
    assert_eq!(world.project().await.attempt, 2);
}

/// Halted, resumed and halted again: the second halt takes another backup, of another attempt.
#[tokio::test]
async fn each_attempt_has_a_backup_of_its_own() {
    let world = suspended().await;
    let resumed = world.projects.request_resume(&make::project().id).await.expect("is up");
    Plan::of("provision", &contracts::provision::Saga::of(&resumed)).complete(&world).await;
    plan(&world, Purpose::Suspend).await.complete(&world).await;
    let kept = world.project().await.backup.expect("there is a backup");
    assert_eq!((kept.attempt, kept.number), (2, 0));
    assert_eq!(world.backups.stored.borrow().len(), 2);
}

#[tokio::test]
async fn who_moves_runs_elsewhere_under_the_new_plan_with_what_it_had() {
    let (world, there) = running().await;
    world.fleet.cordon(&there, Cordon::Operator).await.expect("is up");
    plan(&world, MOVE).await.complete(&world).await;
    let [(name, input)] = world.sagas.provision.started().try_into().expect("one execution");
    assert_eq!(name, format!("provision-{}-2", make::project().id));
    let input: serde_json::Value = serde_json::from_str(&input).expect("JSON");
    Plan::of("provision", &input).complete(&world).await;

    let project = world.project().await;
    assert_eq!((project.state, project.plan), (State::Running, PlanId::Pro));
    assert!(world.worker(&there).reservations.is_empty());
    assert_eq!(world.commands.containers_of(project.id.as_str()).len(), 1);
    assert!(matches!(page(&world, &project), Some(Target::Upstream { .. })));
    let places: Vec<_> = world.commands.containers.borrow().keys().cloned().collect();
    let limits = world.commands.memory_mib.borrow();
    assert_eq!(limits.get(&places[0]), Some(&PlanId::Pro.plan().limits.memory_mib));
    world.assert_tidy("moved");
}

#[tokio::test]
async fn a_worker_that_is_lost_meanwhile_takes_with_it_only_what_was_not_in_safety() {
    for (before, state) in [
        ("Locate", State::Error),
        ("SuspendedPage", State::Error),
        ("Archive", State::Error),
        ("FinishHalt", State::Suspended),
        ("Remove", State::Suspended),
    ] {
        let (world, there) = running().await;
        let never = ("Nothing", Fault::Before);
        let ended = plan(&world, Purpose::Suspend)
            .await
            .execute_with(&world, never, before, async || lose(&world, &there).await)
            .await;
        let halted = state == State::Suspended;
        assert_eq!(ended.at == "Done", halted, "{before}: {:?}", ended.entered);
        let project = world.project().await;
        assert_eq!((project.state, project.backup.is_some()), (state, halted), "{before}");
        assert_eq!(project.reason.is_some(), !halted, "{before}: its owner is told");
        world.assert_nothing_left(before);
    }
}

/// Its machine is gone, and what was on it is settled.
pub(super) async fn lose(world: &World, worker: &WorkerId) {
    if world.machines.alive.borrow_mut().remove(worker).is_none() {
        return;
    }
    world.commands.lose_node("i-there");
    let lost = Change::by(worker::Event::Lost, world.clock.now());
    assert!(world.fleet.change(worker, &lost).await.expect("is up"));
    world.invoke("worker-watch", json!({})).await.expect("settles");
}

/// Its answer was lost, and a halt has begun before it is asked again.
#[tokio::test]
async fn a_provisioning_that_finishes_once_more_does_not_disturb_a_halt() {
    let world = World::new().await;
    add_worker(&world, worker::State::Ready);
    let Plan { machine, input } = provision::plan();
    let mut halt = None;
    let ended = run(&machine, input, async |state, function, payload| {
        let answer = world.invoke(function, payload).await;
        if state != "Finish" || halt.is_some() {
            return answer;
        }
        let plan = plan(&world, Purpose::Suspend).await;
        let begin = json!({ "step": "BeginHalt", "saga": plan.input });
        world.invoke("project-state", begin).await.expect("begins");
        halt = Some(plan);
        Err(Raised { error: "Retryable".to_owned(), cause: "injected".to_owned() })
    })
    .await;
    assert_eq!(ended.at, "Done");
    assert_eq!(world.project().await.state, State::Halting);
    halt.expect("has begun").complete(&world).await;
    assert_halted(&world, Purpose::Suspend, "halted while it finished").await;
}
