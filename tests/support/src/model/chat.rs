//! Chat completions, whole or word by word.

use super::{
    Model, Shared, answer,
    refusal::Refusal,
    requests::{Manner, Seen, fingerprint},
};
use crate::{clock, random};
use axum::{
    Json,
    body::Bytes,
    extract::State,
    http::HeaderMap,
    response::{
        IntoResponse, Response,
        sse::{Event, Sse},
    },
};
use serde::Deserialize;
use serde_json::{Value, json};
use std::{sync::Arc, time::Duration};
use tokio_stream::wrappers::ReceiverStream;

#[derive(Deserialize)]
struct Request {
    model: String,
    messages: Vec<Message>,
    #[serde(default)]
    stream: bool,
    #[serde(default)]
    stream_options: Option<StreamOptions>,
    #[serde(default)]
    tools: Vec<Value>,
}

#[derive(Deserialize)]
struct StreamOptions {
    #[serde(default)]
    include_usage: bool,
}

#[derive(Deserialize)]
struct Message {
    role: String,
    #[serde(default)]
    content: Option<Content>,
}

/// Plain, or in parts of which only the text counts here.
#[derive(Deserialize)]
#[serde(untagged)]
enum Content {
    Text(String),
    Parts(Vec<Part>),
}

#[derive(Deserialize)]
struct Part {
    #[serde(default)]
    text: String,
}

pub(super) async fn complete(
    State(model): Shared,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Refusal> {
    let key = model.require_key(&headers)?;
    let request: Request =
        serde_json::from_slice(&body).map_err(|error| Refusal::BadRequest(error.to_string()))?;
    let said = request.said();
    let question = said.last().cloned().unwrap_or_default();
    let mut seen = Seen {
        at: clock::now(),
        key_fingerprint: fingerprint(key),
        model: request.model.clone(),
        streamed: request.stream,
        body_bytes: body.len(),
        messages: request.messages.len(),
        tools: request.tools.len(),
        question,
        status: 200,
    };
    if let Some(retry_after_s) = model.take_refusal() {
        seen.status = 429;
        model.record(seen);
        return Err(Refusal::Limited { retry_after_s });
    }
    model.record(seen);
    let completion = Completion::of(&request, answer::within(&said), body.len());
    let manner = model.manner();
    if request.stream {
        let told = manner.tells_usage && request.wants_usage();
        let completion = if told { completion } else { completion.without_usage() };
        return Ok(stream(&model, completion, manner));
    }
    let completion = if manner.tells_usage { completion } else { completion.without_usage() };
    Ok(Json(completion.whole()).into_response())
}

impl Request {
    /// Of a stream nobody is told what it took who did not ask.
    fn wants_usage(&self) -> bool {
        self.stream_options.as_ref().is_some_and(|it| it.include_usage)
    }

    /// What a person said, the newest last: an agent may send messages of its own among it.
    fn said(&self) -> Vec<String> {
        let said = self.messages.iter().filter(|it| it.role == "user").map(Message::text);
        said.map(|it| answer::the_persons_words(&it)).filter(|it| !it.is_empty()).collect()
    }
}

impl Message {
    fn text(&self) -> String {
        match &self.content {
            None => String::new(),
            Some(Content::Text(text)) => text.clone(),
            Some(Content::Parts(parts)) => {
                parts.iter().map(|it| it.text.as_str()).collect::<Vec<_>>().join("\n")
            }
        }
    }
}

struct Completion {
    id: String,
    created: i64,
    model: String,
    answer: String,
    usage: Value,
}

impl Completion {
    fn of(request: &Request, answer: String, body_bytes: usize) -> Self {
        // Four bytes a token is the usual rule of thumb, and the same each time.
        let (prompt, completion) = (body_bytes / 4, answer.len().div_ceil(4));
        Self {
            id: random::id("chatcmpl-"),
            created: clock::now().as_second(),
            model: request.model.clone(),
            answer,
            usage: json!({
                "prompt_tokens": prompt,
                "completion_tokens": completion,
                "total_tokens": prompt + completion,
            }),
        }
    }

    fn without_usage(self) -> Self {
        Self { usage: Value::Null, ..self }
    }

    fn whole(&self) -> Value {
        let message = json!({ "role": "assistant", "content": self.answer, "refusal": null });
        let choice =
            json!({ "index": 0, "message": message, "logprobs": null, "finish_reason": "stop" });
        json!({
            "id": self.id, "object": "chat.completion", "created": self.created,
            "model": self.model, "choices": [choice], "usage": self.usage,
        })
    }

    fn chunk(&self, choices: &Value, usage: &Value) -> Event {
        let chunk = json!({
            "id": self.id, "object": "chat.completion.chunk", "created": self.created,
            "model": self.model, "choices": choices, "usage": usage,
        });
        Event::default().data(chunk.to_string())
    }

    /// The role, the words, the end, the usage if it is told, and the word that ends the stream.
    fn events(&self) -> Vec<Event> {
        let choice = |delta: Value, finish: Option<&str>| json!([{ "index": 0, "delta": delta, "logprobs": null, "finish_reason": finish }]);
        let mut events = vec![
            self.chunk(&choice(json!({ "role": "assistant", "content": "" }), None), &Value::Null),
        ];
        for word in self.answer.split_inclusive(' ') {
            events.push(self.chunk(&choice(json!({ "content": word }), None), &Value::Null));
        }
        events.push(self.chunk(&choice(json!({}), Some("stop")), &Value::Null));
        if !self.usage.is_null() {
            events.push(self.chunk(&json!([]), &self.usage));
        }
        events.push(Event::default().data("[DONE]"));
        events
    }
}

fn stream(model: &Arc<Model>, completion: Completion, manner: Manner) -> Response {
    let pause = Duration::from_millis(model.options.word_pause_ms);
    let (sender, receiver) = tokio::sync::mpsc::channel(1);
    tokio::spawn(async move {
        let mut events = completion.events();
        if manner.breaks_off {
            events.truncate(events.len() / 2);
        }
        for event in events {
            // A reader who has gone away needs no more words.
            if sender.send(Ok(event)).await.is_err() {
                return;
            }
            clock::pause(pause).await;
        }
        if manner.breaks_off {
            // Nobody is left to tell if this does not arrive.
            let _ = sender.send(Err(std::io::Error::other("it breaks off"))).await;
        }
    });
    Sse::new(ReceiverStream::new(receiver)).into_response()
}
