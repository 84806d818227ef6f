//! An operator's command in an instance: recorded before, run once, its end recorded.

use super::{FAILURES, Fault, Plan, books::Books, provision};
use crate::world::World;
use contracts::exec::{Order, Outcome, Saga};
use ports::{
    audit::{Entry, Verdict},
    clock::Clock,
};
use serde_json::Value;
use std::time::Duration;

const STEPS: [&str; 4] = ["RecordCommand", "FindInstance", "RunCommand", "RecordOutcome"];

async fn running() -> World {
    let world = World::new().await;
    provision::plan().complete(&world).await;
    world.clock.advance(Duration::from_mins(1));
    world
}

async fn plan(world: &World) -> Plan {
    let order = Order {
        argv: vec!["ls".to_owned(), "-la".to_owned()],
        reason: "its disk is full".to_owned(),
        who: "ada".to_owned(),
        wait_s: 30,
    };
    Plan::of("exec", &Saga::of(&world.project().await, order, world.clock.now()))
}

fn entries(world: &World) -> Vec<Entry> {
    world.audit.entries.borrow().values().cloned().collect()
}

/// The verdict of the one command so far.
fn verdict(world: &World) -> Verdict {
    let [entry] = entries(world).try_into().expect("one entry");
    assert_eq!((entry.who.as_str(), entry.reason.as_str()), ("ada", "its disk is full"));
    assert_eq!(entry.argv, ["ls", "-la"]);
    entry.verdict
}

fn outcome(state: &Value) -> Option<Outcome> {
    serde_json::from_value::<Saga>(state.clone()).expect("the state is the saga's").outcome
}

fn runs(world: &World) -> usize {
    world.commands.ran.borrow().len()
}

const DONE: Verdict = Verdict::Ended { exit_code: 0, timed_out: false };

#[tokio::test]
async fn a_command_is_recorded_before_it_runs_and_again_when_it_has() {
    let world = running().await;
    let before = Books::of(&world);
    let never = ("Nothing", Fault::Before);
    let ended = plan(&world)
        .await
        .execute_with(&world, never, "RunCommand", async || {
            assert_eq!((verdict(&world), runs(&world)), (Verdict::Begun, 0));
        })
        .await;
    assert_eq!(
        (ended.at.as_str(), ended.entered.as_slice()),
        ("Done", &STEPS.map(str::to_owned)[..])
    );
    assert_eq!((verdict(&world), runs(&world)), (DONE, 1));
    let Some(Outcome::Ended(told)) = outcome(&ended.state) else { panic!("{}", ended.state) };
    assert_eq!((told.exit_code, told.stdout.as_str()), (0, "done\n"));
    assert_eq!(Books::of(&world), before);
}

#[tokio::test]
async fn every_step_twice_is_once_and_a_lost_answer_runs_nothing_again() {
    let world = running().await;
    assert_eq!(plan(&world).await.execute(&world, None, 2).await.at, "Done");
    assert_eq!((verdict(&world), runs(&world)), (DONE, 1));
    for step in STEPS {
        let world = running().await;
        let lost = Some((step, Fault::AnswerLost));
        assert_eq!(plan(&world).await.execute(&world, lost, 1).await.at, "Done", "{step}");
        assert_eq!((verdict(&world), runs(&world)), (DONE, 1), "{step}");
    }
}

/// What cannot be recorded does not run. What may have run is never said not to have.
#[tokio::test]
async fn a_failure_at_any_step_leaves_an_entry_that_says_how_much_is_known() {
    for step in STEPS {
        for (fault, times) in FAILURES {
            let case = format!("{step} fails, {fault:?}, calls made {times} times");
            let world = running().await;
            let ended = plan(&world).await.execute(&world, Some((step, fault)), times).await;
            assert_eq!(ended.at, "Failed", "{case}");
            let told = if step == "RecordOutcome" { DONE } else { Verdict::Unknown };
            assert_eq!(verdict(&world), told, "{case}");
            let may_have_run = step == "RunCommand" && fault == Fault::After;
            let ran = usize::from(may_have_run || step == "RecordOutcome");
            assert_eq!(runs(&world), ran, "{case}");
            world.assert_running(&case).await;
        }
    }
}

#[tokio::test]
async fn a_record_that_comes_late_does_not_take_the_end_back() {
    let world = running().await;
    plan(&world).await.execute_late(&world, "RecordCommand").await.expect("is recorded already");
    assert_eq!((verdict(&world), runs(&world)), (Verdict::Unknown, 0));
}

#[tokio::test]
async fn a_command_that_comes_after_a_later_one_does_not_run() {
    let world = running().await;
    let earlier = plan(&world).await;
    world.clock.advance(Duration::from_secs(1));
    plan(&world).await.complete(&world).await;
    let ended = earlier.complete(&world).await;
    assert_eq!(outcome(&ended.state), Some(Outcome::NothingRuns));
    assert_eq!((entries(&world).len(), runs(&world)), (2, 1));
}

#[tokio::test]
async fn where_nothing_runs_the_audit_says_so() {
    let nothing = World::new().await;
    plan(&nothing).await.complete(&nothing).await;
    assert_eq!(verdict(&nothing), Verdict::NothingRuns);
    let away = running().await;
    away.commands.unreachable.set(true);
    plan(&away).await.complete(&away).await;
    assert_eq!(verdict(&away), Verdict::NotReached);
}
