//! Who is let through, under which key, and what comes back.

use crate::bench::{
    Bench, COST, MODEL_KEY, OUR_KEY, OWN_KEY, USAGE, WORDS, good_answer, question, stream,
};
use domain::{
    model::ModelProvider,
    project::{Project, State},
    usage::{Micros, Tokens},
};
use http::Request;
use ports::{configurations::Configurations, usage::Usage};
use serde_json::{Value, json};
use testkit::{
    make,
    model_upstream::{FakeAnswer, FakeModelUpstream},
};

#[tokio::test]
async fn an_answer_is_passed_on_as_it_came_and_counted() {
    let bench = Bench::new().await;
    bench.will_answer(good_answer());
    let (status, body) = bench.ask("one", &bench.chat()).await;
    assert_eq!((status, body), (200, format!("{WORDS}{USAGE}")));
    let used = &bench.used()[0];
    assert_eq!(used.tokens, Tokens { input: 1_000, output: 100, ..Tokens::default() });
    // By the price of the model that answered.
    assert_eq!((used.cost, used.is_estimated), (Micros(COST), false));
    assert_eq!((used.provider, used.model.as_str()), (ModelProvider::Platform, "auto"));
    let account = bench.account();
    assert_eq!((account.spent, account.spent_ours), (Micros(COST), Micros(COST)));
    assert!(account.holds.is_empty());
}

#[tokio::test]
async fn the_provider_sees_its_own_key_and_is_asked_for_usage() {
    let bench = Bench::new().await;
    bench.will_answer(good_answer());
    bench.ask("one", &bench.chat()).await;
    let asked = &bench.world.upstream.asked()[0];
    assert_eq!((asked.key.as_str(), asked.path), (OUR_KEY, "/chat/completions"));
    let body: Value = serde_json::from_slice(&asked.body).unwrap();
    assert_eq!(body["stream_options"], json!({ "include_usage": true }));
    assert_eq!(body["messages"], question()["messages"]);
    assert!(!String::from_utf8_lossy(&asked.body).contains(MODEL_KEY));
}

#[tokio::test]
async fn an_owners_key_is_opened_for_the_provider_that_it_is_for() {
    let bench = Bench::new().await;
    let start = json!({ "type": "message_start", "message": { "model": "claude-sonnet-4-6",
        "usage": { "input_tokens": 1_000, "cache_read_input_tokens": 10_000, "output_tokens": 1 } } });
    let end = json!({ "type": "message_delta", "usage": { "output_tokens": 100 } });
    let said = format!("event: a\ndata: {start}\n\nevent: b\ndata: {end}\n\n");
    bench.will_answer(stream().saying(said.clone()));
    let body = json!({ "model": "claude-sonnet-4-6", "max_tokens": 100, "stream": true });
    let mut request = bench.request("/anthropic/v1/messages", &body);
    let key = request.headers_mut().remove("authorization").unwrap();
    let key = key.to_str().unwrap().trim_start_matches("Bearer ").parse().unwrap();
    request.headers_mut().insert("x-api-key", key);
    assert_eq!(bench.ask("one", &request).await, (200, said));
    let asked = &bench.world.upstream.asked()[0];
    assert_eq!((asked.provider, asked.key.as_str()), (ModelProvider::Anthropic, OWN_KEY));
    assert_eq!(bench.used()[0].cost, Micros(1_000 * 3 + 1_000 * 3 + 100 * 15));
    let account = bench.account();
    assert_eq!((account.spent.0, account.spent_ours.0), (7_500, 0), "it is their money, not ours");
}

#[tokio::test]
async fn an_answer_that_is_not_streamed_is_counted_too() {
    let bench = Bench::new().await;
    let said = json!({ "model": "anthropic/claude-haiku-4.5", "choices": [{ "message": { "content": "four" } }],
        "usage": { "prompt_tokens": 1_000, "completion_tokens": 100 } });
    bench.will_answer(FakeAnswer::new(200, "application/json").saying(said.to_string()));
    let body = json!({ "model": "auto", "messages": [] });
    let request = bench.request("/platform/chat/completions", &body);
    assert_eq!(bench.ask("one", &request).await, (200, said.to_string()));
    assert_eq!(bench.used()[0].cost, Micros(COST));
}

