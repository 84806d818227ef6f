//! An answer as each provider streams it.

use super::providers::Provider;
use axum::response::{
    IntoResponse, Response,
    sse::{Event, Sse},
};
use serde_json::{Value, json};
use std::convert::Infallible;

/// The whole of `words` in one piece, between a beginning and an end.
pub(super) fn stream(provider: Provider, model: &str, words: &str, body_bytes: usize) -> Response {
    // Four bytes a token is the usual rule of thumb, and the same each time.
    let (asked, said) = (body_bytes / 4, words.len().div_ceil(4));
    let events = match provider {
        Provider::Anthropic => named(anthropic(model, words, asked, said)),
        Provider::Openai => named(openai(model, words, asked, said)),
        Provider::Google => plain(google(model, words, asked, said)),
        Provider::Openrouter => {
            let mut events = plain(openrouter(model, words, asked, said));
            events.push(Event::default().data("[DONE]"));
            events
        }
    };
    let events = events.into_iter().map(Ok::<_, Infallible>);
    Sse::new(tokio_stream::iter(events)).into_response()
}

/// Events that say in their name what they are as well.
fn named(events: Vec<Value>) -> Vec<Event> {
    let event = |it: Value| {
        Event::default().event(it["type"].as_str().unwrap_or_default()).data(it.to_string())
    };
    events.into_iter().map(event).collect()
}

fn plain(events: Vec<Value>) -> Vec<Event> {
    events.into_iter().map(|it| Event::default().data(it.to_string())).collect()
}

fn anthropic(model: &str, words: &str, asked: usize, said: usize) -> Vec<Value> {
    vec![
        json!({ "type": "message_start", "message": {
            "id": "msg_standin", "type": "message", "role": "assistant", "model": model,
            "content": [], "stop_reason": null, "stop_sequence": null,
            "usage": { "input_tokens": asked, "output_tokens": 1 },
        } }),
        json!({ "type": "content_block_start", "index": 0,
            "content_block": { "type": "text", "text": "" } }),
        json!({ "type": "content_block_delta", "index": 0,
            "delta": { "type": "text_delta", "text": words } }),
        json!({ "type": "content_block_stop", "index": 0 }),
        json!({ "type": "message_delta",
            "delta": { "stop_reason": "end_turn", "stop_sequence": null },
            "usage": { "output_tokens": said } }),
        json!({ "type": "message_stop" }),
    ]
}

fn openai(model: &str, words: &str, asked: usize, said: usize) -> Vec<Value> {
    let part = json!({ "type": "output_text", "text": words, "annotations": [] });
    let item = |status: &str, content: Value| {
        json!({ "type": "message", "id": "msg_standin", "role": "assistant", "status": status,
            "content": content })
    };
    let response = |status: &str, output: Value, usage: Value| {
        json!({ "id": "resp_standin", "object": "response", "created_at": 0, "status": status,
            "model": model, "output": output, "usage": usage })
    };
    let usage = json!({ "input_tokens": asked, "output_tokens": said,
        "total_tokens": asked + said,
        "input_tokens_details": { "cached_tokens": 0 },
        "output_tokens_details": { "reasoning_tokens": 0 } });
    let whole = item("completed", json!([part]));
    let place = |kind: &str| json!({ "type": kind, "item_id": "msg_standin", "output_index": 0, "content_index": 0 });
    let with = |mut event: Value, field: &str, value: Value| {
        event[field] = value;
        event
    };
    let empty = json!({ "type": "output_text", "text": "", "annotations": [] });
    let events = [
        json!({ "type": "response.created",
            "response": response("in_progress", json!([]), Value::Null) }),
        json!({ "type": "response.output_item.added", "output_index": 0,
            "item": item("in_progress", json!([])) }),
        with(place("response.content_part.added"), "part", empty),
        with(place("response.output_text.delta"), "delta", json!(words)),
        with(place("response.output_text.done"), "text", json!(words)),
        with(place("response.content_part.done"), "part", part),
        json!({ "type": "response.output_item.done", "output_index": 0, "item": whole }),
        json!({ "type": "response.completed",
            "response": response("completed", json!([whole]), usage) }),
    ];
    let numbered = events.into_iter().enumerate();
    numbered.map(|(number, it)| with(it, "sequence_number", json!(number))).collect()
}

fn google(model: &str, words: &str, asked: usize, said: usize) -> Vec<Value> {
    vec![json!({
        "candidates": [{ "index": 0, "finishReason": "STOP",
            "content": { "role": "model", "parts": [{ "text": words }] } }],
        "usageMetadata": { "promptTokenCount": asked, "candidatesTokenCount": said,
            "totalTokenCount": asked + said },
        "modelVersion": model,
    })]
}

fn openrouter(model: &str, words: &str, asked: usize, said: usize) -> Vec<Value> {
    let chunk = |choices: Value, usage: Value| {
        json!({ "id": "gen-standin", "object": "chat.completion.chunk", "created": 0,
            "model": model, "choices": choices, "usage": usage })
    };
    let choice = |delta: Value, finish: Value| json!([{ "index": 0, "delta": delta, "finish_reason": finish }]);
    let usage = json!({ "prompt_tokens": asked, "completion_tokens": said,
        "total_tokens": asked + said });
    let spoken = json!({ "role": "assistant", "content": words });
    vec![
        chunk(choice(spoken, Value::Null), Value::Null),
        chunk(choice(json!({}), json!("stop")), Value::Null),
        chunk(json!([]), usage),
    ]
}
