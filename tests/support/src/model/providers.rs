//! The providers that customers bring their own keys for, each below its name and in its own words.
//!
//! A key is good if it has the provider's form and the word `standin` where its secret begins: so there
//! are keys that look right and that nobody has issued.

use super::{
    Model, Shared, answer,
    requests::{Seen, fingerprint},
    speech,
};
use crate::clock;
use axum::{
    Json, Router,
    body::Bytes,
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use serde_json::{Value, json};
use std::sync::Arc;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Provider {
    Anthropic,
    Openai,
    Google,
    Openrouter,
}

impl Provider {
    fn issued(self) -> &'static str {
        match self {
            Self::Anthropic => "sk-ant-standin",
            Self::Openai => "sk-standin",
            Self::Google => "AIzastandin",
            Self::Openrouter => "sk-or-standin",
        }
    }

    fn key(self, headers: &HeaderMap) -> Option<&str> {
        let header = |name: &str| headers.get(name).and_then(|it| it.to_str().ok());
        match self {
            Self::Anthropic => header("x-api-key"),
            Self::Google => header("x-goog-api-key"),
            Self::Openai | Self::Openrouter => {
                header("authorization").and_then(|it| it.strip_prefix("Bearer "))
            }
        }
    }

    /// As the provider itself says that it does not know a key.
    fn refusal(self) -> Response {
        let (status, body) = match self {
            Self::Anthropic => (
                StatusCode::UNAUTHORIZED,
                json!({ "type": "error", "error": {
                    "type": "authentication_error", "message": "invalid x-api-key",
                } }),
            ),
            Self::Openai => (
                StatusCode::UNAUTHORIZED,
                json!({ "error": {
                    "message": "Incorrect API key provided.", "type": "invalid_request_error",
                    "param": null, "code": "invalid_api_key",
                } }),
            ),
            Self::Google => (
                StatusCode::BAD_REQUEST,
                json!({ "error": {
                    "code": 400, "status": "INVALID_ARGUMENT",
                    "message": "API key not valid. Please pass a valid API key.",
                    "details": [{
                        "@type": "type.googleapis.com/google.rpc.ErrorInfo",
                        "reason": "API_KEY_INVALID", "domain": "googleapis.com",
                    }],
                } }),
            ),
            Self::Openrouter => (
                StatusCode::UNAUTHORIZED,
                json!({ "error": { "message": "User not found.", "code": 401 } }),
            ),
        };
        (status, Json(body)).into_response()
    }

    fn models(self) -> Value {
        match self {
            Self::Anthropic => json!({ "has_more": false, "data": [
                { "type": "model", "id": "claude-sonnet-4-6", "display_name": "Claude Sonnet 4.6" },
            ] }),
            Self::Openai | Self::Openrouter => json!({ "object": "list", "data": [
                { "id": "gpt-5.4", "object": "model", "created": 0, "owned_by": "1mins" },
            ] }),
            Self::Google => json!({ "models": [
                { "name": "models/gemini-3.1-flash", "displayName": "Gemini 3.1 Flash" },
            ] }),
        }
    }
}

pub(super) fn routes() -> Router<Arc<Model>> {
    use Provider::{Anthropic, Google, Openai, Openrouter};
    Router::new()
        .route("/anthropic/v1/models", get(async |it: HeaderMap| models(Anthropic, &it)))
        .route(
            "/anthropic/v1/messages",
            post(async |model: Shared, it: HeaderMap, body: Bytes| {
                speak(Anthropic, &model, &it, &body)
            }),
        )
        .route("/openai/v1/models", get(async |it: HeaderMap| models(Openai, &it)))
        .route(
            "/openai/v1/responses",
            post(async |model: Shared, it: HeaderMap, body: Bytes| {
                speak(Openai, &model, &it, &body)
            }),
        )
        .route("/google/v1beta/models", get(async |it: HeaderMap| models(Google, &it)))
        .route(
            "/google/v1beta/models/{call}",
            post(async |model: Shared, it: HeaderMap, body: Bytes| {
                speak(Google, &model, &it, &body)
            }),
        )
        // For everybody, as there.
        .route("/openrouter/api/v1/models", get(async || Json(Openrouter.models())))
        .route("/openrouter/api/v1/key", get(async |it: HeaderMap| key(&it)))
        .route(
            "/openrouter/api/v1/chat/completions",
            post(async |model: Shared, it: HeaderMap, body: Bytes| {
                speak(Openrouter, &model, &it, &body)
            }),
        )
}

