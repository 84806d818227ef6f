//! What the real Telegram does not have: bots that are nobody's, and somebody who writes to them.

use super::{Telegram, bot::Bot};
use axum::{
    Json, Router,
    extract::{Path, State},
    http::StatusCode,
    routing::{get, post, put},
};
use serde::Deserialize;
use serde_json::{Value, json};
use std::sync::Arc;

type Shared = State<Arc<Telegram>>;

#[derive(Deserialize)]
struct NewBot {
    token: String,
    username: String,
}

#[derive(Deserialize)]
struct Message {
    text: String,
}

pub(super) fn router() -> Router<Arc<Telegram>> {
    Router::new()
        .route("/_standin/health", get(async || Json(json!({ "ok": true }))))
        .route("/_standin/bots", put(put_bot))
        .route("/_standin/bots/{token}", get(show))
        .route("/_standin/bots/{token}/messages", post(write))
}

async fn put_bot(State(telegram): Shared, Json(bot): Json<NewBot>) -> Json<Value> {
    telegram.put_bot(&bot.token, &bot.username);
    Json(json!({ "username": bot.username }))
}

async fn show(State(telegram): Shared, Path(token): Path<String>) -> Result<Json<Bot>, StatusCode> {
    telegram.bots().get(&token).cloned().map(Json).ok_or(StatusCode::NOT_FOUND)
}

async fn write(
    State(telegram): Shared,
    Path(token): Path<String>,
    Json(message): Json<Message>,
) -> StatusCode {
    telegram.write_to(&token, &message.text);
    StatusCode::ACCEPTED
}
