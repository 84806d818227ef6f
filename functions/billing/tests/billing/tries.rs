//! Executions that end without effect: followed by others, up to a point.

use crate::bench::{Bench, shown, with};
use domain::{
    plan::PlanId,
    project::State,
    subscription::{Seen, Status},
};
use jiff::SignedDuration;
use ports::{projects::Projects, sagas::Course};
use testkit::{logs::Logs, make, sagas::FakeSagas};

const PAUSES_MIN: [i64; 4] = [2, 8, 32, 128];

/// The last execution of `machine` ends each time, and nothing has come of it.
async fn fail_on(bench: &Bench, machine: &FakeSagas, what: &str) {
    let name = |number: usize| machine.started()[number].0.clone();
    for (number, pause_min) in PAUSES_MIN.into_iter().enumerate() {
        assert_eq!(machine.started().len(), number + 1, "{what}");
        machine.set_course(&name(number), Course::Ended { at: bench.now() });
        bench.look().await.expect("looks");
        let due = bench.now() + SignedDuration::from_mins(pause_min);
        assert_eq!(bench.timers.set_now()["look-sub_1"].0, due, "{what}: by the timer");
        bench.advance(SignedDuration::from_mins(pause_min) - SignedDuration::from_secs(1));
        bench.look().await.expect("looks");
        assert_eq!(machine.started().len(), number + 1, "{what}: not before the pause is over");
        bench.advance(SignedDuration::from_secs(1));
        bench.look().await.expect("looks");
        bench.look().await.expect("it runs, and is left alone");
    }
    let logs = Logs::catch();
    machine.set_course(&name(PAUSES_MIN.len()), Course::Ended { at: bench.now() });
    bench.advance(SignedDuration::from_hours(1_000));
    bench.look().await.expect("looks");
    assert_eq!(machine.started().len(), 5, "{what}: no more than that");
    assert_eq!(logs.lines(&["ERROR", "billing needs a person", what]).len(), 1, "{what}");
}

async fn about_to_resize() -> Bench {
    let bench = Bench::known(State::Running, &with(Status::Active)).await;
    let pro = Seen { plan: Some(PlanId::Pro), ..with(Status::Active) };
    bench.becomes("msg_1", &pro).await;
    bench
}

#[tokio::test]
async fn a_resize_that_comes_to_nothing_is_tried_again_under_another_cause() {
    let bench = about_to_resize().await;
    fail_on(&bench, &bench.machines.resize, "could not be given its plan").await;
    let id = make::project().id;
    let names = (5..10).map(|cause| format!("resize-{id}-1-{cause}"));
    assert!(bench.executions().into_iter().eq(names), "{:?}", bench.executions());
}

#[tokio::test]
async fn what_was_tried_for_one_plan_does_not_count_for_the_next() {
    let bench = about_to_resize().await;
    fail_on(&bench, &bench.machines.resize, "could not be given its plan").await;
    bench.becomes("msg_2", &with(Status::Active)).await;
    let dedicated = Seen { plan: Some(PlanId::Dedicated), ..with(Status::Active) };
    assert_eq!(bench.becomes("msg_3", &dedicated).await, "resize started");
    assert_eq!(bench.executions().last(), Some(&format!("resize-{}-1-15", make::project().id)));
}

#[tokio::test]
async fn a_deletion_that_stops_half_way_is_gone_on_with() {
    let bench = Bench::known(State::Deleting, &with(Status::Cancelled)).await;
    bench.look().await.expect("looks");
    fail_on(&bench, &bench.machines.erase, "could not be deleted").await;
    let id = make::project().id;
    let names = (0..5).map(|number| format!("erase-{id}-1-{number}"));
    assert!(bench.executions().into_iter().eq(names), "{:?}", bench.executions());
}

#[tokio::test]
async fn what_could_not_be_undone_is_left_to_a_person() {
    let bench = about_to_resize().await;
    let (name, _) = bench.machines.resize.started().remove(0);
    bench.machines.resize.set_course(&name, Course::Stuck);
    bench.advance(SignedDuration::from_hours(1_000));
    for _ in 0..2 {
        bench.look().await.expect("looks");
    }
    assert_eq!(bench.executions(), [name]);
}

#[tokio::test]
async fn what_has_come_to_its_end_is_not_tried_again() {
    let bench = about_to_resize().await;
    let (name, _) = bench.machines.resize.started().remove(0);
    let saga: contracts::resize::Saga =
        serde_json::from_str(&bench.machines.resize.started()[0].1).expect("is a saga's input");
    bench.projects.record_plan(&saga.project_id, 1, saga.change()).await.expect("it runs");
    bench.machines.resize.set_course(&name, Course::Ended { at: bench.now() });
    bench.advance(SignedDuration::from_hours(1_000));
    assert_eq!(bench.deliver("msg_2", &shown(&bench.record().await.seen)).await, "it runs");
    assert_eq!(bench.executions(), [name]);
}
