//! Logs and commands of one instance: ordered, looked at, audited.

use crate::bench::{Bench, refused};
use contracts::{
    exec::{Ended, Outcome as Executed, Saga as ExecSaga},
    logs::{Outcome as Read, Saga as LogsSaga},
};
use domain::{
    id::LogsId,
    project::{Project, State},
};
use operator::OperatorError;
use ports::{
    clock::Clock,
    instance_logs::LogsName,
    sagas::{Course, Sagas},
};
use serde_json::{Value, json};
use std::time::Duration;
use testkit::{make, projects::FakeProjects};

fn running() -> Bench {
    let project = Project { state: State::Running, ..make::project() };
    Bench { projects: FakeProjects::of([project]), ..Bench::default() }
}

fn project() -> String {
    make::project().id.to_string()
}

fn now(bench: &Bench) -> i64 {
    bench.clock.now().as_millisecond()
}

/// Orders `ls` at `number`.
fn order(number: i64) -> Value {
    json!({
        "command": "exec", "project_id": project(), "number": number,
        "argv": ["ls", "it's; here"], "reason": "its disk is full", "who": "ada",
    })
}

fn with(mut command: Value, field: &str, value: Value) -> Value {
    command[field] = value;
    command
}

async fn show(bench: &Bench, number: i64) -> Value {
    bench.ask(json!({ "command": "show_exec", "project_id": project(), "number": number })).await
}

fn ended() -> Executed {
    Executed::Ended(Ended {
        exit_code: 3,
        timed_out: false,
        stdout: "a\n".to_owned(),
        stderr: String::new(),
        truncated: false,
    })
}

/// The one execution that was ordered ends with `outcome`.
fn end(bench: &Bench, outcome: Executed) -> ExecSaga {
    let [(name, input)] = bench.execs.started().try_into().expect("one execution");
    let saga: ExecSaga = serde_json::from_str(&input).expect("an input of the saga");
    let saga = ExecSaga { outcome: Some(outcome), ..saga };
    let state = serde_json::to_string(&saga).expect("JSON");
    bench.execs.finish(&name, bench.clock.now(), state);
    saga
}

#[tokio::test]
async fn a_command_is_ordered_once_however_often_it_is_asked_for_and_told_when_it_has_ended() {
    let bench = running();
    let number = now(&bench);
    for round in ["once", "twice"] {
        let answer = bench.ask(order(number)).await;
        assert_eq!((&answer["answer"], &answer["number"]), (&json!("ordered"), &json!(number)));
        assert_eq!(answer["execution"], format!("exec-{}-{number}", project()), "{round}");
        assert_eq!(show(&bench, number).await["answer"], "under_way", "{round}");
    }
    let saga = end(&bench, ended());
    assert_eq!(saga.order.argv, ["ls", "it's; here"]);
    assert_eq!((saga.order.who.as_str(), saga.order.wait_s, saga.attempt), ("ada", 30, 1));
    let shown = show(&bench, number).await;
    assert_eq!((&shown["answer"], &shown["outcome"]["outcome"]), (&json!("exec"), &json!("ended")));
    assert_eq!(shown["outcome"]["exit_code"], 3);
    assert_eq!(shown["outcome"]["stdout"], "a\n");
}

#[tokio::test]
async fn a_command_without_a_reason_or_with_anything_else_amiss_is_refused_by_field() {
    let bench = running();
    let number = now(&bench);
    let good = || order(number);
    let cases = [
        (with(good(), "reason", json!(" ")), "reason"),
        (with(good(), "reason", Value::Null), "reason"),
        (with(good(), "reason", json!("a".repeat(501))), "reason"),
        (with(good(), "who", json!("")), "who"),
        (with(good(), "argv", json!([])), "argv"),
        (with(good(), "argv", json!("ls -la")), "argv"),
        (with(good(), "argv", json!(["", "a"])), "argv"),
        (with(good(), "argv", json!(["ls", 7])), "argv"),
        (with(good(), "argv", json!(["ls", "a\u{0}b"])), "argv"),
        (with(good(), "argv", json!(["ls", "a".repeat(3000)])), "argv"),
        (with(good(), "wait_s", json!(0)), "wait_s"),
        (with(good(), "wait_s", json!(301)), "wait_s"),
        (with(good(), "number", json!("7")), "number"),
        (with(good(), "number", json!(number + 400_000)), "number"),
        (with(good(), "number", json!(number - 400_000)), "number"),
        (with(good(), "project_id", json!("prj_nobodys")), "project_id"),
    ];
    for (command, field) in cases {
        refused(field, &bench.ask(command).await);
    }
    assert!(bench.execs.started().is_empty());
}

#[tokio::test]
async fn what_never_ran_takes_no_commands_and_has_printed_nothing() {
    let fresh = Project { attempt: 0, state: State::PendingPayment, ..make::project() };
    let bench = Bench { projects: FakeProjects::of([fresh]), ..Bench::default() };
    let commands = [order(now(&bench)), json!({ "command": "read_logs", "project_id": project() })];
    for command in commands {
        let why = refused("project_id", &bench.ask(command).await);
        assert!(why.contains("no instance"), "{why}");
    }
}

#[tokio::test]
async fn a_command_whose_execution_failed_is_not_said_not_to_have_run() {
    let bench = running();
    let number = now(&bench);
    let why = refused("number", &show(&bench, number).await);
    assert_eq!(why, "nobody has ordered it");
    bench.ask(order(number)).await;
    let [(name, _)] = bench.execs.started().try_into().expect("one execution");
    bench.execs.set_course(&name, Course::Ended { at: bench.clock.now() });
    let shown = show(&bench, number).await;
    assert_eq!((&shown["answer"], &shown["outcome"]), (&json!("exec"), &Value::Null));
}

