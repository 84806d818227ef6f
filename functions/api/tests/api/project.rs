//! A project from its making to its key.

use crate::bench::{Answer, Bench, Customer, request};
use contracts::provision::Saga;
use domain::{
    health::{Case, Condition, Look, Resource},
    id::ProjectId,
    project::Event,
};
use http::{StatusCode, header};
use ports::{
    clock::Clock,
    projects::Projects,
    sagas::{Outcome, StepRun},
};
use serde_json::{Value, json};
use std::collections::BTreeSet;

async fn create(bench: &Bench, customer: &Customer, key: &str, name: &str) -> Answer {
    let body = json!({ "name": name, "plan": "standard" }).to_string();
    let mut asked = request("POST", "/api/projects", Some(&customer.token), &body);
    asked.headers_mut().insert("idempotency-key", key.parse().expect("as prepared"));
    bench.send(asked).await
}

async fn start() -> (Bench, Customer) {
    let bench = Bench::new();
    let customer = bench.customer("ada@example.com").await;
    (bench, customer)
}

#[tokio::test]
async fn a_new_project_waits_for_its_payment() {
    let (bench, customer) = start().await;
    let body = json!({ "name": "mybot", "plan": "standard" });
    let answer = bench.post("/api/projects", Some(&customer.token), &body).await;
    assert_eq!(answer.status, StatusCode::CREATED);
    let id = answer.text("id");
    assert_eq!(answer.header(header::LOCATION), format!("/api/projects/{id}"));
    let body_of_id = id.strip_prefix("prj_").unwrap();
    assert_eq!(body_of_id.len(), 10);
    let expected = json!({
        "id": id, "name": "mybot", "plan": "standard", "state": "pending_payment",
        "url": format!("https://mybot-{body_of_id}.1mins.test:8443"),
        "reason": null, "created_at": bench.api.clock.now().to_string(), "steps": [],
        "health": null, "sleeps_after_minutes": 15, "keep_awake": false,
    });
    assert_eq!(answer.body, expected);
    let shown = bench.get(&format!("/api/projects/{id}"), Some(&customer.token)).await;
    assert_eq!(shown.body, expected);
}

#[tokio::test]
async fn a_repeated_request_makes_no_second_project() {
    let (bench, customer) = start().await;
    let first = create(&bench, &customer, "k1", "mybot").await;
    let again = create(&bench, &customer, "k1", "mybot").await;
    assert_eq!((first.status, again.status), (StatusCode::CREATED, StatusCode::CREATED));
    assert_eq!(first.body, again.body);
    let other = create(&bench, &customer, "k1", "another").await;
    assert_eq!(other.status, StatusCode::CONFLICT, "the key was for another request");
    let list = bench.get("/api/projects", Some(&customer.token)).await;
    assert_eq!(list.body.as_array().map(Vec::len), Some(1));
}

#[tokio::test]
async fn a_tenant_has_twenty_projects_and_a_repeat_is_none_of_them() {
    let (bench, customer) = start().await;
    let ids: BTreeSet<_> = {
        let mut ids = BTreeSet::new();
        for number in 0..20 {
            ids.insert(create(&bench, &customer, &number.to_string(), "bot").await.text("id"));
        }
        ids
    };
    assert_eq!(ids.len(), 20);
    let more = create(&bench, &customer, "20", "bot").await;
    assert_eq!(more.status, StatusCode::CONFLICT);
    let repeat = create(&bench, &customer, "7", "bot").await;
    assert_eq!(repeat.status, StatusCode::CREATED, "though there is no room any more");
}

#[tokio::test]
async fn a_project_that_could_not_be_stored_is_asked_for_again() {
    let (bench, customer) = start().await;
    bench.api.vault.outage.begin(1);
    let answer = create(&bench, &customer, "k1", "mybot").await;
    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(create(&bench, &customer, "k1", "mybot").await.status, StatusCode::CREATED);
}

/// Puts a paid project into the state `error`.
async fn fail(bench: &Bench, id: &str) {
    let (id, projects) = (id.parse().expect("as prepared"), &bench.api.projects);
    projects.change(&id, 1, Event::ProvisioningBegan, None).await.expect("as prepared");
    let reason = Some("the container did not start");
    projects.change(&id, 1, Event::ProvisioningFailed, reason).await.expect("as prepared");
}

#[tokio::test]
async fn a_failed_project_tries_again_under_the_next_attempt() {
    let (bench, customer) = start().await;
    let id = bench.paid_project(&customer).await;
    fail(&bench, &id).await;
    let path = format!("/api/projects/{id}");
    let shown = bench.get(&path, Some(&customer.token)).await;
    assert_eq!(shown.body["state"], "error");
    assert_eq!(shown.body["reason"], "the container did not start");

    // Starting fails after the attempt was counted: the repeat starts that very attempt.
    bench.api.sagas.outage.begin(1);
    let retry = format!("{path}/retry");
    let lost = bench.post(&retry, Some(&customer.token), &Value::Null).await;
    assert_eq!(lost.status, StatusCode::SERVICE_UNAVAILABLE);
    for _ in 0..2 {
        let answer = bench.post(&retry, Some(&customer.token), &Value::Null).await;
        assert_eq!(answer.status, StatusCode::ACCEPTED);
        assert_eq!(answer.body["state"], "pending");
        assert_eq!(answer.body["reason"], Value::Null);
    }
    let started = bench.api.sagas.started();
    assert_eq!(started.len(), 1, "{started:?}");
    assert_eq!(started[0].0, format!("provision-{id}-2"));
    let saga: Saga = serde_json::from_str(&started[0].1).unwrap();
    assert_eq!((saga.attempt, saga.tenant_id.as_str()), (2, customer.tenant.as_str()));
}

