//! The APIs that providers have, as far as they say what a call took.
//!
//! Five numbers are read out of what passes by, and nothing is written back. So there are no types of whole
//! APIs here (`async-openai` has them, and refuses what its providers add each month): what is not one of
//! these numbers may be anything.

use domain::{model::ModelProvider, usage::Tokens};
use serde_json::{Map, Value};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Dialect {
    /// `OpenAI`'s chat completions, which most speak.
    Completions,
    /// `OpenAI`'s own.
    Responses,
    /// Anthropic's.
    Messages,
}

/// What an answer has said of itself so far.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Seen {
    /// Of the last word on it.
    pub(crate) input: Option<Tokens>,
    pub(crate) output: Option<u64>,
    /// Of the answer's own words.
    pub(crate) text_bytes: u64,
    /// Who answered: a router's choice is not what was asked for.
    pub(crate) model: Option<String>,
}

impl Dialect {
    /// What lies at `path` below a provider's address.
    pub(crate) fn at(provider: ModelProvider, path: &str) -> Option<Self> {
        use ModelProvider::{Anthropic, Google, Openai, Openrouter, Platform};
        match (provider, path) {
            (Platform | Openai | Openrouter, "chat/completions") => Some(Self::Completions),
            (Openai, "responses") => Some(Self::Responses),
            (Anthropic, "v1/messages") => Some(Self::Messages),
            (Platform | Openai | Openrouter | Anthropic | Google, _) => None,
        }
    }

    pub(crate) fn path(self) -> &'static str {
        match self {
            Self::Completions => "/chat/completions",
            Self::Responses => "/responses",
            Self::Messages => "/v1/messages",
        }
    }

    /// Has a streamed answer say at its end what it took. Whoever did not ask for that gets one more piece,
    /// without words in it, which the API knows.
    pub(crate) fn ask_for_usage(self, body: &mut Map<String, Value>) {
        if self == Self::Completions && body.get("stream") == Some(&Value::Bool(true)) {
            let options = body.entry("stream_options").or_insert_with(|| Map::new().into());
            if !options.is_object() {
                *options = Map::new().into();
            }
            options["include_usage"] = true.into();
        }
    }

    /// The most that an answer may be long, in tokens, if `body` says.
    pub(crate) fn max_output(self, body: &Map<String, Value>) -> Option<u64> {
        let names: &[&str] = match self {
            Self::Completions => &["max_completion_tokens", "max_tokens"],
            Self::Responses => &["max_output_tokens"],
            Self::Messages => &["max_tokens"],
        };
        names.iter().find_map(|it| body.get(*it)?.as_u64())
    }

    /// Notes what `said`, a whole answer or a piece of one, says of itself.
    pub(crate) fn note(self, said: &Value, seen: &mut Seen) {
        match self {
            Self::Completions => note_completion(said, seen),
            Self::Responses => note_response(said, seen),
            Self::Messages => note_message(said, seen),
        }
    }
}

fn note_completion(said: &Value, seen: &mut Seen) {
    note_model(said, seen);
    for choice in said["choices"].as_array().into_iter().flatten() {
        for words in [&choice["delta"], &choice["message"]] {
            let calls = words["tool_calls"].as_array().into_iter().flatten();
            let calls = calls.map(|it| &it["function"]["arguments"]);
            for text in [&words["content"], &words["reasoning"]].into_iter().chain(calls) {
                note_text(text, seen);
            }
        }
    }
    let usage = &said["usage"];
    if let Some(prompt) = usage["prompt_tokens"].as_u64() {
        let details = &usage["prompt_tokens_details"];
        seen.input =
            Some(with_cache(prompt, &details["cached_tokens"], &details["cache_write_tokens"]));
        seen.output = usage["completion_tokens"].as_u64();
    }
}

