//! What projects use, and what they may spend.

use crate::bench::{Bench, Customer};
use domain::{
    id::ProjectId,
    model::ModelProvider,
    usage::{Account, Micros, Month, Tokens, Whose, day_of},
};
use http::StatusCode;
use ports::{
    clock::Clock,
    usage::{Usage, Used},
};
use serde_json::{Value, json};

async fn start() -> (Bench, Customer, String) {
    let bench = Bench::new();
    let customer = bench.customer("ada@example.com").await;
    let project = bench.project(&customer).await;
    (bench, customer, project)
}

/// A call of `project` that has ended.
async fn used(bench: &Bench, project: &str, call: &str, provider: ModelProvider, micros: u64) {
    let (project, now): (ProjectId, _) = (project.parse().expect("an id"), bench.api.clock.now());
    let month = Month::of(now);
    let used = Used {
        call: call.to_owned(),
        project: project.clone(),
        day: day_of(now),
        month,
        provider,
        model: "m".to_owned().try_into().expect("is plain"),
        tokens: Tokens { input: 10, cached: 3, cache_written: 2, output: 5 },
        cost: Micros(micros),
        is_estimated: call == "estimated",
    };
    let whose = if provider == ModelProvider::Platform { Whose::Platform } else { Whose::Owner };
    let account: Account = bench.api.usage.account(&project, month).await.expect("is up");
    let account = account.settle(call, whose, used.cost);
    bench.api.usage.settle(&used, &account).await.expect("is up");
}

async fn set_cap(bench: &Bench, customer: &Customer, project: &str, body: &Value) -> StatusCode {
    let path = format!("/api/projects/{project}/spend-cap");
    bench.call("PUT", &path, Some(&customer.token), body).await.status
}

#[tokio::test]
async fn a_project_that_has_used_nothing_says_so() {
    let (bench, customer, project) = start().await;
    let path = format!("/api/projects/{project}/usage");
    let answer = bench.get(&path, Some(&customer.token)).await;
    assert_eq!(answer.status, StatusCode::OK);
    let expected = json!({
        "month": "2026-11", "ends_at": "2026-12-01T00:00:00Z",
        "spent_micros": 0, "platform_spent_micros": 0, "platform_included_micros": 10_000_000,
        "cap_cents": null, "days": [],
    });
    assert_eq!(answer.body, expected);
}

#[tokio::test]
async fn what_was_used_is_shown_by_day_and_model_and_only_ones_own() {
    let (bench, customer, project) = start().await;
    used(&bench, &project, "one", ModelProvider::Platform, 100).await;
    used(&bench, &project, "estimated", ModelProvider::Platform, 50).await;
    used(&bench, &project, "two", ModelProvider::Anthropic, 7).await;
    used(&bench, "prj_another", "three", ModelProvider::Anthropic, 1_000).await;
    let path = format!("/api/projects/{project}/usage");
    let shown = bench.get(&path, Some(&customer.token)).await.body;
    assert_eq!(
        (&shown["spent_micros"], &shown["platform_spent_micros"]),
        (&json!(157), &json!(150))
    );
    let day = day_of(bench.api.clock.now()).to_string();
    let expected = json!([
        { "day": day, "provider": "platform", "model": "m", "calls": 2, "estimated_calls": 1,
          "input_tokens": 20, "cached_tokens": 6, "cache_written_tokens": 4, "output_tokens": 10,
          "spent_micros": 150 },
        { "day": day, "provider": "anthropic", "model": "m", "calls": 1, "estimated_calls": 0,
          "input_tokens": 10, "cached_tokens": 3, "cache_written_tokens": 2, "output_tokens": 5,
          "spent_micros": 7 },
    ]);
    assert_eq!(shown["days"], expected);
    bench.api.usage.outage.begin(1);
    let away = bench.get(&path, Some(&customer.token)).await;
    assert_eq!(away.status, StatusCode::SERVICE_UNAVAILABLE);
}

#[tokio::test]
async fn a_cap_is_set_changed_and_lifted_and_a_repeat_changes_nothing() {
    let (bench, customer, project) = start().await;
    let id: ProjectId = project.parse().unwrap();
    for cents in [500, 500, 0] {
        let status = set_cap(&bench, &customer, &project, &json!({ "cap_cents": cents })).await;
        assert_eq!(status, StatusCode::OK);
        let kept = bench.api.usage.cap(&id).await.unwrap();
        assert_eq!(kept, Some(Micros(cents * 10_000)));
    }
    let path = format!("/api/projects/{project}/spend-cap");
    for _ in 0..2 {
        let answer = bench.call("DELETE", &path, Some(&customer.token), &Value::Null).await;
        assert_eq!((answer.status, &answer.body["cap_cents"]), (StatusCode::OK, &Value::Null));
    }
    assert_eq!(bench.api.usage.cap(&id).await.unwrap(), None);
}

#[tokio::test]
async fn what_is_no_cap_is_refused_by_its_field() {
    let (bench, customer, project) = start().await;
    let bodies = [
        json!({}),
        json!({ "cap_cents": -1 }),
        json!({ "cap_cents": 1.5 }),
        json!({ "cap_cents": "5" }),
        json!({ "cap_cents": null }),
        json!({ "cap_cents": 100_000_001 }),
        json!({ "cap_cents": 1, "more": 1 }),
    ];
    for body in bodies {
        let status = set_cap(&bench, &customer, &project, &body).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{body}");
    }
    let kept = bench.api.usage.cap(&project.parse().unwrap()).await.unwrap();
    assert_eq!(kept, None);
}
