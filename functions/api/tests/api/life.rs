//! Stopping, starting and restarting, in every state of a project.

use crate::bench::{Answer, Bench, Customer};
use contracts::{halt, provision, restart};
use domain::{
    project::{Event, Purpose, State},
    subscription::{Seen, Status},
};
use http::StatusCode;
use ports::{
    clock::Clock,
    projects::Projects,
    sagas::{Course, Sagas},
};
use serde_json::Value;
use testkit::sagas::FakeSagas;

struct Owner {
    bench: Bench,
    customer: Customer,
    project: String,
}

impl Owner {
    /// Of a project that runs and is paid for.
    async fn new() -> Self {
        let bench = Bench::new();
        let customer = bench.customer("ada@example.com").await;
        let project = bench.subscribed_project(&customer).await;
        Self { bench, customer, project }
    }

    /// The same, stopped.
    async fn stopped() -> Self {
        let owner = Self::new().await;
        owner.comes_to(State::Stopped).await;
        owner
    }

    async fn ask(&self, act: &str) -> Answer {
        let path = format!("/api/projects/{}/{act}", self.project);
        self.bench.post(&path, Some(&self.customer.token), &Value::Null).await
    }

    /// Its project, which runs, comes to `state`.
    async fn comes_to(&self, state: State) {
        let (id, projects) = (self.project.parse().expect("an id"), &self.bench.api.projects);
        let change = |event| projects.change(&id, 1, event, None);
        match state {
            State::Running => (),
            State::Provisioning => drop(change(Event::FinishUndone).await.expect("runs")),
            State::Halting => drop(change(Event::HaltBegan).await.expect("runs")),
            State::Error => drop(change(Event::InstanceLost).await.expect("runs")),
            State::Stopped | State::Suspended => {
                change(Event::HaltBegan).await.expect("runs");
                let stops = state == State::Stopped;
                let purpose = if stops { Purpose::Stop } else { Purpose::Suspend };
                projects.record_halted(&id, 1, purpose, None).await.expect("halts");
            }
            State::Deleting => {
                change(Event::InstanceLost).await.expect("runs");
                change(Event::DeletionBegan).await.expect("has failed");
            }
            other => panic!("say how it comes to {other:?}"),
        }
    }

    /// The names of all executions that were started.
    fn executions(&self) -> Vec<String> {
        let api = &self.bench.api;
        let all = [&api.sagas, &api.halts, &api.restarts].map(FakeSagas::started);
        all.into_iter().flatten().map(|(name, _)| name).collect()
    }
}

fn problem(answer: &Answer) -> (StatusCode, String) {
    let kind = answer.text("type");
    (answer.status, kind.rsplit(':').next().unwrap_or_default().to_owned())
}

#[tokio::test]
async fn what_runs_is_stopped_and_a_second_click_changes_nothing() {
    let owner = Owner::new().await;
    for _ in 0..2 {
        let answer = owner.ask("stop").await;
        assert_eq!(
            (answer.status, answer.text("id")),
            (StatusCode::ACCEPTED, owner.project.clone())
        );
    }
    let [(name, input)] = owner.bench.api.halts.started().try_into().expect("one execution");
    assert_eq!(name, format!("halt-{}-1-0", owner.project));
    let saga: halt::Saga = serde_json::from_str(&input).unwrap();
    assert_eq!((saga.purpose, saga.attempt), (Purpose::Stop, 1));
    owner.comes_to(State::Stopped).await;
    let again = owner.ask("stop").await;
    assert_eq!((again.status, again.text("state")), (StatusCode::ACCEPTED, "stopped".to_owned()));
    assert_eq!(owner.executions().len(), 1);
}

#[tokio::test]
async fn what_has_only_just_arrived_is_not_stopped_yet() {
    let owner = Owner::new().await;
    let arrival = format!("provision-{}-1", owner.project);
    owner.bench.api.sagas.ensure_started(&arrival, "{}").await.unwrap();
    assert_eq!(problem(&owner.ask("stop").await), (StatusCode::CONFLICT, "busy".into()));
    assert!(owner.bench.api.halts.started().is_empty());
    let at = owner.bench.api.clock.now();
    owner.bench.api.sagas.set_course(&arrival, Course::Ended { at });
    assert_eq!(owner.ask("stop").await.status, StatusCode::ACCEPTED);
}

