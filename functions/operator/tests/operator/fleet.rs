//! What an operator asks about the fleet, and what is answered and done.

use crate::bench::{Bench, refused};
use contracts::drain::Saga;
use domain::{
    capacity::Capacity,
    id::{BlankId, ProjectId, ReservationId, WorkerId},
    plan::PlanId,
    worker::{Cordon, Event, FIRST_PORT, Holder, Reservation, State, Worker},
};
use jiff::Timestamp;
use operator::OperatorError;
use ports::{
    fleet::{Change, Fleet},
    placements::{Alternative, Decision, Outcome, Placements},
};
use serde_json::{Value, json};
use std::time::Duration;
use testkit::{fleet::FakeFleet, make};

impl Bench {
    fn of(workers: impl IntoIterator<Item = Worker>) -> Self {
        Self { fleet: FakeFleet::of(workers), ..Self::default() }
    }

    async fn ask_about(&self, command: &str, worker: &str) -> Value {
        self.ask(json!({ "command": command, "worker_id": worker })).await
    }

    fn worker(&self, name: &str) -> Worker {
        self.fleet.workers.borrow()[&id(name)].clone()
    }

    async fn occupy(&self, name: &str, holder: impl Into<Holder>, number: u16) {
        let holder = holder.into();
        let claim = Reservation {
            id: ReservationId::new(&format!("r{number}")).expect("plain"),
            demand: Capacity { memory_mib: 256, cpu_millis: 100 },
            port: FIRST_PORT + number,
            plan: PlanId::Pro,
            since: Timestamp::UNIX_EPOCH,
            warm: false,
            blank: None,
        };
        self.fleet.reserve(&id(name), &holder, &claim).await.expect("has room");
    }
}

fn id(name: &str) -> WorkerId {
    WorkerId::new(name).expect("the name is plain")
}

#[tokio::test]
async fn a_command_that_is_wrong_is_answered_with_the_field_and_nothing_happens() {
    let bench = Bench::of([make::worker("a", 4096)]);
    let answer = bench.ask(json!({ "command": "cordon", "worker_id": "a" })).await;
    assert!(refused("worker_id", &answer).contains("`wrk_`"));
    let answer = bench.ask(json!({ "command": "cordon", "worker_id": "wrk_b" })).await;
    assert_eq!(refused("worker_id", &answer), "there is no worker `wrk_b`");
    let answer = bench.ask(json!({ "command": "explode" })).await;
    assert!(refused("command", &answer).contains("`explode`"));
    assert!(!bench.worker("a").is_cordoned());
}

#[tokio::test]
async fn workers_are_listed_in_order_with_what_is_on_them() {
    let bench = Bench::of([
        make::worker("b", 8192),
        make::worker("a", 4096),
        Worker { state: State::Terminated, ..make::worker("c", 4096) },
    ]);
    bench.occupy("b", make::project_id("p"), 0).await;
    bench.occupy("b", BlankId::new("x").expect("plain"), 1).await;
    let answer = bench.ask(json!({ "command": "list_workers" })).await;
    let ids: Vec<_> = (0..2).map(|it| answer["workers"][it]["worker_id"].clone()).collect();
    assert_eq!(ids, ["wrk_a", "wrk_b"]);
    assert!(answer["workers"][2].is_null(), "the terminated one is not there");
    let b = &answer["workers"][1];
    assert_eq!((&b["projects"], &b["blanks"]), (&json!(1), &json!(1)));
    assert_eq!((&b["state"], &b["cordon"]), (&json!("ready"), &json!(null)));
    assert_eq!(b["free"]["memory_mib"], 8192 - 2 * 256);
    let none = Bench::default().ask(json!({ "command": "list_workers" })).await;
    assert_eq!(none, json!({ "answer": "workers", "workers": [] }));
}

#[tokio::test]
async fn a_cordon_is_set_and_lifted_however_often() {
    let bench = Bench::of([make::worker("a", 4096)]);
    for (command, cordoned) in [("cordon", true), ("uncordon", false)] {
        for _ in 0..2 {
            let answer = bench.ask_about(command, "wrk_a").await;
            let expected =
                json!({ "answer": "cordon", "worker_id": "wrk_a", "cordoned": cordoned });
            assert_eq!(answer, expected);
            assert_eq!(bench.worker("a").is_cordoned(), cordoned);
        }
    }
}

#[tokio::test]
async fn an_operator_outranks_the_platform_and_is_told_why_it_cordoned() {
    let bench = Bench::of([make::worker("a", 4096)]);
    let told = async || {
        let answer = bench.ask(json!({ "command": "list_workers" })).await;
        answer["workers"][0]["cordon"].clone()
    };
    bench.fleet.cordon(&id("a"), Cordon::Rebalance).await.expect("is up");
    assert_eq!(told().await, "rebalance");
    bench.ask_about("cordon", "wrk_a").await;
    assert_eq!(told().await, "operator");
    bench.fleet.cordon(&id("a"), Cordon::Interruption).await.expect("is up");
    assert_eq!(told().await, "operator", "what a person keeps stays theirs");
    bench.ask_about("uncordon", "wrk_a").await;
    assert_eq!(told().await, Value::Null);
}

