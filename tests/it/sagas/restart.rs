//! An instance starts again where it is, because somebody asked for it or because it was found ill.

use super::{FAILURES, Fault, Plan, halt::running};
use crate::world::World;
use contracts::restart::Saga;
use domain::{
    health::{Sight, Standing},
    project::State,
};
use jiff::Timestamp;
use ports::{cases::Cases, clock::Clock, heartbeats::Container};
use serde_json::{Value, json};
use std::time::Duration;
use testkit::{make, sagas::FakeSagas};

const STEPS: [&str; 1] = ["RestartInstance"];
const ASKED_AT: Timestamp = Timestamp::constant(1_795_262_400, 0);
const SILENT: Sight = Sight { silent_s: 60, ..Sight::WELL };

async fn plan(world: &World) -> Plan {
    Plan::of("restart", &Saga::of(&world.project().await, ASKED_AT))
}

fn restarts(world: &World) -> u32 {
    world.commands.restarts.borrow().values().sum()
}

#[tokio::test]
async fn an_instance_starts_again_once_and_goes_on_where_it_is() {
    for times in [1, 2] {
        let (world, _) = running().await;
        let ended = plan(&world).await.execute(&world, None, times).await;
        assert_eq!((ended.at.as_str(), ended.entered), ("Done", STEPS.map(str::to_owned).to_vec()));
        assert_eq!(restarts(&world), 1, "each step {times} times");
        world.assert_running("started again").await;
    }
}

#[tokio::test]
async fn a_lost_answer_is_asked_again_and_a_failure_leaves_everything_as_it_is() {
    let (world, _) = running().await;
    let at = Some(("RestartInstance", Fault::AnswerLost));
    assert_eq!(plan(&world).await.execute(&world, at, 1).await.at, "Done");
    assert_eq!(restarts(&world), 1);
    for (fault, times) in FAILURES {
        let case = format!("{fault:?}, calls made {times} times");
        let (world, _) = running().await;
        let at = Some(("RestartInstance", fault));
        assert_eq!(plan(&world).await.execute(&world, at, times).await.at, "Failed", "{case}");
        world.assert_running(&case).await;
    }
}

/// A look at workers that say `sight` of each of their instances.
async fn look(world: &World, sight: &Sight) {
    world.beat_all();
    for beat in world.heartbeats.last.borrow_mut().values_mut() {
        let container = |it: Container| Container { sight: Some(sight.clone()), ..it };
        beat.containers = std::mem::take(&mut beat.containers).into_iter().map(container).collect();
    }
    world.invoke("instance-watch", json!({})).await.expect("looks");
    world.clock.advance(Duration::from_secs(10));
}

/// Runs what was asked of the state machine called `name`, but for the oldest `from`. How many it has been
/// asked for.
async fn run_all(world: &World, name: &str, sagas: &FakeSagas, from: usize) -> usize {
    let started = sagas.started_after(from);
    for (_, input) in &started {
        let input: Value = serde_json::from_str(input).expect("JSON");
        Plan::of(name, &input).complete(world).await;
    }
    from + started.len()
}

#[tokio::test]
async fn an_instance_that_hangs_is_found_and_started_again() {
    let (world, _) = running().await;
    look(&world, &SILENT).await;
    run_all(&world, "restart", &world.sagas.restart, 0).await;
    assert_eq!(restarts(&world), 1);
    look(&world, &Sight::WELL).await;
    let case = world.cases.find(&make::project().id).await.expect("is up");
    assert_eq!(case.map(|it| it.standing), Some(Standing::Ok));
    world.assert_running("well again").await;
}

#[tokio::test]
async fn what_restarts_do_not_heal_runs_anew_elsewhere_with_what_it_has() {
    let (world, _) = running().await;
    let mut done = 0;
    for _ in 0..60 {
        look(&world, &SILENT).await;
        done = run_all(&world, "restart", &world.sagas.restart, done).await;
        if run_all(&world, "halt", &world.sagas.halt, 0).await > 0 {
            break;
        }
    }
    assert_eq!(restarts(&world), 3);
    run_all(&world, "provision", &world.sagas.provision, 0).await;
    let project = world.project().await;
    assert_eq!((project.state, project.attempt), (State::Running, 2));
    let backup = project.backup.and_then(|it| it.sha256).expect("it was taken along");
    let restored: Vec<_> = world.commands.restored.borrow().values().cloned().collect();
    assert!(restored.contains(&backup), "{restored:?}");
    assert_eq!(world.reservations(), 1);
    let since = world.clock.now();
    look(&world, &Sight::WELL).await;
    let case = world.cases.find(&project.id).await.expect("is up").expect("it is remembered");
    assert_eq!((case.standing, case.since), (Standing::Ok, since));
}