#[tokio::test]
async fn only_a_failed_project_is_tried_again() {
    let (bench, customer) = start().await;
    let id = bench.project(&customer).await;
    let path = format!("/api/projects/{id}/retry");
    let answer = bench.post(&path, Some(&customer.token), &Value::Null).await;
    assert_eq!(answer.status, StatusCode::CONFLICT);
    assert!(bench.api.sagas.started().is_empty(), "an unpaid project is never provisioned");
}

#[tokio::test]
async fn an_owner_follows_the_steps() {
    let (bench, customer) = start().await;
    let id = bench.paid_project(&customer).await;
    let began_at = bench.api.clock.now();
    let run = |name: &str, outcome, ended_at| StepRun {
        name: name.to_owned(),
        outcome,
        began_at,
        ended_at,
    };
    let ended_at = Some(began_at + std::time::Duration::from_millis(250));
    let history =
        vec![run("Begin", Outcome::Done, ended_at), run("Reserve", Outcome::Running, None)];
    bench.api.sagas.tell(&format!("provision-{id}-1"), history);
    let path = format!("/api/projects/{id}");
    let shown = bench.get(&path, Some(&customer.token)).await;
    let at = began_at.to_string();
    let expected = json!([
        { "name": "Begin", "state": "done", "started_at": at, "duration_ms": 250 },
        { "name": "Reserve", "state": "running", "started_at": at, "duration_ms": null },
    ]);
    assert_eq!(shown.body["steps"], expected);

    bench.api.sagas.outage.begin(1);
    let shown = bench.get(&path, Some(&customer.token)).await;
    assert_eq!(shown.status, StatusCode::OK, "the state is known without its story");
    assert_eq!(shown.body["steps"], json!([]));
}

#[tokio::test]
async fn the_key_to_an_instance_is_shown_to_owners() {
    let (bench, customer) = start().await;
    let id = bench.project(&customer).await;
    let path = format!("/api/projects/{id}/gateway-token");
    let answer = bench.post(&path, Some(&customer.token), &Value::Null).await;
    assert_eq!(answer.status, StatusCode::OK);
    let token = answer.text("gateway_token");
    assert!(token.len() == 64 && token.bytes().all(|it| it.is_ascii_hexdigit()), "{token}");
    let again = bench.post(&path, Some(&customer.token), &Value::Null).await;
    assert_eq!(again.text("gateway_token"), token);
    let read = bench.get(&path, Some(&customer.token)).await;
    assert_eq!(read.status, StatusCode::METHOD_NOT_ALLOWED, "never by a link");
}

#[tokio::test]
async fn a_member_opens_a_project_and_does_not_pay_for_it() {
    let (bench, ada) = start().await;
    let id = bench.project(&ada).await;
    let bob = bench.member(&ada, "bob@example.com", "member").await;
    let path = format!("/api/projects/{id}");
    assert_eq!(bench.get(&path, Some(&bob.token)).await.status, StatusCode::OK);
    let key = bench.post(&format!("{path}/gateway-token"), Some(&bob.token), &Value::Null).await;
    assert_eq!(key.status, StatusCode::OK);
    let paid = bench.post(&format!("{path}/checkout"), Some(&bob.token), &Value::Null).await;
    assert_eq!(paid.status, StatusCode::FORBIDDEN);
    assert_eq!(paid.body["type"], "urn:1mins:problem:owner-needed");
}

#[tokio::test]
async fn how_an_instance_is_doing_is_shown_while_it_runs_and_hides_nothing_else() {
    let (bench, customer) = start().await;
    let id = create(&bench, &customer, "k1", "mybot").await.text("id");
    let project: ProjectId = id.parse().unwrap();
    let projects = &bench.api.projects;
    projects.record_paid(&project, "sub_1").await.unwrap();
    for event in [Event::ProvisioningBegan, Event::ProvisioningFinished] {
        projects.change(&project, 1, event, None).await.unwrap();
    }
    let show = async || {
        let shown = bench.get(&format!("/api/projects/{id}"), Some(&customer.token)).await;
        assert_eq!(shown.status, StatusCode::OK);
        shown.body["health"].clone()
    };
    let well = json!({ "standing": "ok", "since": null, "why": null, "short_of": [] });
    assert_eq!(show().await, well);

    let now = bench.api.clock.now();
    let short_of = vec![Resource::Storage];
    let look = Look { at: now, attempt: 1, condition: Condition::Silent, short_of };
    bench.api.cases.put(Case::open(project.clone(), 1, now).after(&look));
    let ill = json!({
        "standing": "restarting", "since": now.to_string(), "why": "silent",
        "short_of": ["storage"],
    });
    assert_eq!(show().await, ill);

    bench.api.cases.outage.begin(1);
    assert_eq!(show().await, Value::Null, "nobody knows, and the project is shown");
    projects.change(&project, 1, Event::InstanceLost, Some("it is gone")).await.unwrap();
    assert_eq!(show().await, Value::Null, "its state says why it does not run");
}
