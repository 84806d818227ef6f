//! Other limits for an instance that runs, and back.

use crate::bench::{Bench, NODE, launch, ready_worker};
use contracts::resize::{Saga, Widened};
use docker_run::{Call, LaunchError};
use domain::{
    plan::PlanId,
    project::{Project, State},
};
use runtime::fault::{Classify, Fault};
use testkit::make;

fn running() -> Project {
    Project { state: State::Running, ..make::project() }
}

fn resize() -> Saga {
    let widened = Some(Widened { worker: Some(ready_worker()) });
    Saga { widened, ..Saga::of(&make::project(), PlanId::Pro, 7) }
}

/// A project that runs.
async fn bench() -> Bench {
    let bench = Bench::with(running()).await;
    bench.done(launch()).await;
    bench
}

fn memory_mib(bench: &Bench) -> u32 {
    let place = (NODE.to_owned(), resize().project_id.to_string());
    bench.commands.memory_mib.borrow()[&place]
}

#[tokio::test]
async fn an_instance_gets_the_limits_of_its_next_plan_and_those_of_the_last_one_back() {
    let bench = bench().await;
    assert_eq!(memory_mib(&bench), 1536);
    let cases = [
        (
            Call::ApplyLimits(resize()),
            3584,
            "--number 7 --undo no --memory-mib 3584 --cpus 2.000 --boot-cpus 2 --heap-mib 2560 --wait 90",
        ),
        (
            Call::UndoApplyLimits(resize()),
            1536,
            "--number 7 --undo yes --memory-mib 1536 --cpus 0.750 --boot-cpus 2 --heap-mib 768 --wait 90",
        ),
    ];
    for (call, expected, flags) in cases {
        for round in ["once", "twice"] {
            bench.done(call.clone()).await;
            assert_eq!(memory_mib(&bench), expected, "{round}");
            assert!(bench.asked().pop().unwrap().ends_with(flags), "{:?}", bench.asked());
        }
    }
    assert_eq!(bench.fault(Call::ApplyLimits(resize())).await, Some(Fault::Terminal), "late");
    assert_eq!(memory_mib(&bench), 1536);
}

#[tokio::test]
async fn without_a_worker_with_room_no_worker_is_asked() {
    let bench = bench().await;
    let asked = bench.asked().len();
    for saga in [
        Saga { widened: None, ..resize() },
        Saga { widened: Some(Widened { worker: None }), ..resize() },
    ] {
        bench.done(Call::ApplyLimits(saga.clone())).await;
        bench.done(Call::UndoApplyLimits(saga)).await;
    }
    assert_eq!(bench.asked().len(), asked);
}

#[tokio::test]
async fn limits_for_what_does_not_run_never_reach_the_worker() {
    let cases = [
        ("it is halting", Project { state: State::Halting, ..running() }),
        ("a later attempt", Project { attempt: 2, ..running() }),
        ("another tenant", Project { tenant_id: make::tenant_id("two"), ..running() }),
        ("it is gone", make::project_called("z")),
    ];
    for (case, project) in cases {
        let bench = Bench::with(project).await;
        let error = bench.answer(Call::ApplyLimits(resize())).await.expect_err(case);
        assert!(matches!(error, LaunchError::NotOurs), "{case}: {error}");
        assert_eq!((error.fault(), bench.asked().len()), (Fault::Terminal, 0), "{case}");
    }
}

#[tokio::test]
async fn each_exit_code_says_whether_to_repeat() {
    let cases = [
        ("done", 0, None, None),
        ("misused", 64, Some(Fault::Terminal), Some(Fault::Retryable)),
        ("it is not there", 69, Some(Fault::Terminal), None),
        ("the gateway ended", 70, Some(Fault::Terminal), Some(Fault::Retryable)),
        ("a later generation", 73, Some(Fault::Terminal), None),
        ("busy", 75, Some(Fault::Retryable), Some(Fault::Retryable)),
    ];
    for (case, code, forward, backward) in cases {
        let bench = bench().await;
        bench.commands.next_exit.set(Some(code));
        assert_eq!(bench.fault(Call::ApplyLimits(resize())).await, forward, "{case}");
        bench.commands.next_exit.set(Some(code));
        assert_eq!(bench.fault(Call::UndoApplyLimits(resize())).await, backward, "{case}");
    }
}

#[tokio::test]
async fn an_outage_is_retryable_and_the_retry_resizes() {
    type Break = fn(&Bench);
    let cases: [(&str, Break); 3] = [
        ("reading the project", |it| it.projects.outage.begin(1)),
        ("sending the command", |it| it.commands.outage.begin(1)),
        ("its answer is lost", |it| it.commands.lose_answer.set(true)),
    ];
    for (case, break_it) in cases {
        let bench = bench().await;
        break_it(&bench);
        assert_eq!(
            bench.fault(Call::ApplyLimits(resize())).await,
            Some(Fault::Retryable),
            "{case}"
        );
        bench.done(Call::ApplyLimits(resize())).await;
        assert_eq!(memory_mib(&bench), 3584, "{case}");
    }
}

#[tokio::test]
async fn a_worker_that_takes_no_commands_is_asked_again() {
    for call in [Call::ApplyLimits(resize()), Call::UndoApplyLimits(resize())] {
        let bench = bench().await;
        bench.commands.unreachable.set(true);
        assert_eq!(bench.fault(call.clone()).await, Some(Fault::Retryable), "{call:?}");
    }
}
