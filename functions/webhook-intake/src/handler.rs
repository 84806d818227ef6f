//! Verify, store, tell billing, answer.

use crate::{
    secret::Secrets,
    signature::{Signed, verify},
};
use contracts::{billing::Message, webhook::Webhook};
use http::{HeaderMap, Request, Response, StatusCode};
use jiff::Timestamp;
use ports::{
    Unavailable,
    deliveries::{Deliveries, Delivery},
    queue::Queue,
};
use serde_json::{Map, Value};

/// The largest body that is read. Dodo's are a few kilobytes.
pub const MAX_BODY_BYTES: usize = 256 * 1024;
/// The longest `webhook-id`: it becomes a key, and the queue knows a repeat by it.
const MAX_ID_BYTES: usize = 128;

/// Why a delivery is not taken. The sender repeats after any of them; only the last can get better.
#[derive(Debug, thiserror::Error)]
enum Refusal {
    #[error("the header `{0}` is missing or malformed")]
    Header(&'static str),
    #[error("the header `content-type` is not `application/json`")]
    Kind,
    #[error("the header `content-encoding` is there, and no encoded body is taken")]
    Encoded,
    #[error("the body is larger than {MAX_BODY_BYTES} bytes")]
    TooLarge,
    #[error(transparent)]
    Signature(#[from] crate::signature::Refusal),
    #[error("the body is not a JSON object of the kind that webhooks have")]
    Unreadable,
    #[error("the delivery could not be stored; send it again")]
    Unavailable(#[from] Unavailable),
}

impl Refusal {
    fn status(&self) -> StatusCode {
        match self {
            Self::Header(_) | Self::Unreadable => StatusCode::BAD_REQUEST,
            Self::Kind | Self::Encoded => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Signature(_) => StatusCode::UNAUTHORIZED,
            Self::Unavailable(_) => StatusCode::SERVICE_UNAVAILABLE,
        }
    }
}

/// Answers 200 only once the delivery is stored and billing will hear of it.
pub async fn handle(
    deliveries: &impl Deliveries,
    billing: &impl Queue<Message>,
    secrets: &Secrets,
    now: Timestamp,
    request: &Request<Vec<u8>>,
) -> Response<String> {
    match take(deliveries, billing, secrets, now, request).await {
        Ok(()) => answer(StatusCode::OK, &serde_json::json!({ "received": true })),
        Err(refusal) => {
            let (status, detail) = (refusal.status(), refusal.to_string());
            tracing::warn!(%status, %detail, "refused a webhook");
            let title = status.canonical_reason().unwrap_or_default();
            let problem =
                serde_json::json!({ "title": title, "status": status.as_u16(), "detail": detail });
            answer(status, &problem)
        }
    }
}

async fn take(
    deliveries: &impl Deliveries,
    billing: &impl Queue<Message>,
    secrets: &Secrets,
    now: Timestamp,
    request: &Request<Vec<u8>>,
) -> Result<(), Refusal> {
    let body = request.body();
    if body.len() > MAX_BODY_BYTES {
        return Err(Refusal::TooLarge);
    }
    let headers = request.headers();
    check_kind(headers)?;
    let id = header(headers, "webhook-id")?;
    let signed = Signed {
        id,
        timestamp: header(headers, "webhook-timestamp")?,
        signatures: header(headers, "webhook-signature")?,
        body,
    };
    verify(secrets, now, &signed)?;
    let body = std::str::from_utf8(body).map_err(|_| Refusal::Unreadable)?;
    // First as an object: a list would pass for a struct whose fields all have defaults.
    let object: Map<String, Value> = serde_json::from_str(body).map_err(|_| Refusal::Unreadable)?;
    let webhook: Webhook =
        serde_json::from_value(object.into()).map_err(|_| Refusal::Unreadable)?;

    let delivery = Delivery { id: id.to_owned(), received_at: now, body: body.to_owned() };
    let new = deliveries.record(&delivery).await?;
    // Billing is told of a known delivery too: the first time may have ended between the two writes.
    let subscription_id = webhook.data.subscription_id.filter(|it| is_name(it));
    billing.send(&Message::Delivery { delivery_id: delivery.id, subscription_id }).await?;
    tracing::info!(delivery.id = id, new, "stored a webhook");
    Ok(())
}

fn header<'a>(headers: &'a HeaderMap, name: &'static str) -> Result<&'a str, Refusal> {
    headers
        .get(name)
        .and_then(|it| it.to_str().ok())
        .filter(|it| !it.is_empty() && (name != "webhook-id" || is_name(it)))
        .ok_or(Refusal::Header(name))
}

/// Whether a queue can tell messages apart by it.
fn is_name(it: &str) -> bool {
    (1..=MAX_ID_BYTES).contains(&it.len()) && it.bytes().all(|byte| byte.is_ascii_graphic())
}

/// Only JSON, and only as it is: what is compressed could be any number of times its size, and the
/// sender does not compress.
fn check_kind(headers: &HeaderMap) -> Result<(), Refusal> {
    let text = |name: &str| headers.get(name).map(|it| it.to_str().unwrap_or("?").trim());
    if text("content-encoding").is_some_and(|it| !it.eq_ignore_ascii_case("identity")) {
        return Err(Refusal::Encoded);
    }
    let kind = text("content-type").unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim();
    if kind.eq_ignore_ascii_case("application/json") { Ok(()) } else { Err(Refusal::Kind) }
}

fn answer(status: StatusCode, body: &serde_json::Value) -> Response<String> {
    let kind = if status.is_success() { "application/json" } else { "application/problem+json" };
    let mut response = Response::new(body.to_string());
    *response.status_mut() = status;
    response.headers_mut().insert("content-type", http::HeaderValue::from_static(kind));
    response
}
