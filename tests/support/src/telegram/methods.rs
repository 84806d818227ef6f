//! The methods of the Bot API, as far as bots here use them.

use super::{Telegram, bot::Bot};
use crate::clock;
use axum::{
    Json,
    body::Bytes,
    extract::{Path, Query, State},
    http::StatusCode,
    response::{IntoResponse, Response},
};
use serde_json::{Map, Value, json};
use std::{collections::BTreeMap, sync::Arc, time::Duration};

/// Longest wait of a poll, as Telegram has it.
const TIMEOUT_MAX_S: u64 = 50;
/// As many updates as one answer holds.
const LIMIT: i64 = 100;

const WEBHOOK_ACTIVE: &str = "Conflict: can't use getUpdates method while webhook is active; use \
                              deleteWebhook to delete the webhook first";
const OTHER_POLL: &str = "Conflict: terminated by other getUpdates request; make sure that only \
                          one bot instance is running";

/// What is wrong, as Telegram says it.
struct Refusal(StatusCode, &'static str);

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let Self(status, description) = self;
        let problem =
            json!({ "ok": false, "error_code": status.as_u16(), "description": description });
        (status, Json(problem)).into_response()
    }
}

/// Parameters of the address, and of a JSON body over them. Numbers may come as text.
struct Parameters(Map<String, Value>);

impl Parameters {
    fn read(query: BTreeMap<String, String>, body: &Bytes) -> Self {
        let mut all: Map<_, _> = query.into_iter().map(|(name, it)| (name, it.into())).collect();
        if let Ok(Value::Object(more)) = serde_json::from_slice(body) {
            all.extend(more);
        }
        Self(all)
    }

    fn number(&self, name: &str) -> Option<i64> {
        let value = self.0.get(name)?;
        value.as_i64().or_else(|| value.as_str()?.parse().ok())
    }

    fn is_set(&self, name: &str) -> bool {
        self.0.get(name).is_some_and(|it| *it == Value::Bool(true) || it == "true")
    }

    fn value(&self, name: &str) -> Value {
        self.0.get(name).cloned().unwrap_or_default()
    }
}

pub(super) async fn answer(
    State(telegram): State<Arc<Telegram>>,
    Path((bot, method)): Path<(String, String)>,
    Query(query): Query<BTreeMap<String, String>>,
    body: Bytes,
) -> Response {
    let parameters = Parameters::read(query, &body);
    match perform(&telegram, &bot, &method, &parameters).await {
        Ok(result) => Json(json!({ "ok": true, "result": result })).into_response(),
        Err(refusal) => refusal.into_response(),
    }
}

async fn perform(
    telegram: &Telegram,
    bot: &str,
    method: &str,
    parameters: &Parameters,
) -> Result<Value, Refusal> {
    let not_found = || Refusal(StatusCode::NOT_FOUND, "Not Found");
    let token = bot.strip_prefix("bot").filter(|it| it.contains(':')).ok_or_else(not_found)?;
    // Methods are not told apart by case.
    match method.to_ascii_lowercase().as_str() {
        "getupdates" => get_updates(telegram, token, parameters).await,
        "getme" => with_bot(telegram, token, |it| {
            let id: i64 =
                token.split(':').next().and_then(|it| it.parse().ok()).unwrap_or_default();
            json!({ "id": id, "is_bot": true, "first_name": it.username, "username": it.username })
        }),
        "getwebhookinfo" => with_bot(telegram, token, |it| {
            let waits = it.updates.len();
            json!({ "url": it.webhook, "has_custom_certificate": false, "pending_update_count": waits })
        }),
        "setwebhook" => {
            with_bot(telegram, token, |it| hook(it, parameters, &parameters.value("url")))
        }
        "deletewebhook" => with_bot(telegram, token, |it| hook(it, parameters, &Value::Null)),
        "sendmessage" => with_bot(telegram, token, |it| {
            it.say(&parameters.value("chat_id"), &parameters.value("text"))
        }),
        _ => Err(not_found()),
    }
}

fn with_bot<T>(
    telegram: &Telegram,
    token: &str,
    act: impl FnOnce(&mut Bot) -> T,
) -> Result<T, Refusal> {
    let unauthorized = || Refusal(StatusCode::UNAUTHORIZED, "Unauthorized");
    telegram.bots().get_mut(token).map(act).ok_or_else(unauthorized)
}

/// Whoever polls meanwhile finds out at once.
fn hook(bot: &mut Bot, parameters: &Parameters, url: &Value) -> Value {
    url.as_str().unwrap_or_default().clone_into(&mut bot.webhook);
    if parameters.is_set("drop_pending_updates") {
        bot.updates.clear();
    }
    Value::Bool(true)
}

async fn get_updates(
    telegram: &Telegram,
    token: &str,
    parameters: &Parameters,
) -> Result<Value, Refusal> {
    let limit = parameters.number("limit").unwrap_or(LIMIT).clamp(1, LIMIT);
    let limit = usize::try_from(limit).unwrap_or_default();
    let wait_s =
        u64::try_from(parameters.number("timeout").unwrap_or_default()).unwrap_or_default();
    let patience = Duration::from_secs(wait_s.min(TIMEOUT_MAX_S));
    let began = clock::stopwatch();
    let poll = with_bot(telegram, token, |bot| {
        bot.confirm(parameters.number("offset").unwrap_or_default());
        bot.poll += 1;
        bot.poll
    })?;
    telegram.news.notify_waiters();
    loop {
        let news = telegram.news.notified();
        let found = with_bot(telegram, token, |bot| {
            if !bot.webhook.is_empty() {
                return Err(Refusal(StatusCode::CONFLICT, WEBHOOK_ACTIVE));
            }
            if bot.poll != poll {
                return Err(Refusal(StatusCode::CONFLICT, OTHER_POLL));
            }
            Ok(bot.updates.iter().take(limit).cloned().collect::<Vec<_>>())
        })??;
        let left = patience.saturating_sub(began.elapsed());
        if !found.is_empty() || left.is_zero() {
            return Ok(found.into());
        }
        let _ = tokio::time::timeout(left, news).await;
    }
}
