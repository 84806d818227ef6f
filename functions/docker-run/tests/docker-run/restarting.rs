//! An instance is started again where it is.

use crate::bench::{Bench, NODE, launch, ready_worker};
use contracts::restart::Saga;
use docker_run::{Call, LaunchError};
use domain::{
    capacity::Capacity,
    plan::PlanId,
    project::{Project, State},
    worker::{Holder, Reservation},
};
use jiff::Timestamp;
use runtime::fault::{Classify, Fault};
use testkit::{make, projects::FakeProjects};

const ASKED_AT: Timestamp = Timestamp::constant(1_795_262_400, 0);

fn running() -> Project {
    Project { state: State::Running, ..make::project() }
}

fn restart() -> Call {
    Call::RestartInstance(Saga::of(&make::project(), ASKED_AT))
}

/// `project`, with a place on the worker, and its instance.
async fn bench_of(project: Project) -> Bench {
    let mut bench = Bench::with(running()).await;
    bench.done(launch()).await;
    let place = ready_worker();
    let held = Reservation {
        id: make::project().id.reservation(1),
        demand: Capacity::default(),
        port: place.port,
        plan: PlanId::Standard,
        since: ASKED_AT,
        warm: false,
        blank: None,
    };
    for worker in bench.fleet.workers.borrow_mut().values_mut() {
        worker.node_id = Some(NODE.to_owned());
        worker.reservations.insert(Holder::from(make::project().id), held.clone());
    }
    bench.projects = FakeProjects::of([project]);
    bench
}

fn restarts(bench: &Bench) -> u32 {
    let place = (NODE.to_owned(), make::project().id.to_string());
    bench.commands.restarts.borrow().get(&place).copied().unwrap_or_default()
}

#[tokio::test]
async fn an_instance_starts_again_once_for_each_time_that_it_is_asked_for() {
    let bench = bench_of(running()).await;
    for round in ["once", "twice"] {
        bench.done(restart()).await;
        assert_eq!(restarts(&bench), 1, "{round}");
    }
    let flags = "--generation 1 --asked-ms 1795262400000 --cpus 0.750 --boot-cpus 2 --wait 90";
    assert!(bench.asked().pop().unwrap().ends_with(flags), "{:?}", bench.asked());
}

#[tokio::test]
async fn what_is_not_to_run_is_not_started() {
    let cases = [
        ("it is halting", Project { state: State::Halting, ..running() }),
        ("it has failed", Project { state: State::Error, ..running() }),
        ("a later attempt", Project { attempt: 2, ..running() }),
        ("another tenant", Project { tenant_id: make::tenant_id("two"), ..running() }),
    ];
    for (case, project) in cases {
        let bench = bench_of(project).await;
        let error = bench.answer(restart()).await.expect_err(case);
        assert!(matches!(error, LaunchError::NotOurs), "{case}: {error}");
        assert_eq!((error.fault(), restarts(&bench)), (Fault::Terminal, 0), "{case}");
    }
    let bench = Bench::with(running()).await;
    assert_eq!(bench.fault(restart()).await, Some(Fault::Terminal), "it has no place");
}

#[tokio::test]
async fn each_exit_code_says_whether_to_repeat() {
    let cases = [
        (0, None),
        (64, Some(Fault::Terminal)),
        (65, Some(Fault::Terminal)),
        (69, Some(Fault::Terminal)),
        (70, Some(Fault::Terminal)),
        (73, Some(Fault::Terminal)),
        (75, Some(Fault::Retryable)),
    ];
    for (code, expected) in cases {
        let bench = bench_of(running()).await;
        bench.commands.next_exit.set(Some(code));
        assert_eq!(bench.fault(restart()).await, expected, "{code}");
    }
}

#[tokio::test]
async fn an_outage_is_retryable_and_the_retry_restarts_once() {
    type Break = fn(&Bench);
    let cases: [(&str, Break); 4] = [
        ("reading the project", |it| it.projects.outage.begin(1)),
        ("reading the fleet", |it| it.fleet.outage.begin(1)),
        ("sending the command", |it| it.commands.outage.begin(1)),
        ("its answer is lost", |it| it.commands.lose_answer.set(true)),
    ];
    for (case, break_it) in cases {
        let bench = bench_of(running()).await;
        break_it(&bench);
        assert_eq!(bench.fault(restart()).await, Some(Fault::Retryable), "{case}");
        bench.done(restart()).await;
        assert_eq!(restarts(&bench), 1, "{case}");
    }
}