fn note_response(said: &Value, seen: &mut Seen) {
    // Pieces are events, the last of which has the whole answer in it.
    let whole = if said["response"].is_object() { &said["response"] } else { said };
    note_model(whole, seen);
    note_text(&said["delta"], seen);
    let usage = &whole["usage"];
    if let Some(input) = usage["input_tokens"].as_u64() {
        let cached = &usage["input_tokens_details"]["cached_tokens"];
        seen.input = Some(with_cache(input, cached, &Value::Null));
        seen.output = usage["output_tokens"].as_u64();
    }
}

/// What was read is said at the beginning, what was written at the end; a number that comes again replaces
/// the earlier one.
fn note_message(said: &Value, seen: &mut Seen) {
    let begins = said["type"] == "message_start";
    let message = if begins { &said["message"] } else { said };
    note_model(message, seen);
    for part in ["text", "thinking", "partial_json"] {
        note_text(&said["delta"][part], seen);
    }
    let usage = &message["usage"];
    if let Some(input) = usage["input_tokens"].as_u64() {
        seen.input = Some(Tokens {
            input,
            cached: usage["cache_read_input_tokens"].as_u64().unwrap_or(0),
            cache_written: usage["cache_creation_input_tokens"].as_u64().unwrap_or(0),
            output: 0,
        });
    }
    // At the beginning it says 1 or so, whatever comes.
    if !begins && let Some(output) = usage["output_tokens"].as_u64() {
        seen.output = Some(output);
    }
}

/// `OpenAI` counts what came from the cache among what was read.
fn with_cache(read: u64, cached: &Value, written: &Value) -> Tokens {
    let cached = cached.as_u64().unwrap_or(0).min(read);
    let cache_written = written.as_u64().unwrap_or(0).min(read - cached);
    Tokens { input: read - cached - cache_written, cached, cache_written, output: 0 }
}

fn note_text(text: &Value, seen: &mut Seen) {
    seen.text_bytes += text.as_str().map_or(0, |it| it.len() as u64);
}

