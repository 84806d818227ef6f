//! Every way in which a request is refused, and how that is said.

use crate::cookie::SetCookie;
use axum::{
    Json,
    response::{IntoResponse, Response},
};
use contracts::problem::{CONTENT_TYPE, FieldError, Problem};
use domain::id::ProjectId;
use http::{HeaderValue, StatusCode, header};
use ports::{
    Unavailable,
    payments::{Obstacle, PaymentsError},
    prices::RenewError,
};
use runtime::fault::chain;

/// After how long something that is away is worth another try.
const RETRY_AFTER_S: u32 = 5;

#[derive(Debug, thiserror::Error)]
pub(crate) enum Refusal {
    #[error("the request is not valid")]
    Invalid(Vec<FieldError>),
    #[error("the body must be JSON: send `Content-Type: application/json`")]
    NotJson,
    #[error("the body is larger than {limit} bytes")]
    TooLarge { limit: usize },
    #[error("the access token is missing, expired or revoked: sign in again")]
    NotSignedIn,
    /// The same for a browser that has only a cookie, and is to forget it.
    #[error("the session is over: sign in again")]
    SessionOver,
    #[error("this is for the site's own pages: the header `Origin` names another, or none")]
    WrongOrigin,
    #[error("wrong address or password, or the address is not confirmed yet")]
    WrongCredentials,
    #[error("only an owner of the tenant may do this")]
    OwnerNeeded,
    #[error("an access token does not do here: sign in")]
    SessionNeeded,
    #[error("this access token may only look: use one with the scope `write`")]
    WriteNeeded,
    /// Not `NotSignedIn`: the session is good, for other tenants.
    #[error("you are no longer a member of this tenant: switch to another one")]
    NotAMember,
    #[error("the tenant would be left without an owner: make somebody else one first")]
    LastOwner,
    /// Of something that may be there once only.
    #[error("`{field}` {message}")]
    Taken { field: &'static str, message: String },
    /// Also for what belongs to somebody else: the two cannot be told apart.
    #[error("there is nothing here")]
    NotFound,
    #[error("this address does not answer to that method")]
    WrongMethod,
    #[error("{0}")]
    Conflict(&'static str),
    #[error("the project is not paid for: pay first, and it starts by itself")]
    PaymentNeeded,
    /// What was shown is not what it would cost. Nothing was bought.
    #[error("the price is another one by now: {0}")]
    PriceChanged(String),
    #[error(
        "the payment was declined and nothing has changed: see to the payment method, and repeat"
    )]
    PaymentDeclined,
    #[error("projects use it: {}", list(.0))]
    InUse(Vec<ProjectId>),
    #[error("the provider could not be reached: repeat in a moment, or keep the key unchecked")]
    ProviderAway,
    #[error("this is being done right now: repeat in a moment")]
    Busy { retry_after_s: u32 },
    #[error("too many tries: wait and repeat")]
    TooManyTries { retry_after_s: u32 },
    #[error("something that this needs is away: repeat in a moment")]
    Away(#[source] Unavailable),
    /// A mistake of ours. The reason is for our log only.
    #[error("something went wrong on our side")]
    Internal(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl Refusal {
    pub(crate) fn of_field(field: &str, message: impl Into<String>) -> Self {
        Self::Invalid(vec![FieldError { field: field.to_owned(), message: message.into() }])
    }

    pub(crate) fn internal(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::Internal(error.into())
    }

    /// Status, name and title.
    fn kind(&self) -> (StatusCode, &'static str, &'static str) {
        use StatusCode as S;
        match self {
            Self::Invalid(_) => (S::BAD_REQUEST, "invalid", "Invalid request"),
            Self::NotJson => (S::UNSUPPORTED_MEDIA_TYPE, "not-json", "Not JSON"),
            Self::TooLarge { .. } => (S::PAYLOAD_TOO_LARGE, "too-large", "Too large"),
            Self::NotSignedIn | Self::SessionOver => {
                (S::UNAUTHORIZED, "not-signed-in", "Not signed in")
            }
            Self::WrongOrigin => (S::FORBIDDEN, "wrong-origin", "Not from our site"),
            Self::WrongCredentials => {
                (S::UNAUTHORIZED, "wrong-credentials", "Wrong address or password")
            }
            Self::OwnerNeeded => (S::FORBIDDEN, "owner-needed", "Not allowed"),
            Self::SessionNeeded => (S::FORBIDDEN, "session-needed", "Not allowed"),
            Self::WriteNeeded => (S::FORBIDDEN, "write-needed", "Not allowed"),
            Self::NotAMember => (S::FORBIDDEN, "not-a-member", "Not allowed"),
            Self::LastOwner => (S::CONFLICT, "last-owner", "Conflict"),
            Self::Taken { .. } => (S::CONFLICT, "taken", "Taken"),
            Self::NotFound => (S::NOT_FOUND, "not-found", "Not found"),
            Self::WrongMethod => (S::METHOD_NOT_ALLOWED, "wrong-method", "Method not allowed"),
            Self::Conflict(_) => (S::CONFLICT, "conflict", "Conflict"),
            Self::PaymentNeeded => (S::CONFLICT, "payment-needed", "Payment needed"),
            Self::PriceChanged(_) => (S::CONFLICT, "price-changed", "Price changed"),
            Self::PaymentDeclined => (S::CONFLICT, "payment-declined", "Payment declined"),
            Self::InUse(_) => (S::CONFLICT, "in-use", "In use"),
            Self::ProviderAway => {
                (S::SERVICE_UNAVAILABLE, "provider-unavailable", "Provider unavailable")
            }
            Self::Busy { .. } => (S::CONFLICT, "busy", "Busy"),
            Self::TooManyTries { .. } => (S::TOO_MANY_REQUESTS, "too-many-tries", "Too many tries"),
            Self::Away(_) => (S::SERVICE_UNAVAILABLE, "unavailable", "Unavailable"),
            Self::Internal(_) => (S::INTERNAL_SERVER_ERROR, "internal", "Our mistake"),
        }
    }

    fn retry_after_s(&self) -> Option<u32> {
        match self {
            Self::Busy { retry_after_s } | Self::TooManyTries { retry_after_s } => {
                Some(*retry_after_s)
            }
            Self::Away(_) | Self::ProviderAway => Some(RETRY_AFTER_S),
            Self::Invalid(_)
            | Self::NotJson
            | Self::TooLarge { .. }
            | Self::NotSignedIn
            | Self::SessionOver
            | Self::WrongOrigin
            | Self::WrongCredentials
            | Self::OwnerNeeded
            | Self::SessionNeeded
            | Self::WriteNeeded
            | Self::NotAMember
            | Self::LastOwner
            | Self::Taken { .. }
            | Self::NotFound
            | Self::WrongMethod
            | Self::Conflict(_)
            | Self::PaymentNeeded
            | Self::PriceChanged(_)
            | Self::PaymentDeclined
            | Self::InUse(_)
            | Self::Internal(_) => None,
        }
    }

    fn into_problem(self) -> Problem {
        let (status, name, title) = self.kind();
        Problem {
            kind: format!("urn:1mins:problem:{name}"),
            title: title.to_owned(),
            status: status.as_u16(),
            detail: Some(self.to_string()),
            errors: self.into_errors(),
        }
    }

    fn into_errors(self) -> Vec<FieldError> {
        match self {
            Self::Invalid(errors) => errors,
            Self::Taken { field, message } => {
                vec![FieldError { field: field.to_owned(), message }]
            }
            _ => vec![],
        }
    }
}

fn list(ids: &[ProjectId]) -> String {
    let quoted: Vec<_> = ids.iter().map(|it| format!("`{it}`")).collect();
    quoted.join(", ")
}

impl From<Unavailable> for Refusal {
    fn from(error: Unavailable) -> Self {
        Self::Away(error)
    }
}

impl From<PaymentsError> for Refusal {
    fn from(error: PaymentsError) -> Self {
        match error {
            PaymentsError::Unavailable(error) => Self::Away(error),
            PaymentsError::Declined => Self::PaymentDeclined,
            PaymentsError::Impossible(Obstacle::Inactive) => {
                Self::Conflict("the subscription is not active")
            }
            PaymentsError::Impossible(Obstacle::Ending) => {
                Self::Conflict("the subscription ends with its period")
            }
            PaymentsError::Impossible(Obstacle::ChangePending) => {
                Self::Conflict("another change of the plan is on its way")
            }
            // The customer did nothing wrong: a product or a key of ours is.
            refused @ PaymentsError::Refused { .. } => Self::internal(refused),
        }
    }
}

impl From<RenewError> for Refusal {
    fn from(error: RenewError) -> Self {
        match error {
            RenewError::Unavailable(error)
            | RenewError::Payments(_, PaymentsError::Unavailable(error)) => Self::Away(error),
            // A mistake in the provider's catalogue, or in what we call our plans there.
            mistake @ (RenewError::Payments(..) | RenewError::Absurd { .. }) => {
                Self::internal(mistake)
            }
        }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let (status, ..) = self.kind();
        // The one place where an error of a request is logged. Ours only: what customers get wrong
        // is in the line of the request.
        if status.is_server_error() {
            tracing::error!(reason = %chain(&self), "request failed");
        }
        let forgets = matches!(self, Self::SessionOver);
        let retry_after_s = self.retry_after_s();
        let mut response = (status, Json(self.into_problem())).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(CONTENT_TYPE));
        if status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        if forgets {
            headers.append(header::SET_COOKIE, SetCookie::forget().value());
        }
        if let Some(retry_after_s) = retry_after_s {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(retry_after_s));
        }
        response
    }
}
