//! An instance stops and starts again.

use crate::bench::{Bench, NODE, launch, ready_worker};
use contracts::{halt::Located, restart::Saga};
use docker_run::{Call, LaunchError};
use domain::project::{Project, State};
use runtime::fault::{Classify, Fault};
use testkit::make;

fn running() -> Project {
    Project { state: State::Running, ..make::project() }
}

fn restart() -> Saga {
    let found = Some(Located { worker: Some(ready_worker()) });
    Saga { found, ..Saga::of(&make::project(), make::project().created_at) }
}

/// A project that runs.
async fn bench() -> Bench {
    let bench = Bench::with(running()).await;
    bench.done(launch()).await;
    bench
}

fn restarts(bench: &Bench) -> u32 {
    let place = (NODE.to_owned(), restart().project_id.to_string());
    bench.commands.restarts.borrow().get(&place).copied().unwrap_or_default()
}

#[tokio::test]
async fn an_instance_restarts_once_however_often_it_is_told() {
    let bench = bench().await;
    for round in ["once", "twice"] {
        bench.done(Call::Restart(restart())).await;
        assert_eq!(restarts(&bench), 1, "{round}");
    }
    let number = restart().number;
    let flags = format!("--number {number} --undo no --cpus 0.750 --boot-cpus 2 --wait 90");
    assert!(bench.asked().pop().unwrap().ends_with(&flags), "{:?}", bench.asked());
    bench.done(Call::UndoRestart(restart())).await;
    assert_eq!(bench.fault(Call::Restart(restart())).await, Some(Fault::Terminal), "late");
    let next = Saga { number: number + 1, ..restart() };
    bench.done(Call::Restart(next)).await;
    assert_eq!(restarts(&bench), 2);
}

#[tokio::test]
async fn what_does_not_run_is_never_restarted_and_its_undo_leaves_it_alone() {
    let cases = [
        ("it is halting", Project { state: State::Halting, ..running() }),
        ("it is stopped", Project { state: State::Stopped, ..running() }),
        ("a later attempt", Project { attempt: 2, ..running() }),
        ("another tenant", Project { tenant_id: make::tenant_id("two"), ..running() }),
        ("it is gone", make::project_called("z")),
    ];
    for (case, project) in cases {
        let bench = Bench::with(project).await;
        let error = bench.answer(Call::Restart(restart())).await.expect_err(case);
        assert!(matches!(error, LaunchError::NotOurs), "{case}: {error}");
        assert_eq!(error.fault(), Fault::Terminal, "{case}");
        bench.done(Call::UndoRestart(restart())).await;
        assert_eq!(bench.asked().len(), 0, "{case}");
    }
}

#[tokio::test]
async fn each_exit_code_says_whether_to_repeat() {
    let cases = [
        ("done", 0, None, None),
        ("misused", 64, Some(Fault::Terminal), Some(Fault::Retryable)),
        ("it is not there", 69, Some(Fault::Terminal), None),
        ("the gateway ended", 70, Some(Fault::Terminal), Some(Fault::Retryable)),
        ("a later generation, or it is halted", 73, Some(Fault::Terminal), None),
        ("busy", 75, Some(Fault::Retryable), Some(Fault::Retryable)),
    ];
    for (case, code, forward, backward) in cases {
        let bench = bench().await;
        bench.commands.next_exit.set(Some(code));
        assert_eq!(bench.fault(Call::Restart(restart())).await, forward, "{case}");
        bench.commands.next_exit.set(Some(code));
        assert_eq!(bench.fault(Call::UndoRestart(restart())).await, backward, "{case}");
    }
}

#[tokio::test]
async fn an_outage_is_retryable_and_the_retry_restarts_once() {
    type Break = fn(&Bench);
    let cases: [(&str, Break); 3] = [
        ("reading the project", |it| it.projects.outage.begin(1)),
        ("sending the command", |it| it.commands.outage.begin(1)),
        ("its answer is lost", |it| it.commands.lose_answer.set(true)),
    ];
    for (case, break_it) in cases {
        let bench = bench().await;
        break_it(&bench);
        let fault = bench.fault(Call::Restart(restart())).await;
        assert_eq!(fault, Some(Fault::Retryable), "{case}");
        bench.done(Call::Restart(restart())).await;
        assert_eq!(restarts(&bench), 1, "{case}");
    }
}

#[tokio::test]
async fn without_a_worker_none_is_asked() {
    let bench = bench().await;
    let asked = bench.asked().len();
    let nowhere = Saga { found: None, ..restart() };
    assert_eq!(bench.fault(Call::Restart(nowhere.clone())).await, Some(Fault::Terminal));
    bench.done(Call::UndoRestart(nowhere)).await;
    assert_eq!(bench.asked().len(), asked);
}
