//! Days on which Dodo does not answer, or does not say what it did.

use super::{Dodo, problem::Problem};
use axum::{
    body::Body,
    extract::{Request, State},
    http::StatusCode,
    middleware::Next,
    response::{IntoResponse, Response},
};
use serde::{Deserialize, Serialize};
use std::{io, sync::Arc};

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outage {
    #[default]
    Off,
    /// Everything is answered 503, and nothing happens.
    Refuses,
    /// Everything happens, and the connection breaks before the answer is through. What a caller that
    /// repeats blindly does twice.
    LosesAnswers,
}

/// During an outage neither the API nor a page answers anything useful.
pub(super) async fn suffer(
    State(dodo): State<Arc<Dodo>>,
    request: Request,
    next: Next,
) -> Response {
    match dodo.outage() {
        Outage::Off => next.run(request).await,
        Outage::Refuses => {
            let message = "service unavailable";
            Problem::new(StatusCode::SERVICE_UNAVAILABLE, "SERVICE_UNAVAILABLE", message)
                .into_response()
        }
        Outage::LosesAnswers => {
            let (mut parts, _) = next.run(request).await.into_parts();
            parts.headers.remove("content-length");
            let broken = io::Error::other("the connection broke");
            Response::from_parts(
                parts,
                Body::from_stream(tokio_stream::once(Err::<Vec<u8>, _>(broken))),
            )
        }
    }
}
