//! What a project's agent thinks with, and its way to the instance.

use crate::{
    bench::{Answer, Bench, Customer, MODELS, request},
    key::keep,
};
use contracts::configure::Saga;
use domain::configuration::Failure;
use http::StatusCode;
use ports::{clock::Clock, configurations::Configurations};
use serde_json::{Value, json};

async fn put(bench: &Bench, who: &Customer, path: &str, body: &Value) -> Answer {
    bench.send(request("PUT", path, Some(&who.token), &body.to_string())).await
}

async fn start() -> (Bench, Customer) {
    let bench = Bench::new();
    let ada = bench.customer("ada@example.com").await;
    (bench, ada)
}

fn path(project: &str) -> String {
    format!("/api/projects/{project}/model")
}

#[tokio::test]
async fn the_catalogue_is_what_the_stage_says() {
    let bench = Bench::new();
    let catalogue = bench.get("/api/models", None).await;
    assert_eq!(catalogue.body, serde_json::from_str::<Value>(MODELS).unwrap());
}

#[tokio::test]
async fn a_project_that_nobody_has_configured_thinks_with_ours() {
    let (bench, ada) = start().await;
    let project = bench.project(&ada).await;
    let shown = bench.get(&path(&project), Some(&ada.token)).await;
    let expected = json!({
        "provider": "platform", "model": "auto", "key_id": null, "fallback": null,
        "version": 0, "applied_version": 0, "applied_at": null, "failed": null,
    });
    assert_eq!((shown.status, shown.body), (StatusCode::OK, expected));
}

#[tokio::test]
async fn a_choice_comes_to_an_instance_that_runs_and_a_repetition_is_none() {
    let (bench, ada) = start().await;
    let (key, project) = (keep(&bench, &ada).await, bench.running_project(&ada).await);
    let choice = json!({
        "provider": "anthropic", "model": "claude-sonnet-4-6", "key_id": key,
        "fallback": { "provider": "platform", "model": "auto" },
    });
    // The execution cannot be started: the repetition starts that of this very version.
    bench.api.configures.outage.begin(1);
    let lost = put(&bench, &ada, &path(&project), &choice).await;
    assert_eq!(lost.status, StatusCode::SERVICE_UNAVAILABLE);
    for round in ["once", "twice"] {
        let answer = put(&bench, &ada, &path(&project), &choice).await;
        assert_eq!(answer.status, StatusCode::ACCEPTED, "{round}");
        let expected = json!({
            "provider": "anthropic", "model": "claude-sonnet-4-6", "key_id": key,
            "fallback": { "provider": "platform", "model": "auto", "key_id": null },
            "version": 1, "applied_version": 0, "applied_at": null, "failed": null,
        });
        assert_eq!(answer.body, expected, "{round}");
    }
    let [(name, input)] = bench.api.configures.started().try_into().unwrap();
    assert_eq!(name, format!("configure-{project}-1"));
    let saga: Saga = serde_json::from_str(&input).unwrap();
    assert_eq!((saga.tenant_id.as_str(), saga.version), (ada.tenant.as_str(), 1));
    assert!(!input.contains("sk-ant"), "no secret is in an execution");
}

#[tokio::test]
async fn what_does_not_run_yet_gets_it_by_its_launch() {
    let (bench, ada) = start().await;
    let (unpaid, paid) = (bench.project(&ada).await, bench.paid_project(&ada).await);
    for project in [unpaid, paid] {
        let choice = json!({ "provider": "platform", "model": "auto" });
        let answer = put(&bench, &ada, &path(&project), &choice).await;
        assert_eq!((answer.status, &answer.body["version"]), (StatusCode::ACCEPTED, &json!(1)));
    }
    assert!(bench.api.configures.started().is_empty());
}

