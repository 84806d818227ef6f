//! Reading what an instance has printed, and running an operator's command in it.

use crate::bench::{Bench, NODE, launch, ready_worker};
use contracts::{
    exec::{Ended, Order, Outcome as Executed, Saga as ExecSaga},
    inspect::Located,
    logs::{Outcome as Read, Saga as LogsSaga},
};
use docker_run::{Answer, Call, LaunchError};
use domain::id::LogsId;
use jiff::Timestamp;
use runtime::fault::{Classify, Fault};
use testkit::{instance_logs::TEXT, make};

fn located() -> Located {
    Located { worker: Some(ready_worker()) }
}

fn reading() -> LogsSaga {
    let id = LogsId::new("a").expect("plain");
    LogsSaga { located: Some(located()), ..LogsSaga::of(&make::project(), id, 100, None) }
}

fn command() -> ExecSaga {
    let order = Order {
        argv: vec!["ls".to_owned(), "it's; here".to_owned()],
        reason: "its disk is full".to_owned(),
        who: "ada".to_owned(),
        wait_s: 30,
    };
    let at = Timestamp::from_second(1_795_262_400).expect("a time");
    ExecSaga { located: Some(located()), ..ExecSaga::of(&make::project(), order, at) }
}

async fn read(bench: &Bench, saga: LogsSaga) -> Result<Read, LaunchError> {
    match bench.answer(Call::ReadLogs(saga)).await? {
        Answer::LogsRead(outcome) => Ok(outcome),
        other => panic!("{other:?}"),
    }
}

async fn execute(bench: &Bench, saga: ExecSaga) -> Result<Executed, LaunchError> {
    match bench.answer(Call::RunCommand(saga)).await? {
        Answer::Executed(outcome) => Ok(outcome),
        other => panic!("{other:?}"),
    }
}

/// An instance that runs.
async fn bench() -> Bench {
    let bench = Bench::new().await;
    bench.done(launch()).await;
    bench.commands.log.borrow_mut().clear();
    bench
}

fn stop(bench: &Bench) {
    let place = (NODE.to_owned(), make::project().id.to_string());
    bench.commands.stopped.borrow_mut().insert(place);
}

fn done() -> Executed {
    Executed::Ended(Ended {
        exit_code: 0,
        timed_out: false,
        stdout: "done\n".to_owned(),
        stderr: String::new(),
        truncated: false,
    })
}

#[tokio::test]
async fn lines_are_stored_under_the_projects_name_however_often() {
    let bench = bench().await;
    let bytes = TEXT.len().try_into().expect("is short");
    for round in ["once", "twice"] {
        let outcome = read(&bench, reading()).await.expect("reads");
        assert_eq!(outcome, Read::Stored { bytes, truncated: false }, "{round}");
    }
    let names = bench.instance_logs.names();
    assert_eq!(names.len(), 1);
    assert_eq!(names[0].project, make::project().id);
    let line = bench.asked().pop().expect("a command");
    assert!(line.contains(" logs --project prj_"), "{line}");
    assert!(line.contains(" --generation 1 --tail 100 --upload-url https://logs.test/"), "{line}");
}

#[tokio::test]
async fn what_has_stopped_is_read_but_runs_no_command() {
    let bench = bench().await;
    stop(&bench);
    assert!(matches!(read(&bench, reading()).await, Ok(Read::Stored { .. })));
    assert_eq!(execute(&bench, command()).await.expect("answers"), Executed::NothingRuns);
    assert!(bench.commands.ran.borrow().is_empty());
}

#[tokio::test]
async fn where_nothing_is_nothing_is_asked_and_what_is_gone_is_said_to_be() {
    let empty = Bench::new().await;
    let nowhere = Some(Located { worker: None });
    let reads = [LogsSaga { located: nowhere.clone(), ..reading() }, reading()];
    for saga in reads {
        assert_eq!(read(&empty, saga).await.expect("answers"), Read::NothingThere);
    }
    for saga in [ExecSaga { located: nowhere, ..command() }, command()] {
        assert_eq!(execute(&empty, saga).await.expect("answers"), Executed::NothingRuns);
    }
    assert_eq!(empty.verbs(), ["logs", "exec"], "only where it may be");
}

#[tokio::test]
async fn a_worker_that_does_not_answer_is_an_outcome() {
    let bench = bench().await;
    bench.commands.unreachable.set(true);
    assert_eq!(read(&bench, reading()).await.expect("answers"), Read::NotReached);
    assert_eq!(execute(&bench, command()).await.expect("answers"), Executed::NotReached);
    bench.commands.unreachable.set(false);
    bench.commands.lose_answer.set(true);
    assert_eq!(read(&bench, reading()).await.expect("answers"), Read::NotReached);
}

#[tokio::test]
async fn a_command_whose_end_nobody_saw_is_asked_for_again_and_ran_once() {
    let bench = bench().await;
    bench.commands.lose_answer.set(true);
    let error = execute(&bench, command()).await.expect_err("nobody knows");
    assert_eq!(error.fault(), Fault::Retryable);
    for round in ["the answer that was lost", "and once more"] {
        assert_eq!(execute(&bench, command()).await.expect(round), done(), "{round}");
    }
    assert_eq!(bench.commands.ran.borrow().len(), 1);
    let line = bench.asked().pop().expect("a command");
    assert!(!line.contains("here"), "its words are data: {line}");
}

#[tokio::test]
async fn a_worker_that_is_busy_is_asked_again_and_one_that_does_not_understand_is_not() {
    for (exit, fault) in [(75, Fault::Retryable), (1, Fault::Retryable), (64, Fault::Terminal)] {
        let bench = bench().await;
        bench.commands.next_exit.set(Some(exit));
        let error = read(&bench, reading()).await.expect_err("is refused");
        assert_eq!(error.fault(), fault, "{exit}: {error}");
        bench.commands.next_exit.set(Some(exit));
        let error = execute(&bench, command()).await.expect_err("is refused");
        assert_eq!(error.fault(), fault, "{exit}: {error}");
    }
}

#[tokio::test]
async fn outages_are_retried() {
    let bench = bench().await;
    bench.instance_logs.outage.begin(1);
    assert_eq!(read(&bench, reading()).await.expect_err("is away").fault(), Fault::Retryable);
    for _ in 0..2 {
        bench.commands.outage.begin(1);
        assert_eq!(read(&bench, reading()).await.expect_err("is away").fault(), Fault::Retryable);
        bench.commands.outage.begin(1);
        let error = execute(&bench, command()).await.expect_err("is away");
        assert_eq!(error.fault(), Fault::Retryable);
    }
}
