//! Why a call gets no answer from a model, in words for whoever reads the chat that it was made for.
//!
//! Agents decide by status and shape what to do next, so each refusal has that of the provider's own. What
//! is over a limit is 429 and names no bill: on 402, and on words like it, OpenClaw gives a provider up.

use crate::dialect::Dialect;
use domain::usage::{Month, Refused};
use http::{Response, StatusCode, header};
use jiff::Timestamp;
use lambda_runtime::streaming::Body;
use ports::Unavailable;
use runtime::fault::chain;
use serde_json::json;

/// How long an agent waits at the most before it looks whether its owner has raised a cap.
const MAX_WAIT_S: u64 = 3_600;
const BUSY_WAIT_S: u64 = 2;
/// Somebody has to do something at a provider's.
const PROVIDER_WAIT_S: u64 = 300;

#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    NotFound,
    BadRequest(String),
    /// The platform has one model.
    OtherModel,
    Unauthorized,
    /// The owner has no key for the provider any more.
    NoKey,
    Limited {
        refused: Refused,
        wait_s: u64,
    },
    /// The provider wants something of its customer first.
    ProviderLocked,
    /// Nothing is wrong with the call.
    Unavailable,
    Contended,
}

impl Refusal {
    pub(crate) fn limited(refused: Refused, month: Month, now: Timestamp) -> Self {
        let left_s = u64::try_from(month.ends_at().duration_since(now).as_secs()).unwrap_or(0);
        let wait_s = match refused {
            Refused::Cap | Refused::Included => left_s.clamp(1, MAX_WAIT_S),
            Refused::InFlight => BUSY_WAIT_S,
            Refused::Rate { retry_after } => {
                retry_after.as_millis().div_ceil(1_000).try_into().unwrap_or(1)
            }
        };
        Self::Limited { refused, wait_s: wait_s.max(1) }
    }

    fn status(&self) -> StatusCode {
        match self {
            Self::NotFound | Self::OtherModel => StatusCode::NOT_FOUND,
            Self::BadRequest(_) => StatusCode::BAD_REQUEST,
            Self::Unauthorized | Self::NoKey => StatusCode::UNAUTHORIZED,
            Self::Limited { .. } | Self::ProviderLocked => StatusCode::TOO_MANY_REQUESTS,
            Self::Unavailable | Self::Contended => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    fn wait_s(&self) -> Option<u64> {
        match self {
            Self::Limited { wait_s, .. } => Some(*wait_s),
            Self::ProviderLocked => Some(PROVIDER_WAIT_S),
            Self::Unavailable | Self::Contended => Some(BUSY_WAIT_S),
            _ => None,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::NotFound => "not_found",
            Self::BadRequest(_) => "invalid_request",
            Self::OtherModel => "model_not_found",
            Self::Unauthorized => "invalid_api_key",
            Self::NoKey => "no_provider_key",
            Self::Limited { refused: Refused::Cap, .. } => "spend_cap_reached",
            Self::Limited { refused: Refused::Included, .. } => "included_usage_reached",
            Self::Limited { refused: Refused::InFlight, .. } => "too_many_calls_at_once",
            Self::Limited { refused: Refused::Rate { .. }, .. } => "rate_limit_exceeded",
            Self::ProviderLocked => "provider_account_locked",
            Self::Unavailable | Self::Contended => "unavailable",
        }
    }

    fn message(&self) -> String {
        let text = match self {
            Self::NotFound => "there is nothing at this address",
            Self::BadRequest(what) => return format!("the request cannot be read: {what}"),
            Self::OtherModel => "the platform has no such model: use the one of the configuration",
            Self::Unauthorized => "this key opens no project that is on",
            Self::NoKey => {
                "the project has no key for this provider any more: choose one in its settings"
            }
            Self::Limited { refused: Refused::Cap, .. } => {
                "the project has reached its spend cap for this month: its owner can raise it in the \
                 project's settings, or wait for the next month"
            }
            Self::Limited { refused: Refused::Included, .. } => {
                "the project has used all that its plan includes of the platform's model this month: \
                 choose a model under a key of your own in its settings, or wait for the next month"
            }
            Self::Limited { refused: Refused::InFlight, .. } => {
                "the project has too many calls under way: repeat when one has ended"
            }
            Self::Limited { refused: Refused::Rate { .. }, .. } => {
                "the project calls too often: wait as long as `Retry-After` says"
            }
            Self::ProviderLocked => {
                "the provider answers nothing under this key until its account there is in order"
            }
            Self::Unavailable | Self::Contended => {
                "the model cannot be reached now: repeat the call"
            }
        };
        text.to_owned()
    }

    /// As the provider itself would say it.
    pub(crate) fn render(&self, dialect: Dialect) -> Response<Body> {
        let (status, message) = (self.status(), self.message());
        let kind = match status {
            StatusCode::NOT_FOUND => "not_found_error",
            StatusCode::UNAUTHORIZED => "authentication_error",
            StatusCode::TOO_MANY_REQUESTS => "rate_limit_error",
            StatusCode::SERVICE_UNAVAILABLE => "api_error",
            _ => "invalid_request_error",
        };
        let body = match dialect {
            Dialect::Messages => {
                json!({ "type": "error", "error": { "type": kind, "message": message } })
            }
            Dialect::Completions | Dialect::Responses => json!({ "error": {
                "message": message, "type": kind, "param": null, "code": self.code(),
            } }),
        };
        let answer = Response::builder()
            .status(status)
            .header(header::CONTENT_TYPE, "application/json")
            .header(header::CACHE_CONTROL, "no-store");
        let answer = match self.wait_s() {
            Some(wait_s) => answer.header(header::RETRY_AFTER, wait_s),
            None => answer,
        };
        answer.body(Body::from(body.to_string())).expect("every header is plain")
    }
}

impl From<Unavailable> for Refusal {
    fn from(error: Unavailable) -> Self {
        tracing::warn!(reason = %chain(&error), "a call to a model failed");
        Self::Unavailable
    }
}