/// The key of a request, if it is one that this provider has issued.
fn good_key(provider: Provider, headers: &HeaderMap) -> Result<&str, Box<Response>> {
    let key = provider.key(headers).filter(|it| it.starts_with(provider.issued()));
    key.ok_or_else(|| Box::new(provider.refusal()))
}

fn models(provider: Provider, headers: &HeaderMap) -> Response {
    match good_key(provider, headers) {
        Err(refusal) => *refusal,
        Ok(_) if provider == Provider::Anthropic && !headers.contains_key("anthropic-version") => {
            let error = json!({ "type": "invalid_request_error",
                "message": "anthropic-version: header is required" });
            let body = json!({ "type": "error", "error": error });
            (StatusCode::BAD_REQUEST, Json(body)).into_response()
        }
        Ok(_) => Json(provider.models()).into_response(),
    }
}

fn key(headers: &HeaderMap) -> Response {
    match good_key(Provider::Openrouter, headers) {
        Err(refusal) => *refusal,
        Ok(_) => Json(json!({ "data": {
            "label": "sk-or-standin-...", "usage": 0, "limit": null, "is_free_tier": false,
        } }))
        .into_response(),
    }
}

/// The last thing that a person said, in whatever words this provider has for it.
fn question(provider: Provider, request: &Value) -> String {
    let said = match provider {
        Provider::Google => &request["contents"],
        Provider::Openai => &request["input"],
        Provider::Anthropic | Provider::Openrouter => &request["messages"],
    };
    let turns = said.as_array().map(Vec::as_slice).unwrap_or_default();
    let of_person = turns.iter().rev().filter(|it| it["role"] == "user");
    let words = of_person.map(|it| answer::the_persons_words(&text(it)));
    words.into_iter().find(|it| !it.is_empty()).unwrap_or_default()
}

/// Plain, or in parts of which only the text counts here.
fn text(turn: &Value) -> String {
    let content = turn.get("content").or_else(|| turn.get("parts")).unwrap_or(&Value::Null);
    match content {
        Value::String(text) => text.clone(),
        Value::Array(parts) => {
            let texts = parts.iter().filter_map(|it| it["text"].as_str());
            texts.collect::<Vec<_>>().join("\n")
        }
        _ => String::new(),
    }
}

fn speak(provider: Provider, model: &Model, headers: &HeaderMap, body: &[u8]) -> Response {
    let key = match good_key(provider, headers) {
        Err(refusal) => return *refusal,
        Ok(key) => key,
    };
    let Ok(request) = serde_json::from_slice::<Value>(body) else {
        return StatusCode::BAD_REQUEST.into_response();
    };
    let question = question(provider, &request);
    let name = request["model"].as_str().unwrap_or("gemini").to_owned();
    model.record(Seen {
        at: clock::now(),
        key_fingerprint: fingerprint(key),
        model: name.clone(),
        streamed: true,
        body_bytes: body.len(),
        messages: 0,
        tools: request["tools"].as_array().map_or(0, Vec::len),
        question: question.clone(),
        status: 200,
    });
    let words = format!("{} ({provider:?})", answer::to(&question));
    speech::stream(provider, &name, &words, body.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_question_is_found_in_every_providers_words() {
        let cases = [
            (
                Provider::Anthropic,
                json!({ "messages": [
                { "role": "user", "content": [{ "type": "text", "text": "hello" }] },
            ] }),
            ),
            (
                Provider::Openrouter,
                json!({ "messages": [
                { "role": "system", "content": "rules" }, { "role": "user", "content": "hello" },
            ] }),
            ),
            (
                Provider::Openai,
                json!({ "input": [
                { "type": "message", "role": "user",
                  "content": [{ "type": "input_text", "text": "hello" }] },
            ] }),
            ),
            (
                Provider::Google,
                json!({ "contents": [
                { "role": "user", "parts": [{ "text": "hello" }] },
                { "role": "model", "parts": [{ "text": "earlier" }] },
            ] }),
            ),
        ];
        for (provider, request) in cases {
            assert_eq!(question(provider, &request), "hello", "{provider:?}");
        }
        assert_eq!(question(Provider::Google, &json!({})), "");
    }
}
