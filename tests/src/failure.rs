//! What went wrong on a journey: what was expected, and what came instead.

use std::time::Duration;

#[derive(Debug, thiserror::Error)]
pub enum Failure {
    #[error("{request}: no answer")]
    NoAnswer { request: String, source: reqwest::Error },
    #[error("{request}: expected {expected}, got {got}")]
    Unexpected { request: String, expected: String, got: String },
    #[error("waited {limit_s} s for {what}; last seen: {last_seen}", limit_s = limit.as_secs())]
    TooLate { what: String, limit: Duration, last_seen: String },
    #[error("the project failed{}: {reason}", step.as_ref().map(|it| format!(" at {it}")).unwrap_or_default())]
    ProjectFailed { step: Option<String>, reason: String },
    #[error("the HTTP client cannot be built")]
    Client(#[from] reqwest::Error),
    #[error("cannot read the certificate authority `{path}`")]
    Authority { path: String, source: std::io::Error },
}

impl Failure {
    pub(crate) fn unexpected(request: &str, expected: &str, got: impl Into<String>) -> Self {
        Self::Unexpected {
            request: request.to_owned(),
            expected: expected.to_owned(),
            got: got.into(),
        }
    }
}

/// The error and its causes in one line.
pub fn chain(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(Some(error), |it| it.source());
    causes.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}
