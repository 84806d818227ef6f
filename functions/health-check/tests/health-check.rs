//! What each answer of the worker says of a gateway.

use contracts::provision::{Call, ReadyWorker, Saga};
use health_check::{HealthError, Step, handle};
use runtime::fault::{Classify, Fault};
use testkit::{commands::FakeCommands, make};

/// A saga whose instance has been launched.
fn saga() -> Saga {
    let saga = make::saga();
    let worker = ReadyWorker {
        worker_id: saga.new_worker_id.clone(),
        machine_id: "i-1".to_owned(),
        address: [10, 0, 0, 1].into(),
        port: 18789,
    };
    Saga { worker: Some(worker), ..saga }
}

/// A worker that runs generation `generation` of the project.
fn running(generation: u32) -> FakeCommands {
    let commands = FakeCommands::default();
    commands.containers.borrow_mut().insert(saga().project_id.to_string(), generation);
    commands
}

async fn check(commands: &FakeCommands, saga: Saga) -> Result<(), HealthError> {
    handle(commands, &Call { step: Step::CheckHealth, saga }).await
}

fn fault(result: Result<(), HealthError>) -> Option<Fault> {
    result.err().map(|it| it.fault())
}

#[tokio::test]
async fn a_gateway_that_started_is_healthy_however_often_one_asks() {
    let commands = running(1);
    for _ in 0..2 {
        check(&commands, saga()).await.expect("is healthy");
    }
    let asked = commands.log.borrow();
    let project = saga().project_id;
    let command = format!("await --project {project} --generation 1 --cpus 0.750 --wait 100");
    assert!(asked.len() == 2 && asked.iter().all(|it| it.ends_with(&command)), "{asked:?}");
}

#[tokio::test]
async fn each_exit_code_says_whether_to_ask_again() {
    let cases = [
        ("started", 0, None),
        ("a command line that it does not understand", 64, Some(Fault::Terminal)),
        ("a configuration that the gateway refuses", 65, Some(Fault::Terminal)),
        ("the gateway ended", 70, Some(Fault::Terminal)),
        ("another generation is there", 73, Some(Fault::Terminal)),
        ("still booting", 75, Some(Fault::Retryable)),
        ("the program is not there", 127, Some(Fault::Retryable)),
        ("killed", 137, Some(Fault::Retryable)),
    ];
    for (case, exit_code, expected) in cases {
        let commands = running(1);
        commands.next_exit.set(Some(exit_code));
        assert_eq!(fault(check(&commands, saga()).await), expected, "{case}");
    }
}

#[tokio::test]
async fn a_gateway_that_still_boots_is_healthy_on_the_retry() {
    let commands = running(1);
    commands.next_exit.set(Some(75));
    let error = check(&commands, saga()).await.expect_err("still boots");
    assert!(matches!(error, HealthError::NotYet), "{error}");
    check(&commands, saga()).await.expect("is healthy");
}

#[tokio::test]
async fn a_gateway_that_ended_says_why() {
    let commands = running(1);
    commands.next_exit.set(Some(70));
    let error = check(&commands, saga()).await.expect_err("ended");
    assert!(error.to_string().contains("Crashed"), "{error}");
}

#[tokio::test]
async fn only_this_attempts_instance_counts() {
    let cases = [("a later one", running(2)), ("none", FakeCommands::default())];
    for (case, commands) in cases {
        assert_eq!(fault(check(&commands, saga()).await), Some(Fault::Terminal), "{case}");
    }
}

#[tokio::test]
async fn without_a_worker_there_is_nobody_to_ask() {
    let commands = running(1);
    let error = check(&commands, make::saga()).await.expect_err("nowhere to ask");
    assert!(matches!(error, HealthError::Nowhere), "{error}");
    assert_eq!(error.fault(), Fault::Terminal);
    assert!(commands.log.borrow().is_empty());
}

#[tokio::test]
async fn a_worker_that_is_away_for_a_while_is_asked_again() {
    type Break = fn(&FakeCommands);
    let cases: [(&str, Break); 3] = [
        ("unreachable", |it| it.unreachable.set(true)),
        ("its answer is lost", |it| it.lose_answer.set(true)),
        ("the provider is away", |it| it.outage.begin(1)),
    ];
    for (case, break_it) in cases {
        let commands = running(1);
        break_it(&commands);
        assert_eq!(fault(check(&commands, saga()).await), Some(Fault::Retryable), "{case}");
        commands.unreachable.set(false);
        check(&commands, saga()).await.expect(case);
    }
}
