//! What the real Dodo does not have: a look inside, its clock, and switches for what goes wrong.

use super::{
    Dodo, Outage, Shared,
    problem::{Body, Problem},
    records::Card,
};
use axum::{
    Json, Router,
    extract::{Path, State},
    http::StatusCode,
    routing::{get, post, put},
};
use jiff::SignedDuration;
use serde::Deserialize;
use serde_json::{Value, json};
use std::sync::Arc;

const HELP: &str = "\
GET  /_standin/health
GET  /_standin/clock
POST /_standin/clock/advance                 {\"days\": 30} or {\"seconds\": 5}
PUT  /_standin/outage                        {\"on\": true}, or {\"mode\": \"loses_answers\"}
PUT  /_standin/webhook                       {\"url\": \"http://…\"}; without one they wait
GET  /_standin/deliveries
POST /_standin/deliveries/{id}/redeliver
GET  /_standin/sessions
POST /_standin/sessions/{id}/pay, …/decline
GET  /_standin/subscriptions
POST /_standin/subscriptions/{id}/card       {\"card\": \"declined\"}
POST /_standin/subscriptions/{id}/renew
POST /_standin/subscriptions/{id}/fail       {\"grace_days\": 3}
POST /_standin/subscriptions/{id}/status     {\"status\": \"expired\"}
POST /_standin/refunds                       {\"about\": \"pay_… or sub_…\", \"amount\": 100}
POST /_standin/disputes                      {\"about\": \"pay_… or sub_…\"}
POST /_standin/disputes/{id}/{outcome}
POST /_standin/emit                          {\"type\": \"…\", \"about\": \"…\", \"data\": {…}, \"copies\": 2}
";

/// A year: renewals on the way are all lived through.
const MAX_ADVANCE: SignedDuration = SignedDuration::from_hours(24 * 366);

pub(super) fn router() -> Router<Arc<Dodo>> {
    Router::new()
        .route("/_standin", get(HELP))
        .route("/_standin/health", get(health))
        .route("/_standin/clock", get(clock))
        .route("/_standin/clock/advance", post(advance))
        .route("/_standin/deliveries", get(deliveries))
        .route("/_standin/deliveries/{id}/redeliver", post(redeliver))
        .route("/_standin/outage", put(set_outage))
        .route("/_standin/webhook", put(set_webhook))
        .route("/_standin/sessions", get(sessions))
        .route("/_standin/sessions/{id}/pay", post(pay))
        .route("/_standin/sessions/{id}/decline", post(decline))
}

#[derive(Deserialize)]
struct Advance {
    #[serde(default)]
    days: i64,
    #[serde(default)]
    seconds: i64,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Switch {
    Mode { mode: Outage },
    On { on: bool },
}

#[derive(Deserialize)]
struct Webhook {
    url: Option<String>,
}

async fn health(State(dodo): Shared) -> Json<Value> {
    let endpoint = dodo.read(|books| books.webhook_url.clone());
    let outage = dodo.outage();
    Json(json!({ "ok": true, "webhook_url": endpoint, "outage": outage, "now": dodo.now() }))
}

async fn clock(State(dodo): Shared) -> Json<Value> {
    let (now, ahead_s) = dodo.read(|books| (books.now(), books.ahead_s));
    Json(json!({ "now": now, "ahead_s": ahead_s }))
}

/// Only forwards: what has happened stays happened.
async fn advance(State(dodo): Shared, Body(by): Body<Advance>) -> Result<Json<Value>, Problem> {
    let seconds = by.days.checked_mul(86_400).and_then(|it| it.checked_add(by.seconds));
    let by = seconds.map(SignedDuration::from_secs);
    let by = by.filter(|it| it.is_positive() && *it <= MAX_ADVANCE).ok_or_else(|| {
        Problem::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "INVALID_ADVANCE",
            "the clock moves forwards, by a year at most at a time",
        )
    })?;
    Ok(Json(json!({ "now": dodo.advance(by) })))
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

async fn set_outage(State(dodo): Shared, Body(switch): Body<Switch>) -> Json<Value> {
    let outage = match switch {
        Switch::Mode { mode } => mode,
        Switch::On { on: true } => Outage::Refuses,
        Switch::On { on: false } => Outage::Off,
    };
    dodo.set_outage(outage);
    Json(json!({ "on": outage != Outage::Off, "mode": outage }))
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
    charge(&dodo, &id, Card::Good)
}

async fn decline(State(dodo): Shared, Path(id): Path<String>) -> Result<Json<Value>, Problem> {
    charge(&dodo, &id, Card::Declined)
}

fn charge(dodo: &Arc<Dodo>, id: &str, card: Card) -> Result<Json<Value>, Problem> {
    let (session, payment) = dodo.charge(id, card, None)?;
    let redirect = dodo.return_address(&session, &payment);
    Ok(Json(json!({
        "payment_id": payment.payment_id,
        "subscription_id": payment.subscription_id,
        "redirect": redirect.map(String::from),
    })))
}
