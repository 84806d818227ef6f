//! Refusals, in the shape that Hetzner documents: `{"error": {"code", "message", "details"}}`.

use axum::{
    Json,
    extract::{FromRequest, Request},
    http::StatusCode,
    response::{IntoResponse, Response},
};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

#[derive(Debug)]
pub(super) struct Problem {
    status: StatusCode,
    code: String,
    message: String,
    details: Value,
}

impl Problem {
    pub(super) fn new(status: StatusCode, code: &str, message: impl Into<String>) -> Self {
        Self { status, code: code.to_owned(), message: message.into(), details: Value::Null }
    }

    /// A field of the request that cannot be what it is.
    pub(super) fn invalid(field: &str, message: &str) -> Self {
        Self {
            details: json!({ "fields": [{ "name": field, "messages": [message] }] }),
            ..Self::new(
                StatusCode::UNPROCESSABLE_ENTITY,
                "invalid_input",
                format!("invalid input in field '{field}'"),
            )
        }
    }

    pub(super) fn not_found(what: &str) -> Self {
        Self::new(StatusCode::NOT_FOUND, "not_found", format!("{what} not found"))
    }

    pub(super) fn locked(code: &str, message: &str) -> Self {
        Self::new(StatusCode::LOCKED, code, message)
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let Self { status, code, message, details } = self;
        let error = json!({ "code": code, "message": message, "details": details });
        (status, Json(json!({ "error": error }))).into_response()
    }
}

/// A JSON body; what is none is refused in Hetzner's shape instead of the framework's.
pub(super) struct Body<T>(pub(super) T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Body<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        match Json::from_request(request, state).await {
            Ok(Json(body)) => Ok(Self(body)),
            Err(rejection) => {
                let message = rejection.body_text();
                Err(Problem::new(StatusCode::BAD_REQUEST, "json_error", message))
            }
        }
    }
}
