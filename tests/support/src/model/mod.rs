//! A stand-in for language models: the platform's own, with the API of `OpenAI`, and those of the
//! providers that customers bring keys for; with answers that a test can predict.

mod answer;
mod chat;
mod providers;
mod refusal;
mod requests;
mod speech;

pub use requests::{Limit, Manner, Seen};

use axum::{
    Json, Router,
    extract::{DefaultBodyLimit, State},
    routing::{get, post, put},
};
use serde_json::{Value, json};
use std::{
    net::SocketAddr,
    sync::{Arc, Mutex},
};

/// An agent sends its whole conversation each time, with tools: tens of kilobytes and growing.
const MAX_BODY_BYTES: usize = 32 * 1024 * 1024;

/// A stand-in for a language model behind a chat completions API.
///
/// It quotes the question back and can do sums. GET /_standin/requests shows what it was asked,
/// Below `/anthropic`, `/openai`, `/google` and `/openrouter` it answers as these do, to keys such as
/// `sk-ant-standin…`, `sk-standin…`, `AIzastandin…` and `sk-or-standin…`.
/// PUT `/_standin/limit` with `{"requests": 1, "retry_after_s": 2}` makes it answer 429, and
/// PUT `/_standin/manner` with `{"tells_usage": false}` or `{"breaks_off": true}` how some providers do.
#[derive(Clone, Debug, clap::Parser)]
#[command(name = "model-standin", version)]
pub struct Options {
    /// Address to listen on.
    #[arg(long, env = "MODEL_LISTEN", default_value = "0.0.0.0:4582")]
    pub listen: SocketAddr,
    /// What every API key has to begin with.
    #[arg(long, env = "MODEL_KEY_PREFIX", default_value = "sk-1mins-")]
    pub key_prefix: String,
    /// The name of the model in GET /v1/models.
    #[arg(long, env = "MODEL_ID", default_value = "stand-in")]
    pub model_id: String,
    /// Pause between two words of a streamed answer, in milliseconds.
    #[arg(long, env = "MODEL_WORD_PAUSE_MS", default_value_t = 15)]
    pub word_pause_ms: u64,
}

pub(crate) struct Model {
    options: Options,
    seen: Mutex<Vec<Seen>>,
    limit: Mutex<Limit>,
    manner: Mutex<Manner>,
}

type Shared = State<Arc<Model>>;

pub fn router(options: Options) -> Router {
    let model = Model {
        options,
        seen: Mutex::default(),
        limit: Mutex::default(),
        manner: Mutex::default(),
    };
    Router::new()
        .route("/v1/models", get(list_models))
        .route("/v1/chat/completions", post(chat::complete))
        .merge(providers::routes())
        .route("/_standin/health", get(health))
        .route("/_standin/requests", get(requests::list).delete(requests::forget))
        .route("/_standin/limit", put(requests::set_limit).post(requests::set_limit))
        .route("/_standin/manner", put(requests::set_manner))
        .layer(DefaultBodyLimit::max(MAX_BODY_BYTES))
        .with_state(Arc::new(model))
}

async fn health() -> Json<Value> {
    Json(json!({ "ok": true }))
}

async fn list_models(
    State(model): Shared,
    headers: axum::http::HeaderMap,
) -> Result<Json<Value>, refusal::Refusal> {
    model.require_key(&headers)?;
    let it = json!({ "id": model.options.model_id, "object": "model", "created": 0, "owned_by": "1mins" });
    Ok(Json(json!({ "object": "list", "data": [it] })))
}
