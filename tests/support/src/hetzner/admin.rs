//! What the real Hetzner does not have: ways to make things go wrong.

use super::{
    Hetzner, Shared,
    modes::Modes,
    problem::{Body, Problem},
};
use axum::{
    Json, Router,
    extract::{Path, State},
    http::StatusCode,
    routing::{get, post, put},
};
use serde::Deserialize;
use serde_json::{Value, json};
use std::sync::{Arc, PoisonError};

pub(super) fn router() -> Router<Arc<Hetzner>> {
    Router::new()
        .route("/_standin/health", get(health))
        .route("/_standin/modes", get(modes).put(set_modes))
        .route("/_standin/requests-left", put(set_requests_left))
        .route("/_standin/servers/{id}/vanish", post(vanish))
}

#[derive(Deserialize)]
struct RequestsLeft {
    requests: u32,
}

async fn health(State(hetzner): Shared) -> Json<Value> {
    let servers = hetzner.read(|books| books.servers.len());
    Json(json!({ "ok": true, "servers": servers }))
}

async fn modes(State(hetzner): Shared) -> Json<Modes> {
    Json(hetzner.modes(|it| it.clone()))
}

/// What the request does not name goes off.
async fn set_modes(State(hetzner): Shared, Body(wanted): Body<Modes>) -> Json<Modes> {
    hetzner.modes(|it| it.clone_from(&wanted));
    Json(wanted)
}

async fn set_requests_left(State(hetzner): Shared, Body(left): Body<RequestsLeft>) -> StatusCode {
    hetzner.limits.lock().unwrap_or_else(PoisonError::into_inner).leave(left.requests);
    StatusCode::NO_CONTENT
}

/// The server is lost, protected or not, and nobody is told.
async fn vanish(State(hetzner): Shared, Path(id): Path<u64>) -> Result<StatusCode, Problem> {
    let lost = hetzner.write(|books| books.servers.remove(&id));
    let lost = lost.ok_or_else(|| Problem::not_found("server"))?;
    hetzner.metal.scrap(lost.name).await.map_err(|error| {
        Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "server_error", error.to_string())
    })?;
    Ok(StatusCode::NO_CONTENT)
}