fn note_model(said: &Value, seen: &mut Seen) {
    if let Some(model) = said["model"].as_str() {
        seen.model = Some(model.to_owned());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn seen(dialect: Dialect, pieces: &[Value]) -> Seen {
        let mut seen = Seen::default();
        for piece in pieces {
            dialect.note(piece, &mut seen);
        }
        seen
    }

    fn tokens(input: u64, cached: u64, cache_written: u64) -> Tokens {
        Tokens { input, cached, cache_written, output: 0 }
    }

    /// As each provider documents its answers.
    #[test]
    #[expect(clippy::too_many_lines, reason = "a table")]
    fn what_a_call_took_is_read_from_each_providers_answers() {
        let completion_usage = json!({ "prompt_tokens": 100, "completion_tokens": 7, "total_tokens": 107,
            "prompt_tokens_details": { "cached_tokens": 60 } });
        let response_usage = json!({ "input_tokens": 100, "output_tokens": 7,
            "input_tokens_details": { "cached_tokens": 60 } });
        let cases = [
            (
                "a completion, streamed",
                Dialect::Completions,
                vec![
                    json!({ "model": "m-1", "choices": [{ "delta": { "role": "assistant", "content": "" } }], "usage": null }),
                    json!({ "model": "m-1", "choices": [{ "delta": { "content": "four" } }], "usage": null }),
                    json!({ "model": "m-1", "choices": [], "usage": completion_usage }),
                ],
                tokens(40, 60, 0),
                4,
            ),
            (
                "a completion, whole",
                Dialect::Completions,
                vec![
                    json!({ "model": "m-1", "choices": [{ "message": { "content": "four" } }], "usage": completion_usage }),
                ],
                tokens(40, 60, 0),
                4,
            ),
            (
                "a call of a tool",
                Dialect::Completions,
                vec![
                    json!({ "model": "m-1", "choices": [{ "delta": { "tool_calls": [{ "function": { "arguments": "{\"a\"" } }] } }] }),
                    json!({ "model": "m-1", "choices": [], "usage": completion_usage }),
                ],
                tokens(40, 60, 0),
                4,
            ),
            (
                "a response, streamed",
                Dialect::Responses,
                vec![
                    json!({ "type": "response.created", "response": { "model": "m-1", "usage": null } }),
                    json!({ "type": "response.output_text.delta", "delta": "four" }),
                    json!({ "type": "response.completed", "response": { "model": "m-1", "usage": response_usage } }),
                ],
                tokens(40, 60, 0),
                4,
            ),
            (
                "a response, whole",
                Dialect::Responses,
                vec![json!({ "object": "response", "model": "m-1", "usage": response_usage })],
                tokens(40, 60, 0),
                0,
            ),
            (
                "a message, streamed",
                Dialect::Messages,
                vec![
                    json!({ "type": "message_start", "message": { "model": "m-1", "usage": {
                    "input_tokens": 40, "cache_read_input_tokens": 60, "cache_creation_input_tokens": 5, "output_tokens": 1 } } }),
                    json!({ "type": "content_block_delta", "delta": { "type": "text_delta", "text": "four" } }),
                    json!({ "type": "message_delta", "delta": { "stop_reason": "end_turn" }, "usage": { "output_tokens": 7 } }),
                    json!({ "type": "message_stop" }),
                ],
                tokens(40, 60, 5),
                4,
            ),
            (
                "a message, whole",
                Dialect::Messages,
                vec![
                    json!({ "type": "message", "model": "m-1", "usage": { "input_tokens": 40, "output_tokens": 7 } }),
                ],
                tokens(40, 0, 0),
                0,
            ),
        ];
        for (case, dialect, pieces, input, text_bytes) in cases {
            let model = Some("m-1".to_owned());
            let expected = Seen { input: Some(input), output: Some(7), text_bytes, model };
            assert_eq!(seen(dialect, &pieces), expected, "{case}");
        }
    }

    #[test]
    fn the_beginning_of_a_message_is_not_its_end() {
        let usage = json!({ "input_tokens": 40, "output_tokens": 1 });
        let start = json!({ "type": "message_start", "message": { "usage": usage } });
        let seen = seen(Dialect::Messages, &[start]);
        assert_eq!((seen.input, seen.output), (Some(tokens(40, 0, 0)), None));
    }

    #[test]
    fn nonsense_says_nothing_and_more_cached_than_read_is_all_cached() {
        let nonsense = [
            json!(null),
            json!([1, 2]),
            json!("text"),
            json!({ "choices": 3, "usage": "much", "delta": 4, "response": [], "message": {} }),
            json!({ "usage": { "prompt_tokens": -1, "input_tokens": "7", "output_tokens": null } }),
        ];
        for dialect in [Dialect::Completions, Dialect::Responses, Dialect::Messages] {
            assert_eq!(seen(dialect, &nonsense), Seen::default(), "{dialect:?}");
        }
        let usage = json!({ "prompt_tokens": 5, "prompt_tokens_details": { "cached_tokens": 9 } });
        let it = seen(Dialect::Completions, &[json!({ "usage": usage })]);
        assert_eq!(it.input, Some(tokens(0, 5, 0)));
    }

    #[test]
    fn usage_is_asked_for_where_it_has_to_be() {
        let asked = |dialect: Dialect, mut body: Value| {
            dialect.ask_for_usage(body.as_object_mut().unwrap());
            body
        };
        let with = json!({ "stream": true, "stream_options": { "include_usage": true } });
        let cases = [
            (Dialect::Completions, json!({ "stream": true }), with.clone()),
            (Dialect::Completions, json!({ "stream": true, "stream_options": null }), with.clone()),
            (
                Dialect::Completions,
                json!({ "stream": true, "stream_options": { "include_usage": false } }),
                with,
            ),
            (Dialect::Completions, json!({ "stream": false }), json!({ "stream": false })),
            (Dialect::Messages, json!({ "stream": true }), json!({ "stream": true })),
            (Dialect::Responses, json!({ "stream": true }), json!({ "stream": true })),
        ];
        for (dialect, body, expected) in cases {
            assert_eq!(asked(dialect, body.clone()), expected, "{dialect:?}: {body}");
        }
    }
}
