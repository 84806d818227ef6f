//! What the real Google does not have: a look inside, and ways to make things go wrong.

use super::{Asked, Google, Shared, account::Account, mode::Mode};
use axum::{
    Json, Router,
    extract::State,
    http::StatusCode,
    routing::{get, post, put},
};
use serde_json::{Value, json};
use std::sync::Arc;

pub(super) fn router() -> Router<Arc<Google>> {
    Router::new()
        .route("/_standin/health", get(health))
        .route("/_standin/requests", get(requests))
        .route("/_standin/accounts", get(accounts).put(put_account))
        .route("/_standin/mode", put(set_mode).get(mode))
        .route("/_standin/keys/rotate", post(rotate))
}

async fn health() -> Json<Value> {
    Json(json!({ "ok": true }))
}

async fn requests(State(google): Shared) -> Json<Asked> {
    Json(google.asked())
}

async fn accounts(State(google): Shared) -> Json<Value> {
    Json(json!({ "items": google.books().accounts }))
}

async fn put_account(State(google): Shared, Json(account): Json<Account>) -> Json<Account> {
    google.put_account(account.clone());
    Json(account)
}

async fn mode(State(google): Shared) -> Json<Mode> {
    Json(google.books().mode.clone())
}

async fn set_mode(State(google): Shared, Json(mode): Json<Mode>) -> Json<Mode> {
    google.set_mode(mode.clone());
    Json(mode)
}

async fn rotate(State(google): Shared) -> Result<Json<Value>, (StatusCode, String)> {
    let kid = google.rotate_key();
    let failed =
        |error: super::OptionsError| (StatusCode::INTERNAL_SERVER_ERROR, error.to_string());
    Ok(Json(json!({ "kid": kid.map_err(failed)? })))
}