#[tokio::test]
async fn a_drain_that_is_called_off_by_uncordon_can_be_asked_for_again() {
    let bench = Bench::of([make::worker("a", 4096)]);
    bench.ask_about("drain", "wrk_a").await;
    bench.clock.advance(Duration::from_mins(1));
    bench.ask_about("uncordon", "wrk_a").await;
    let saga: Saga = serde_json::from_str(&bench.drains.started()[0].1).expect("an input");
    assert_ne!(bench.worker("a").changed_at, saga.idle_since, "it finds that it is late");
    bench.ask_about("drain", "wrk_a").await;
    assert_eq!(bench.drains.started().len(), 2);
}

#[tokio::test]
async fn a_placement_is_explained_with_everything_that_was_weighed() {
    let bench = Bench::default();
    let project = make::project_id("a1");
    let decision = decision(&project);
    bench.placements.record(&decision).await.expect("recorded");
    let ask = |id: &str| json!({ "command": "explain_placement", "project_id": id });
    let answer = bench.ask(ask("prj_a1")).await;
    assert_eq!(answer["answer"], "placements");
    let told: Vec<Decision> =
        serde_json::from_value(answer["decisions"].clone()).expect("nothing is left out");
    assert_eq!(told, [decision]);
    assert_eq!(bench.ask(ask("prj_b2")).await["decisions"], json!([]));
}

fn decision(project: &ProjectId) -> Decision {
    Decision {
        project_id: project.clone(),
        reservation_id: project.reservation(1),
        plan: PlanId::Standard,
        outcome: Outcome::Placed { worker_id: id("a") },
        writes: 2,
        considered: 1,
        alternatives: vec![Alternative {
            worker_id: id("a"),
            free_mib: 512,
            free_cpu_millis: 100,
            score: None,
            refusal: None,
        }],
        at: Timestamp::UNIX_EPOCH,
    }
}

#[tokio::test]
async fn an_empty_worker_is_cordoned_and_its_drain_started_once() {
    let bench = Bench::of([make::worker("a", 4096)]);
    for _ in 0..2 {
        let answer = bench.ask_about("drain", "wrk_a").await;
        assert_eq!(answer["answer"], "drain");
        assert_eq!(answer["occupants"], json!([]));
        let started = bench.drains.started();
        assert_eq!(started.len(), 1);
        assert_eq!(answer["execution"], json!(started[0].0));
        assert!(answer["says"].as_str().expect("words").contains("five minutes"));
        let worker = bench.worker("a");
        assert!(worker.is_cordoned());
        let saga: Saga = serde_json::from_str(&started[0].1).expect("an input of the saga");
        assert_eq!(saga.idle_since, worker.changed_at, "or the saga would think it too late");
        assert!(!saga.park);
    }
    // What the saga itself will do is not refused.
    let saga: Saga = serde_json::from_str(&bench.drains.started()[0].1).expect("an input");
    let drain = Change::by(Event::DrainRequested, Timestamp::UNIX_EPOCH);
    let drain = drain.if_empty().if_unchanged_since(saga.idle_since);
    assert!(bench.fleet.change(&saga.worker_id, &drain).await.expect("is up"));
}

#[tokio::test]
async fn a_worker_that_holds_something_is_emptied_and_the_answer_says_what_is_there() {
    let bench = Bench::of([make::worker("a", 4096)]);
    bench.occupy("a", make::project_id("p"), 0).await;
    bench.ask_about("drain", "wrk_a").await;
    let answer = bench.ask_about("drain", "wrk_a").await;
    assert_eq!(bench.worker("a").cordon, Some(Cordon::Operator));
    let started = bench.drains.started();
    assert_eq!(started.len(), 1, "asked twice within the minute");
    let saga: Saga = serde_json::from_str(&started[0].1).expect("an input of the saga");
    assert_eq!((saga.empties, saga.park), (Some(Cordon::Operator), false));
    assert_eq!(answer["execution"], json!(started[0].0));
    bench.clock.advance(Duration::from_mins(1));
    bench.ask_about("drain", "wrk_a").await;
    assert_eq!(bench.drains.started().len(), 2, "the first one may have been stopped");
    assert_eq!(answer["occupants"][0]["holder"], "prj_p");
    assert_eq!(answer["occupants"][0]["plan"], "pro");
    assert!(answer["says"].as_str().expect("words").contains("cordoned"));
}

#[tokio::test]
async fn what_is_not_ready_is_neither_drained_nor_cordoned_for_it() {
    for state in State::ALL.into_iter().filter(|it| *it != State::Ready) {
        let bench = Bench::of([Worker { state, ..make::worker("a", 4096) }]);
        refused("worker_id", &bench.ask_about("drain", "wrk_a").await);
        assert!(!bench.worker("a").is_cordoned(), "{state:?}");
        assert!(bench.drains.started().is_empty(), "{state:?}");
    }
}

#[tokio::test]
async fn an_outage_is_a_failure_and_not_an_answer() {
    type Break = fn(&Bench);
    let breaks: [(&str, Break, Value); 3] = [
        ("the fleet", |it| it.fleet.outage.begin(1), json!({ "command": "list_workers" })),
        (
            "the decisions",
            |it| it.placements.outage.begin(1),
            json!({ "command": "explain_placement", "project_id": "prj_a" }),
        ),
        (
            "the state machine",
            |it| it.drains.outage.begin(1),
            json!({ "command": "drain", "worker_id": "wrk_a" }),
        ),
    ];
    for (case, break_it, command) in breaks {
        let bench = Bench::of([make::worker("a", 4096)]);
        break_it(&bench);
        let error = bench.try_ask(&command).await.expect_err(case);
        assert!(matches!(error, OperatorError::Unavailable(_)), "{case}: {error}");
        bench.ask(command).await;
    }
}
