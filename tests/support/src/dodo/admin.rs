//! What the real Dodo does not have: a look inside, and ways to make things go wrong.

use super::{
    Dodo, Shared,
    books::PaymentStatus,
    problem::{Body, Problem},
};
use axum::{
    Json, Router,
    extract::{Path, State},
    routing::{get, post, put},
};
use serde::Deserialize;
use serde_json::{Value, json};
use std::sync::{Arc, atomic::Ordering};

pub(super) fn router() -> Router<Arc<Dodo>> {
    Router::new()
        .route("/_standin/health", get(health))
        .route("/_standin/deliveries", get(deliveries))
        .route("/_standin/deliveries/{id}/redeliver", post(redeliver))
        .route("/_standin/outage", put(set_outage))
        .route("/_standin/webhook", put(set_webhook))
        .route("/_standin/sessions", get(sessions))
        .route("/_standin/sessions/{id}/pay", post(pay))
        .route("/_standin/sessions/{id}/decline", post(decline))
        .route("/_standin/subscriptions/{id}/status", post(push))
}

#[derive(Deserialize)]
struct Outage {
    on: bool,
}

#[derive(Deserialize)]
struct Webhook {
    url: Option<String>,
}

#[derive(Deserialize)]
struct Push {
    status: String,
}

async fn health(State(dodo): Shared) -> Json<Value> {
    let endpoint = dodo.read(|books| books.webhook_url.clone());
    Json(json!({ "ok": true, "webhook_url": endpoint, "outage": dodo.is_out() }))
}

/// Oldest first.
async fn deliveries(State(dodo): Shared) -> Json<Value> {
    let mut items = dodo.read(|books| books.deliveries.values().cloned().collect::<Vec<_>>());
    items.sort_by_key(|it| it.event_at);
    Json(json!({ "items": items }))
}

async fn redeliver(State(dodo): Shared, Path(id): Path<String>) -> Result<Json<Value>, Problem> {
    let missing =
        || Problem::not_found("DELIVERY_NOT_FOUND", format!("no delivery `{id}`, or no endpoint"));
    let attempt = dodo.attempt(&id).await.ok_or_else(missing)?;
    Ok(Json(json!({ "id": id, "attempt": attempt })))
}

async fn set_outage(State(dodo): Shared, Body(outage): Body<Outage>) -> Json<Value> {
    dodo.outage.store(outage.on, Ordering::Relaxed);
    Json(json!({ "on": outage.on }))
}

async fn set_webhook(State(dodo): Shared, Body(webhook): Body<Webhook>) -> Json<Value> {
    dodo.write(|books| books.webhook_url.clone_from(&webhook.url));
    Json(json!({ "url": webhook.url }))
}

async fn sessions(State(dodo): Shared) -> Json<Value> {
    let items = dodo.read(|books| books.sessions.values().cloned().collect::<Vec<_>>());
    Json(json!({ "items": items }))
}

async fn pay(State(dodo): Shared, Path(id): Path<String>) -> Result<Json<Value>, Problem> {
    charge(&dodo, &id, PaymentStatus::Succeeded)
}

async fn decline(State(dodo): Shared, Path(id): Path<String>) -> Result<Json<Value>, Problem> {
    charge(&dodo, &id, PaymentStatus::Failed)
}

fn charge(dodo: &Arc<Dodo>, id: &str, status: PaymentStatus) -> Result<Json<Value>, Problem> {
    let (session, payment) = dodo.charge(id, status, None)?;
    let redirect = dodo.return_address(&session, &payment);
    Ok(Json(json!({
        "payment_id": payment.payment_id,
        "subscription_id": payment.subscription_id,
        "redirect": redirect.map(String::from),
    })))
}

async fn push(
    State(dodo): Shared,
    Path(id): Path<String>,
    Body(change): Body<Push>,
) -> Result<Json<Value>, Problem> {
    dodo.push(&id, &change.status).map(Json)
}
