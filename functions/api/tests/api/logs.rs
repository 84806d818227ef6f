//! What an instance has printed: asked for, waited for, fetched.

use crate::bench::{Answer, Bench, Customer, request};
use contracts::logs::{Outcome, Saga};
use domain::{
    id::LogsId,
    project::{Event, State},
};
use http::{StatusCode, header};
use ports::{clock::Clock, instance_logs::LogsName, projects::Projects, sagas::Course};
use serde_json::{Value, json};
use std::time::Duration;

async fn ask(bench: &Bench, who: &Customer, project: &str, body: &Value) -> Answer {
    bench.post(&format!("/api/projects/{project}/logs"), Some(&who.token), body).await
}

async fn asked(bench: &Bench, who: &Customer, project: &str) -> String {
    let answer = ask(bench, who, project, &Value::Null).await;
    assert_eq!(answer.status, StatusCode::ACCEPTED, "{answer:?}");
    answer.text("id")
}

async fn show(bench: &Bench, who: &Customer, project: &str, id: &str) -> Answer {
    bench.get(&format!("/api/projects/{project}/logs/{id}"), Some(&who.token)).await
}

fn execution(project: &str, id: &str) -> String {
    format!("logs-{project}-{}", id.strip_prefix("log_").expect("an id"))
}

/// The reading ends with `outcome`.
fn end(bench: &Bench, project: &str, id: &str, outcome: Outcome) {
    let execution = execution(project, id);
    let started = bench.api.readings.started();
    let (_, input) = started.iter().find(|(it, _)| *it == execution).expect("it was started");
    let saga: Saga = serde_json::from_str(input).expect("an input of the saga");
    let state = serde_json::to_string(&Saga { outcome: Some(outcome), ..saga }).expect("JSON");
    bench.api.readings.finish(&execution, bench.api.clock.now(), state);
}

fn name(project: &str, id: &str) -> LogsName {
    LogsName { project: project.parse().expect("an id"), id: id.parse().expect("an id") }
}

const STORED: Outcome = Outcome::Stored { bytes: 6, truncated: false };

fn problem(answer: &Answer) -> (StatusCode, String) {
    (answer.status, answer.body["detail"].as_str().unwrap_or_default().to_owned())
}

#[tokio::test]
async fn lines_are_asked_for_waited_for_and_fetched_as_text() {
    let bench = Bench::new();
    let ada = bench.customer("ada@example.com").await;
    let project = bench.running_project(&ada).await;
    let body = json!({ "tail": 7, "since": "2026-11-21T20:00:00Z" });
    let answer = ask(&bench, &ada, &project, &body).await;
    assert_eq!(answer.status, StatusCode::ACCEPTED);
    let id = answer.text("id");
    let [(started, input)] = bench.api.readings.started().try_into().expect("one execution");
    assert_eq!(started, execution(&project, &id));
    let saga: Saga = serde_json::from_str(&input).expect("an input of the saga");
    assert_eq!((saga.tail, saga.attempt, saga.tenant_id.as_str()), (7, 1, ada.tenant.as_str()));
    assert_eq!(saga.since, Some("2026-11-21T20:00:00Z".parse().expect("a time")));

    for _ in 0..2 {
        let waiting = show(&bench, &ada, &project, &id).await;
        assert_eq!((waiting.status, waiting.text("id")), (StatusCode::ACCEPTED, id.clone()));
    }
    bench.api.instance_logs.put(name(&project, &id), "a\nb\u{fffd}\n");
    end(&bench, &project, &id, STORED);
    for _ in 0..2 {
        let shown = show(&bench, &ada, &project, &id).await;
        assert_eq!((shown.status, &shown.body), (StatusCode::OK, &json!("a\nb\u{fffd}\n")));
        assert_eq!(shown.header(header::CONTENT_TYPE), "text/plain; charset=utf-8");
        assert_eq!(shown.header(header::CACHE_CONTROL), "no-store");
    }
}

#[tokio::test]
async fn who_says_nothing_gets_the_usual_lines_and_who_says_too_much_is_told_so() {
    let bench = Bench::new();
    let ada = bench.customer("ada@example.com").await;
    let project = bench.running_project(&ada).await;
    let cases = [
        (json!({ "tail": 0 }), "tail"),
        (json!({ "tail": 5001 }), "tail"),
        (json!({ "tail": "7" }), "tail"),
        (json!({ "since": "yesterday" }), "since"),
        (json!({ "since": "-000001-01-01T00:00:00Z" }), "since"),
        (json!({ "until": "2026-11-21T20:00:00Z" }), "until"),
    ];
    for (body, field) in cases {
        let answer = ask(&bench, &ada, &project, &body).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{body}");
        assert_eq!(answer.body["errors"][0]["field"], field, "{body}");
    }
    assert!(bench.api.readings.started().is_empty());
    for body in [json!({ "tail": null, "since": null }), Value::Null] {
        // The next one has to wait for its turn, which nobody gives back here.
        bench.api.clock.advance(Duration::from_mins(1));
        assert_eq!(ask(&bench, &ada, &project, &body).await.status, StatusCode::ACCEPTED, "{body}");
        let (_, input) = bench.api.readings.started().pop().expect("one more");
        let saga: Saga = serde_json::from_str(&input).expect("an input of the saga");
        assert_eq!((saga.tail, saga.since), (500, None), "{body}");
    }
}