#[tokio::test]
async fn what_became_of_it_is_shown_and_what_failed_is_tried_again() {
    let (bench, ada) = start().await;
    let project = bench.running_project(&ada).await;
    let choice = json!({ "provider": "platform", "model": "auto" });
    put(&bench, &ada, &path(&project), &choice).await;
    let (id, store) = (project.parse().unwrap(), &bench.api.configurations);
    let failure = Failure { version: 1, reason: "no".to_owned() };
    store.record_failed(&id, &failure).await.unwrap();
    let shown = bench.get(&path(&project), Some(&ada.token)).await;
    assert_eq!(shown.body["failed"], "no");

    let again = put(&bench, &ada, &path(&project), &choice).await;
    assert_eq!((&again.body["version"], &again.body["failed"]), (&json!(2), &Value::Null));
    assert_eq!(bench.api.configures.started().len(), 2);
    store.record_applied(&id, 2, bench.api.clock.now()).await.unwrap();
    let shown = bench.get(&path(&project), Some(&ada.token)).await;
    assert_eq!(shown.body["applied_version"], 2);
    assert_eq!(shown.body["applied_at"], bench.api.clock.now().to_string());
}

#[tokio::test]
async fn a_choice_that_makes_no_sense_is_refused_by_its_field() {
    let (bench, ada) = start().await;
    let (key, other) = (keep(&bench, &ada).await, keep(&bench, &ada).await);
    let project = bench.project(&ada).await;
    let anthropic =
        |key: &str, model: &str| json!({ "provider": "anthropic", "model": model, "key_id": key });
    let with = |fallback: Value| {
        let mut choice = anthropic(&key, "m");
        choice["fallback"] = fallback;
        choice
    };
    let cases = [
        (json!({}), vec!["provider", "model"]),
        (json!({ "provider": "acme", "model": "m" }), vec!["provider"]),
        (json!({ "provider": "anthropic", "model": "a b" }), vec!["model"]),
        (json!({ "provider": "anthropic", "model": "m" }), vec!["key_id"]),
        (json!({ "provider": "platform", "model": "auto", "key_id": key }), vec!["key_id"]),
        (json!({ "provider": "platform", "model": "another" }), vec!["model"]),
        (json!({ "provider": "openai", "model": "m", "key_id": key }), vec!["key_id"]),
        (anthropic("key_0000000000", "m"), vec!["key_id"]),
        (anthropic("prj_1", "m"), vec!["key_id"]),
        (with(json!("m")), vec!["fallback"]),
        (with(json!({ "provider": "openai" })), vec!["fallback.model"]),
        (with(json!({ "provider": "openai", "model": "m" })), vec!["fallback.key_id"]),
        (with(json!({ "provider": "platform", "model": "x" })), vec!["fallback.model"]),
        (with(anthropic(&key, "m")), vec!["fallback.model"]),
        (with(anthropic(&other, "n")), vec!["fallback.key_id"]),
        (with(json!({ "provider": "platform", "model": "auto", "x": 1 })), vec!["fallback.x"]),
    ];
    for (body, fields) in cases {
        let answer = put(&bench, &ada, &path(&project), &body).await;
        assert_eq!((answer.status, answer.fields()), (StatusCode::BAD_REQUEST, fields), "{body}");
    }
    let shown = bench.get(&path(&project), Some(&ada.token)).await;
    assert_eq!(shown.body["version"], 0, "nothing was set");
    assert_eq!(
        put(&bench, &ada, &path(&project), &with(anthropic(&key, "n"))).await.status,
        StatusCode::ACCEPTED
    );
}

#[tokio::test]
async fn two_at_the_same_time_are_two_versions() {
    let (bench, ada) = start().await;
    let project = bench.running_project(&ada).await;
    let (key, token) = (keep(&bench, &ada).await, "123456789:AAE_-abcdefghijklmnopqrstuvwxyz0123");
    let choice = json!({ "provider": "anthropic", "model": "m", "key_id": key });
    let telegram = format!("/api/projects/{project}/telegram");
    let bot = json!({ "token": token });
    let at = path(&project);
    let both = [put(&bench, &ada, &at, &choice).await, put(&bench, &ada, &telegram, &bot).await];
    assert!(both.iter().all(|it| it.status == StatusCode::ACCEPTED));
    let configuration = bench.api.configurations.of(&project.parse().unwrap());
    assert_eq!((configuration.version, configuration.keys().len()), (2, 1));
    assert!(configuration.telegram.is_some());
}
