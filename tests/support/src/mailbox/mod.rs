//! A mailbox for people: what the local AWS engine would have mailed, to be read in a browser.

mod letters;
mod outbox;
mod pages;

pub use letters::Letter;
pub use outbox::{Outbox, OutboxError};

use axum::{
    Json, Router,
    extract::{Path, Query, State},
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::get,
};
use serde::Deserialize;
use serde_json::json;
use std::net::SocketAddr;

/// Shows the mail that the local AWS engine keeps instead of sending it.
///
/// Pages for people at /, JSON for tests at /api/messages?to=ADDRESS (newest first).
#[derive(Debug, clap::Parser)]
#[command(name = "mailbox", version)]
pub struct Options {
    /// Address to listen on.
    #[arg(long, env = "MAILBOX_LISTEN", default_value = "0.0.0.0:4581")]
    pub listen: SocketAddr,
    /// Where the engine answers.
    #[arg(long, env = "AWS_ENDPOINT_URL", default_value = "http://172.17.0.1:4570")]
    pub engine_url: String,
}

#[derive(Deserialize)]
struct Filter {
    to: Option<String>,
}

pub fn router(outbox: Outbox) -> Router {
    Router::new()
        .route("/", get(list))
        .route("/messages/{id}", get(read))
        .route("/api/messages", get(list_json))
        .route("/_standin/health", get(health))
        .with_state(outbox)
}

async fn health() -> Json<serde_json::Value> {
    Json(json!({ "ok": true }))
}

async fn list(State(outbox): State<Outbox>, Query(filter): Query<Filter>) -> Response {
    match outbox.letters(filter.to.as_deref()).await {
        Ok(letters) => pages::list(&letters, filter.to.as_deref()).into_response(),
        Err(error) => (StatusCode::BAD_GATEWAY, pages::engine_down(&error)).into_response(),
    }
}

async fn read(State(outbox): State<Outbox>, Path(id): Path<String>) -> Response {
    match outbox.letters(None).await {
        Ok(letters) => match letters.iter().find(|it| it.id == id) {
            Some(letter) => pages::letter(letter).into_response(),
            None => (StatusCode::NOT_FOUND, pages::no_such_letter()).into_response(),
        },
        Err(error) => (StatusCode::BAD_GATEWAY, pages::engine_down(&error)).into_response(),
    }
}

async fn list_json(State(outbox): State<Outbox>, Query(filter): Query<Filter>) -> Response {
    match outbox.letters(filter.to.as_deref()).await {
        Ok(letters) => Json(json!({ "messages": letters })).into_response(),
        Err(error) => {
            (StatusCode::BAD_GATEWAY, Json(json!({ "error": error.to_string() }))).into_response()
        }
    }
}
