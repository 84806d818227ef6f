//! Refusals in the shape of the `OpenAI` API.

use super::Model;
use axum::{
    Json,
    http::{HeaderMap, StatusCode, header::AUTHORIZATION},
    response::{IntoResponse, Response},
};
use serde_json::json;

#[derive(Debug)]
pub(super) enum Refusal {
    NoKey,
    WrongKey,
    BadRequest(String),
    Limited { retry_after_s: u64 },
}

impl Model {
    /// The request's key, if it is one that this stand-in would have issued.
    pub(super) fn require_key<'a>(&self, headers: &'a HeaderMap) -> Result<&'a str, Refusal> {
        let key = headers
            .get(AUTHORIZATION)
            .and_then(|it| it.to_str().ok())
            .and_then(|it| it.strip_prefix("Bearer "))
            .ok_or(Refusal::NoKey)?;
        let body = key.strip_prefix(self.options.key_prefix.as_str()).unwrap_or_default();
        if body.is_empty() { Err(Refusal::WrongKey) } else { Ok(key) }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let (status, kind, code, message) = match &self {
            Self::NoKey => (
                StatusCode::UNAUTHORIZED,
                "invalid_request_error",
                None,
                "You didn't provide an API key.".to_owned(),
            ),
            Self::WrongKey => (
                StatusCode::UNAUTHORIZED,
                "invalid_request_error",
                Some("invalid_api_key"),
                "Incorrect API key provided.".to_owned(),
            ),
            Self::BadRequest(message) => {
                (StatusCode::BAD_REQUEST, "invalid_request_error", None, message.clone())
            }
            Self::Limited { retry_after_s } => (
                StatusCode::TOO_MANY_REQUESTS,
                "requests",
                Some("rate_limit_exceeded"),
                format!("Rate limit reached. Please try again in {retry_after_s}s."),
            ),
        };
        let error = json!({ "message": message, "type": kind, "param": null, "code": code });
        let mut response = (status, Json(json!({ "error": error }))).into_response();
        if let Self::Limited { retry_after_s } = self {
            response.headers_mut().insert("retry-after", retry_after_s.into());
        }
        response
    }
}