#[tokio::test]
async fn what_is_stopped_starts_under_the_next_attempt_and_a_second_click_changes_nothing() {
    let owner = Owner::stopped().await;
    // Starting fails after the attempt was counted: the repeat starts that very attempt.
    owner.bench.api.sagas.outage.begin(1);
    assert_eq!(owner.ask("start").await.status, StatusCode::SERVICE_UNAVAILABLE);
    for _ in 0..2 {
        let answer = owner.ask("start").await;
        assert_eq!((answer.status, answer.text("state")), (StatusCode::ACCEPTED, "pending".into()));
    }
    let [(name, input)] = owner.bench.api.sagas.started().try_into().expect("one execution");
    assert_eq!(name, format!("provision-{}-2", owner.project));
    let saga: provision::Saga = serde_json::from_str(&input).unwrap();
    assert_eq!(saga.attempt, 2);
}

#[tokio::test]
async fn what_is_not_paid_for_is_not_started_though_billing_has_not_looked_yet() {
    for status in [Status::OnHold, Status::Cancelled] {
        let owner = Owner::stopped().await;
        owner.bench.becomes(&Seen { status, ..owner.bench.booked().await });
        let answer = owner.ask("start").await;
        assert_eq!(problem(&answer), (StatusCode::CONFLICT, "payment-needed".to_owned()));
        assert!(answer.text("detail").contains("pay first"), "{answer:?}");
        assert!(owner.executions().is_empty());
    }
}

#[tokio::test]
async fn what_runs_is_restarted_and_a_second_click_changes_nothing() {
    let owner = Owner::new().await;
    for _ in 0..2 {
        let answer = owner.ask("restart").await;
        assert_eq!((answer.status, answer.text("state")), (StatusCode::ACCEPTED, "running".into()));
    }
    let [(name, input)] = owner.bench.api.restarts.started().try_into().expect("one execution");
    let saga: restart::Saga = serde_json::from_str(&input).unwrap();
    assert_eq!(name, saga.execution_name());
    owner.bench.api.clock.advance(std::time::Duration::from_mins(1));
    assert_eq!(owner.ask("restart").await.status, StatusCode::ACCEPTED);
    let later = owner.bench.api.restarts.started();
    let later: restart::Saga = serde_json::from_str(&later[1].1).unwrap();
    assert_eq!(later.asked_at, saga.asked_at + std::time::Duration::from_mins(1));
}

#[tokio::test]
async fn what_does_not_fit_the_state_is_refused_and_starts_nothing() {
    let cases = [
        ("stop", State::Provisioning, "conflict"),
        ("stop", State::Halting, "busy"),
        ("stop", State::Suspended, "payment-needed"),
        ("stop", State::Error, "conflict"),
        ("stop", State::Deleting, "conflict"),
        ("start", State::Halting, "busy"),
        ("start", State::Suspended, "payment-needed"),
        ("start", State::Error, "conflict"),
        ("start", State::Deleting, "conflict"),
        ("restart", State::Provisioning, "conflict"),
        ("restart", State::Halting, "busy"),
        ("restart", State::Stopped, "conflict"),
        ("restart", State::Suspended, "payment-needed"),
        ("restart", State::Error, "conflict"),
        ("restart", State::Deleting, "conflict"),
    ];
    for (act, state, expected) in cases {
        let owner = Owner::new().await;
        owner.comes_to(state).await;
        let answer = owner.ask(act).await;
        let found = problem(&answer);
        assert_eq!(found, (StatusCode::CONFLICT, expected.to_owned()), "{act} {state:?}");
        assert!(owner.executions().is_empty(), "{act} {state:?}");
    }
    for state in [State::Provisioning, State::Running] {
        let owner = Owner::new().await;
        owner.comes_to(state).await;
        assert_eq!(owner.ask("start").await.status, StatusCode::ACCEPTED, "{state:?}: as asked");
        assert!(owner.executions().is_empty(), "{state:?}");
    }
}
