//! Where a browser lands after Google.

use super::{SETTINGS, browser, callback::Ending};
use crate::refusal::Refusal;
use axum::response::{IntoResponse, Redirect, Response};
use http::header::SET_COOKIE;
use ports::{Unavailable, identities::LinkError, identity_provider::ExchangeError};
use runtime::fault::chain;

/// The page that tells how it ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    SignIn,
    Settings,
}

/// How it can end otherwise.
#[derive(Debug, thiserror::Error)]
pub(super) enum Failure {
    #[error("cancelled at Google")]
    Cancelled,
    #[error("Google cannot vouch for the address: it takes the password")]
    LinkNeeded,
    #[error("the address or the Google account belongs to somebody else")]
    Taken,
    /// Somebody plays tricks, or was away for too long.
    #[error("the browser came back unexpectedly: {0}")]
    Unexpected(&'static str),
    #[error(transparent)]
    Exchange(#[from] ExchangeError),
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
    #[error(transparent)]
    Refused(#[from] Refusal),
}

impl From<LinkError> for Failure {
    fn from(error: LinkError) -> Self {
        match error {
            LinkError::Taken => Self::Taken,
            LinkError::Unavailable(error) => Self::Unavailable(error),
        }
    }
}

impl Failure {
    pub(super) fn at(&self, place: Place, app_url: &str) -> Response {
        self.log();
        let path = match place {
            Place::SignIn => "/sign-in",
            Place::Settings => SETTINGS,
        };
        redirect(&format!("{app_url}{path}?google={}", self.word(place)))
    }

    fn word(&self, place: Place) -> &'static str {
        match self {
            Self::Cancelled => "cancelled",
            Self::LinkNeeded => "link_needed",
            // Strangers do not learn what it was; whoever is signed in does.
            Self::Taken if place == Place::Settings => "taken",
            Self::Taken
            | Self::Unexpected(_)
            | Self::Exchange(_)
            | Self::Unavailable(_)
            | Self::Refused(_) => "failed",
        }
    }

    /// The browser is only told that it failed: why is for our log.
    fn log(&self) {
        match self {
            Self::Cancelled | Self::LinkNeeded => (),
            Self::Taken | Self::Unexpected(_) => {
                tracing::info!(reason = %self, "nobody was signed in with Google");
            }
            // A client secret that is wrong shows itself here as well.
            Self::Exchange(ExchangeError::Refused(_) | ExchangeError::Untrusted(_)) => {
                tracing::warn!(reason = %self, "Google's answer was not believed");
            }
            Self::Exchange(ExchangeError::Unavailable(_))
            | Self::Unavailable(_)
            | Self::Refused(_) => {
                tracing::error!(reason = %chain(self), "signing in with Google failed");
            }
        }
    }
}

impl Ending {
    pub(super) fn at(self, app_url: &str) -> Response {
        match self {
            Self::Linked => redirect(&format!("{app_url}{SETTINGS}?google=linked")),
            Self::SignedIn { return_to, cookie } => {
                (cookie, redirect(&format!("{app_url}{return_to}"))).into_response()
            }
        }
    }
}

/// Whatever the ending, the cookie has done its work.
fn redirect(url: &str) -> Response {
    let mut response = Redirect::to(url).into_response();
    response.headers_mut().append(SET_COOKIE, browser::forget());
    response
}
