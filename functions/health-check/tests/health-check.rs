//! What each answer of the worker says of a gateway, a project's or a blank's.

use contracts::{
    blank::Saga as BlankSaga,
    provision::{ReadyWorker, Saga},
};
use domain::{id::BlankId, plan::PlanId};
use health_check::{Call, HealthError, handle};
use runtime::fault::{Classify, Fault};
use testkit::{commands::FakeCommands, make};

const NODE: &str = "i-1";

fn worker() -> ReadyWorker {
    ReadyWorker {
        worker_id: make::saga().new_worker_id,
        node_id: NODE.to_owned(),
        address: [10, 0, 0, 1].into(),
        port: 18789,
    }
}

/// A saga whose instance has been launched.
fn saga() -> Saga {
    Saga { worker: Some(worker()), ..make::saga() }
}

/// A saga whose blank has been launched.
fn blank() -> BlankSaga {
    let id = BlankId::new("b").expect("plain");
    BlankSaga { worker: Some(worker()), ..BlankSaga::of(&id, PlanId::Standard) }
}

/// Both steps, and what each asks the worker.
fn steps() -> [(Call, String); 2] {
    let (project, blank_id) = (saga().project_id, blank().blank_id);
    [
        (
            Call::CheckHealth(saga()),
            format!("await --project {project} --generation 1 --cpus 0.750 --wait 100"),
        ),
        (
            Call::WarmBlank(blank()),
            format!("warm --project {blank_id} --generation 1 --cpus 0.750 --wait 100"),
        ),
    ]
}

/// A worker that runs generation `generation` of the project and of the blank.
fn running(generation: u32) -> FakeCommands {
    let commands = FakeCommands::default();
    for holder in [saga().project_id.to_string(), blank().blank_id.to_string()] {
        commands.containers.borrow_mut().insert((NODE.to_owned(), holder), generation);
    }
    commands
}

fn fault(result: Result<(), HealthError>) -> Option<Fault> {
    result.err().map(|it| it.fault())
}

#[tokio::test]
async fn a_gateway_that_started_is_healthy_however_often_one_asks() {
    for (call, command) in steps() {
        let commands = running(1);
        for _ in 0..2 {
            handle(&commands, &call).await.expect("is healthy");
        }
        let asked = commands.log.borrow();
        assert!(asked.len() == 2 && asked.iter().all(|it| it.ends_with(&command)), "{asked:?}");
    }
}

#[tokio::test]
async fn only_a_blank_is_warmed() {
    let commands = running(1);
    handle(&commands, &Call::CheckHealth(saga())).await.expect("is healthy");
    assert!(commands.warm.borrow().is_empty());
    handle(&commands, &Call::WarmBlank(blank())).await.expect("is healthy");
    assert_eq!(*commands.warm.borrow(), [blank().blank_id.to_string()].into());
}

#[tokio::test]
async fn the_cpus_that_are_taken_back_are_those_of_the_plan() {
    let commands = running(1);
    let saga = Saga { plan: PlanId::Pro, ..saga() };
    let blank = BlankSaga { plan: PlanId::Pro, ..blank() };
    for call in [Call::CheckHealth(saga), Call::WarmBlank(blank)] {
        handle(&commands, &call).await.expect("is healthy");
    }
    assert!(commands.log.borrow().iter().all(|it| it.contains("--cpus 2.000 ")));
}

#[tokio::test]
async fn each_exit_code_says_whether_to_ask_again() {
    let cases = [
        ("started", 0, None),
        ("a command line that it does not understand", 64, Some(Fault::Terminal)),
        ("a configuration that the gateway refuses", 65, Some(Fault::Terminal)),
        ("it is not there any more", 69, Some(Fault::Terminal)),
        ("the gateway ended", 70, Some(Fault::Terminal)),
        ("another generation is there", 73, Some(Fault::Terminal)),
        ("still booting", 75, Some(Fault::Retryable)),
        ("the program is not there", 127, Some(Fault::Retryable)),
        ("killed", 137, Some(Fault::Retryable)),
    ];
    for (case, exit_code, expected) in cases {
        for (call, _) in steps() {
            let commands = running(1);
            commands.next_exit.set(Some(exit_code));
            assert_eq!(fault(handle(&commands, &call).await), expected, "{case}: {call:?}");
        }
    }
}

#[tokio::test]
async fn a_gateway_that_still_boots_is_healthy_on_the_retry() {
    for (call, _) in steps() {
        let commands = running(1);
        commands.next_exit.set(Some(75));
        let error = handle(&commands, &call).await.expect_err("still boots");
        assert!(matches!(error, HealthError::NotYet), "{error}");
        handle(&commands, &call).await.expect("is healthy");
    }
}

#[tokio::test]
async fn a_gateway_that_ended_says_why() {
    for (call, _) in steps() {
        let commands = running(1);
        commands.next_exit.set(Some(70));
        let error = handle(&commands, &call).await.expect_err("ended");
        assert!(error.to_string().contains("Crashed"), "{error}");
    }
}

#[tokio::test]
async fn only_this_attempts_instance_counts() {
    let elsewhere = FakeCommands::default();
    let holders = [saga().project_id.to_string(), blank().blank_id.to_string()];
    let there = holders.map(|it| (("i-2".to_owned(), it), 1));
    elsewhere.containers.borrow_mut().extend(there);
    let cases = [
        ("a later one", running(2)),
        ("one on another worker", elsewhere),
        ("none", FakeCommands::default()),
    ];
    for (case, commands) in cases {
        for (call, _) in steps() {
            let fault = fault(handle(&commands, &call).await);
            assert_eq!(fault, Some(Fault::Terminal), "{case}: {call:?}");
        }
    }
}

#[tokio::test]
async fn without_a_worker_there_is_nobody_to_ask() {
    let commands = running(1);
    let nowhere = BlankSaga { worker: None, ..blank() };
    for call in [Call::CheckHealth(make::saga()), Call::WarmBlank(nowhere)] {
        let error = handle(&commands, &call).await.expect_err("nowhere to ask");
        assert!(matches!(error, HealthError::Nowhere), "{error}");
        assert_eq!(error.fault(), Fault::Terminal);
    }
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
        for (call, _) in steps() {
            let commands = running(1);
            break_it(&commands);
            assert_eq!(fault(handle(&commands, &call).await), Some(Fault::Retryable), "{case}");
            commands.unreachable.set(false);
            handle(&commands, &call).await.expect(case);
        }
    }
}
