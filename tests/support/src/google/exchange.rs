//! The token endpoint: a code for an id token, once.

use super::{Shared, account::Account};
use crate::{clock, random};
use axum::{
    Form, Json,
    extract::State,
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};
use base64::{
    Engine,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::json;
use sha2::{Digest, Sha256};
use std::time::Duration;

pub(super) const CODE_TTL: Duration = Duration::from_mins(1);

/// What a code stands for.
pub(super) struct Grant {
    pub(super) redirect_uri: String,
    pub(super) challenge: String,
    pub(super) nonce: String,
    pub(super) account: Account,
    pub(super) expires_at: Timestamp,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Exchange {
    grant_type: String,
    code: String,
    redirect_uri: String,
    code_verifier: String,
    client_id: String,
    client_secret: String,
}

pub(super) async fn exchange(
    State(google): Shared,
    headers: HeaderMap,
    Form(exchange): Form<Exchange>,
) -> Response {
    let settings = &google.settings;
    let mut books = google.books();
    books.asked.token += 1;
    let given = (exchange.client_id.clone(), exchange.client_secret.clone());
    let (id, secret) = basic(&headers).unwrap_or(given);
    if id != settings.client_id || secret != settings.client_secret {
        return refusal(StatusCode::UNAUTHORIZED, "invalid_client", "Unauthorized");
    }
    if exchange.grant_type != "authorization_code" {
        return refusal(
            StatusCode::BAD_REQUEST,
            "unsupported_grant_type",
            "Only codes are exchanged",
        );
    }
    // Gone whatever follows: a code that was shown with a wrong verifier may be stolen.
    let grant = books.grants.remove(&exchange.code);
    let Some(grant) = grant.filter(|it| it.fits(&exchange, clock::now())) else {
        return refusal(StatusCode::BAD_REQUEST, "invalid_grant", "Malformed auth code.");
    };
    match books.id_token(settings, &grant) {
        Ok(id_token) => {
            let body = json!({
                "access_token": random::id("ya29."),
                "expires_in": 3599,
                "scope": "openid https://www.googleapis.com/auth/userinfo.email",
                "token_type": "Bearer",
                "id_token": id_token,
            });
            ([(header::CACHE_CONTROL, "no-store")], Json(body)).into_response()
        }
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()).into_response(),
    }
}

impl Grant {
    fn fits(&self, exchange: &Exchange, now: Timestamp) -> bool {
        let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(&exchange.code_verifier));
        self.expires_at > now
            && self.redirect_uri == exchange.redirect_uri
            && self.challenge == challenge
            && (43..=128).contains(&exchange.code_verifier.len())
    }
}

/// Client and secret from the header, if they are there.
fn basic(headers: &HeaderMap) -> Option<(String, String)> {
    let header = headers.get(header::AUTHORIZATION)?.to_str().ok()?.strip_prefix("Basic ")?;
    let text = String::from_utf8(STANDARD.decode(header).ok()?).ok()?;
    let (id, secret) = text.split_once(':')?;
    Some((id.to_owned(), secret.to_owned()))
}

/// As RFC 6749 has it.
fn refusal(status: StatusCode, error: &str, description: &str) -> Response {
    let body = json!({ "error": error, "error_description": description });
    (status, [(header::CACHE_CONTROL, "no-store")], Json(body)).into_response()
}