#[tokio::test]
async fn whatever_was_not_read_says_why() {
    let bench = Bench::new();
    let ada = bench.customer("ada@example.com").await;
    let project = bench.running_project(&ada).await;
    let cases = [
        (Some(Outcome::NothingThere), "no instance of it is there"),
        (Some(Outcome::NotReached), "does not answer"),
        (None, "could not be read"),
    ];
    for (outcome, why) in cases {
        let id = asked(&bench, &ada, &project).await;
        if let Some(outcome) = outcome {
            end(&bench, &project, &id, outcome);
        } else {
            let ended = Course::Ended { at: bench.api.clock.now() };
            bench.api.readings.set_course(&execution(&project, &id), ended);
        }
        let (status, detail) = problem(&show(&bench, &ada, &project, &id).await);
        assert_eq!(status, StatusCode::CONFLICT, "{why}");
        assert!(detail.contains(why), "{detail}");
    }
    let id = asked(&bench, &ada, &project).await;
    end(&bench, &project, &id, STORED);
    let expired = show(&bench, &ada, &project, &id).await;
    assert_eq!(expired.status, StatusCode::NOT_FOUND, "a day later");
}

#[tokio::test]
async fn nothing_is_read_where_nothing_ever_ran_and_much_where_it_crashed() {
    let bench = Bench::new();
    let ada = bench.customer("ada@example.com").await;
    let unpaid = bench.project(&ada).await;
    let (status, why) = problem(&ask(&bench, &ada, &unpaid, &Value::Null).await);
    assert_eq!(status, StatusCode::CONFLICT);
    assert!(why.contains("no instance"), "{why}");

    let failed = bench.paid_project(&ada).await;
    let project = failed.parse().expect("an id");
    for event in [Event::ProvisioningBegan, Event::ProvisioningFailed] {
        bench.api.projects.change(&project, 1, event, Some("it crashed")).await.expect("fits");
    }
    let found = bench.api.projects.find(&project).await.expect("is up").expect("is there");
    assert_eq!(found.state, State::Error);
    asked(&bench, &ada, &failed).await;
}

#[tokio::test]
async fn a_project_is_read_once_at_a_time_and_not_too_often() {
    let bench = Bench::new();
    let ada = bench.customer("ada@example.com").await;
    let project = bench.running_project(&ada).await;
    let first = asked(&bench, &ada, &project).await;
    let second = ask(&bench, &ada, &project, &Value::Null).await;
    assert_eq!(second.status, StatusCode::CONFLICT, "{second:?}");
    assert_eq!(second.body["type"], "urn:1mins:problem:busy");
    assert_eq!(second.header(header::RETRY_AFTER), "60");
    end(&bench, &project, &first, STORED);
    bench.api.instance_logs.put(name(&project, &first), "");
    assert_eq!(show(&bench, &ada, &project, &first).await.status, StatusCode::OK);

    let mut read = 2; // those above were counted
    loop {
        let answer = ask(&bench, &ada, &project, &Value::Null).await;
        if answer.status != StatusCode::ACCEPTED {
            assert_eq!(answer.status, StatusCode::TOO_MANY_REQUESTS);
            assert!(answer.body["type"].to_string().contains("too-many-tries"), "{answer:?}");
            break;
        }
        read += 1;
        let id = answer.text("id");
        end(&bench, &project, &id, Outcome::NothingThere);
        show(&bench, &ada, &project, &id).await;
        assert!(read < 100, "there is an end to it");
    }
    assert_eq!(read, 30);
    bench.api.clock.advance(Duration::from_mins(5));
    asked(&bench, &ada, &project).await;
}

#[tokio::test]
async fn an_outage_is_told_and_blocks_nobody() {
    let bench = Bench::new();
    let ada = bench.customer("ada@example.com").await;
    let project = bench.running_project(&ada).await;
    bench.api.readings.outage.begin(1);
    let answer = ask(&bench, &ada, &project, &Value::Null).await;
    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
    let id = asked(&bench, &ada, &project).await;
    bench.api.instance_logs.put(name(&project, &id), "a\n");
    end(&bench, &project, &id, STORED);
    bench.api.instance_logs.outage.begin(1);
    let answer = show(&bench, &ada, &project, &id).await;
    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(show(&bench, &ada, &project, &id).await.status, StatusCode::OK);
}

/// The name of an execution and of an object holds the project, so no other one leads there.
#[tokio::test]
async fn a_reading_is_found_under_its_own_project_only() {
    let bench = Bench::new();
    let (ada, eve) =
        (bench.customer("ada@example.com").await, bench.customer("eve@example.com").await);
    let (hers, others) = (bench.running_project(&ada).await, bench.running_project(&eve).await);
    let id = asked(&bench, &ada, &hers).await;
    bench.api.instance_logs.put(name(&hers, &id), "secret\n");
    end(&bench, &hers, &id, STORED);
    for project in [&hers, &others] {
        let answer = show(&bench, &eve, project, &id).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{project}");
    }
    let member = bench.member(&ada, "bob@example.com", "member").await;
    assert_eq!(show(&bench, &member, &hers, &id).await.status, StatusCode::OK);
    for odd in ["log_", "log_%2e%2e", "prj_a", "x", "log_A"] {
        let path = format!("/api/projects/{hers}/logs/{odd}");
        let answer = bench.send(request("GET", &path, Some(&ada.token), "")).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{odd}");
    }
    assert!(LogsId::try_from(id).is_ok());
}