#[tokio::test]
async fn nobody_is_let_through_without_the_key_of_a_project_that_is_on() {
    let bench = Bench::new().await;
    let with = |name: &str, value: &str| {
        let mut request = bench.chat();
        request.headers_mut().remove("authorization");
        let name: http::HeaderName = name.parse().unwrap();
        request.headers_mut().insert(name, value.parse().unwrap());
        request
    };
    let strangers = Request::post("/prj_nobodys/platform/chat/completions")
        .header("authorization", format!("Bearer {MODEL_KEY}"))
        .body(question().to_string())
        .unwrap();
    let cases = [
        ("no key", with("x-other", "x")),
        ("another key", with("authorization", "Bearer sk-1mins-another")),
        ("the platform's key", with("authorization", &format!("Bearer {OUR_KEY}"))),
        ("half a key", with("authorization", &format!("Bearer {}", &MODEL_KEY[..9]))),
        ("nobody's project", strangers),
    ];
    for (case, request) in cases {
        let (status, body) = bench.ask("one", &request).await;
        assert_eq!(status, 401, "{case}");
        assert!(body.contains("invalid_api_key"), "{case}: {body}");
    }
    assert!(bench.world.upstream.asked().is_empty());
    assert_eq!(bench.account().version, 0, "nothing was written for them");
}

#[tokio::test]
async fn a_key_ends_with_what_it_was_for() {
    let states = [
        (State::Provisioning, 200),
        (State::Running, 200),
        (State::Halting, 200),
        (State::Pending, 401),
        (State::PendingPayment, 401),
        (State::Stopped, 401),
        (State::Suspended, 401),
        (State::Error, 401),
        (State::Deleting, 401),
        (State::Deleted, 401),
    ];
    for (state, expected) in states {
        let project = Project { state, ..make::project() };
        let bench = Bench::of(project, FakeModelUpstream::default()).await;
        bench.will_answer(good_answer());
        let (status, _) = bench.ask("one", &bench.chat()).await;
        assert_eq!(status, expected, "{state:?}");
    }
    let bench = Bench::new().await;
    bench.world.projects.forget(&bench.project.id);
    assert_eq!(bench.ask("one", &bench.chat()).await.0, 401, "its secrets are gone");
}

#[tokio::test]
async fn a_provider_that_the_owner_has_not_chosen_is_not_asked() {
    let bench = Bench::new().await;
    let request = bench.request("/openai/responses", &json!({ "model": "gpt-5.4" }));
    let (status, body) = bench.ask("one", &request).await;
    assert_eq!(status, 401);
    assert!(body.contains("no_provider_key"), "{body}");
    let before = bench.world.configurations.find(&bench.project.id).await.unwrap().unwrap();
    bench.world.configurations.replace(&before, &before.cleared()).await.unwrap();
    let request = bench.request("/anthropic/v1/messages", &json!({ "model": "m" }));
    assert_eq!(bench.ask("two", &request).await.0, 401, "the choice was taken back");
    assert!(bench.world.upstream.asked().is_empty());
}

#[tokio::test]
async fn what_is_at_no_address_is_not_found_and_what_is_no_call_is_refused() {
    let bench = Bench::new().await;
    let cases = [
        ("/platform/models", json!({ "model": "auto" }), 404),
        ("/google/v1beta/models", json!({ "model": "auto" }), 404),
        ("/platform/chat/completions", json!({ "model": "another" }), 404),
        ("/platform/chat/completions", json!({}), 400),
        ("/platform/chat/completions", json!([]), 400),
    ];
    for (path, body, expected) in cases {
        let (status, said) = bench.ask("one", &bench.request(path, &body)).await;
        assert_eq!(status, expected, "{path}: {said}");
        assert!(serde_json::from_str::<Value>(&said).unwrap()["error"]["message"].is_string());
    }
    assert_eq!(bench.account().version, 0);
}

#[tokio::test]
async fn days_add_up() {
    let bench = Bench::new().await;
    for id in ["one", "two", "two"] {
        bench.will_answer(good_answer());
        bench.ask(id, &bench.chat()).await;
    }
    let month = bench.used()[0].month;
    let days = bench.world.usage.days(&bench.project.id, month).await.unwrap();
    assert_eq!(days.len(), 1);
    assert_eq!((days[0].calls, days[0].cost), (2, Micros(2 * COST)), "one call came twice");
    assert_eq!(bench.account().spent, Micros(2 * COST));
}