#[tokio::test]
async fn the_audit_knows_of_a_command_before_it_runs_and_how_it_ended() {
    let bench = running();
    bench.ask(order(now(&bench))).await;
    let [(_, input)] = bench.execs.started().try_into().expect("one execution");
    let saga: Value = serde_json::from_str(&input).expect("JSON");
    let list = async |project: Value| {
        let answer = bench.ask(json!({ "command": "list_audit", "project_id": project })).await;
        answer["entries"].as_array().expect("a list").clone()
    };
    assert_eq!(list(Value::Null).await, Vec::<Value>::new());
    for round in ["once", "twice"] {
        bench.ask(json!({ "step": "RecordCommand", "saga": saga })).await;
        let entries = list(json!(project())).await;
        assert_eq!(entries.len(), 1, "{round}");
        assert_eq!(entries[0]["verdict"]["verdict"], "begun");
        assert_eq!(entries[0]["argv"], json!(["ls", "it's; here"]));
        assert_eq!(
            (&entries[0]["who"], &entries[0]["reason"]),
            (&json!("ada"), &json!("its disk is full"))
        );
        assert_eq!(entries[0]["at"], json!(bench.clock.now()));
    }
    let done = serde_json::to_value(end(&bench, ended())).expect("JSON");
    for (step, saga) in [("RecordOutcome", &done), ("RecordCommand", &saga)] {
        bench.ask(json!({ "step": step, "saga": saga })).await;
        let entries = list(Value::Null).await;
        assert_eq!(entries[0]["verdict"]["exit_code"], 3, "{step}");
        assert!(!entries[0].to_string().contains("stdout"), "what was printed is not kept");
    }
    bench.ask(json!({ "step": "UndoRecordCommand", "saga": saga })).await;
    assert_eq!(list(Value::Null).await[0]["verdict"]["verdict"], "unknown");
    assert_eq!(list(json!("prj_another")).await, Vec::<Value>::new());
}

#[tokio::test]
async fn a_step_that_cannot_be_read_is_a_failure() {
    let error = running().try_ask(&json!({ "step": "RecordCommand", "saga": {} })).await;
    assert!(matches!(error, Err(OperatorError::Saga(_))), "{error:?}");
}

#[tokio::test]
async fn logs_are_read_and_shown_and_what_was_not_read_says_why() {
    let bench = running();
    let ask = json!({
        "command": "read_logs", "project_id": project(), "tail": 7, "since": "2026-11-21T20:00:00Z",
    });
    let answer = bench.ask(ask).await;
    assert_eq!(answer["answer"], "reading");
    let [(name, input)] = bench.readings.started().try_into().expect("one execution");
    assert_eq!(answer["execution"], json!(name));
    let saga: LogsSaga = serde_json::from_str(&input).expect("an input of the saga");
    assert_eq!((saga.tail, saga.since.is_some()), (7, true));
    let show = json!({ "command": "show_logs", "project_id": project(), "id": answer["id"] });
    assert_eq!(bench.ask(show.clone()).await["answer"], "under_way");
    let end = |outcome: Read| {
        let state = LogsSaga { outcome: Some(outcome), ..saga.clone() };
        let state = serde_json::to_string(&state).expect("JSON");
        bench.readings.finish(&name, bench.clock.now(), state);
    };
    for (outcome, why) in [
        (Read::NothingThere, "no container"),
        (Read::NotReached, "does not answer"),
        (Read::Stored { bytes: 2, truncated: true }, "gone"),
    ] {
        end(outcome);
        let told = refused("id", &bench.ask(show.clone()).await);
        assert!(told.contains(why) && told.contains(&name), "{told}");
    }
    let stored = LogsName { project: make::project().id, id: saga.id.clone() };
    bench.instance_logs.put(stored, "a\n");
    let shown = bench.ask(show).await;
    assert_eq!(shown, json!({ "answer": "logs", "text": "a\n", "truncated": true }));
}

#[tokio::test]
async fn two_readings_are_two_and_a_reading_that_nobody_asked_for_is_none() {
    let bench = running();
    for _ in 0..2 {
        bench.clock.advance(Duration::from_secs(1));
        bench.ask(json!({ "command": "read_logs", "project_id": project() })).await;
    }
    assert_eq!(bench.readings.started().len(), 2);
    let nobodys = LogsId::new("x").expect("plain");
    let show = json!({ "command": "show_logs", "project_id": project(), "id": nobodys });
    assert!(refused("id", &bench.ask(show).await).contains("nobody has asked"));
    let failed = LogsSaga::execution_name(&make::project().id, &nobodys);
    bench.readings.ensure_started(&failed, "{}").await.expect("is up");
    bench.readings.set_course(&failed, Course::Ended { at: bench.clock.now() });
    let show = json!({ "command": "show_logs", "project_id": project(), "id": nobodys });
    assert!(refused("id", &bench.ask(show).await).contains("failed"));
}

#[tokio::test]
async fn an_outage_is_a_failure_and_asking_again_is_safe() {
    type Break = fn(&Bench);
    let breaks: [(&str, Break); 3] = [
        ("the projects", |it| it.projects.outage.begin(1)),
        ("the state machine", |it| it.execs.outage.begin(1)),
        ("after it was started", |it| it.execs.outage.begin_after(1, 1)),
    ];
    for (case, break_it) in breaks {
        let bench = running();
        let number = now(&bench);
        break_it(&bench);
        let first = bench.try_ask(&order(number)).await;
        assert!(first.is_err() || case.starts_with("after"), "{case}");
        let _ = bench.try_ask(&order(number)).await;
        bench.ask(order(number)).await;
        assert_eq!(bench.execs.started().len(), 1, "{case}");
    }
}
