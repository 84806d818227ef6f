//! The API's doors: who may come in, how often, what may be lost, and where each path leads.

use super::{Hetzner, actions, catalog, limits::LIMIT, problem::Problem, servers};
use axum::{
    Router,
    body::Body,
    extract::{Request, State},
    http::{HeaderMap, HeaderValue, Method, StatusCode, header::AUTHORIZATION},
    middleware::{Next, from_fn_with_state},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use std::sync::{Arc, PoisonError};

pub(super) fn router(hetzner: &Arc<Hetzner>) -> Router<Arc<Hetzner>> {
    let v1 = Router::new()
        .route("/servers", post(servers::create).get(servers::list))
        .route("/servers/{id}", get(servers::get).delete(servers::delete))
        .route("/servers/{id}/actions/poweron", post(actions::poweron))
        .route("/servers/{id}/actions/poweroff", post(actions::poweroff))
        .route("/servers/{id}/actions/shutdown", post(actions::shutdown))
        .route("/servers/{id}/actions/change_protection", post(actions::change_protection))
        .route("/actions/{id}", get(actions::get))
        .route("/server_types", get(catalog::server_types))
        .route("/server_types/{id}", get(catalog::get_server_type))
        .route("/locations", get(catalog::locations))
        .route("/datacenters", get(gone))
        .fallback(nowhere)
        .method_not_allowed_fallback(not_so);
    let v1 = v1.layer(from_fn_with_state(hetzner.clone(), lose_the_answer));
    let v1 = v1.layer(from_fn_with_state(hetzner.clone(), refuse_if_told));
    let v1 = v1.layer(from_fn_with_state(hetzner.clone(), count_requests));
    Router::new().nest("/v1", v1.layer(from_fn_with_state(hetzner.clone(), require_a_token)))
}

/// What `GET /datacenters` has been since October 2026.
async fn gone() -> Problem {
    Problem::new(StatusCode::GONE, "deprecated_api_endpoint", "this endpoint was removed")
}

async fn nowhere() -> Problem {
    Problem::not_found("endpoint")
}

async fn not_so() -> Problem {
    let message = "this method is not allowed here";
    Problem::new(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", message)
}

async fn require_a_token(
    State(hetzner): State<Arc<Hetzner>>,
    request: Request,
    next: Next,
) -> Result<Response, Problem> {
    let token = bearer(request.headers());
    let is_one_of = |tokens: &[String]| tokens.iter().any(|it| Some(it.as_str()) == token);
    if is_one_of(&hetzner.settings.tokens) {
        return Ok(next.run(request).await);
    }
    let message = "unable to authenticate";
    Err(Problem::new(StatusCode::UNAUTHORIZED, "unauthorized", message))
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    headers.get(AUTHORIZATION)?.to_str().ok()?.strip_prefix("Bearer ")
}

async fn count_requests(
    State(hetzner): State<Arc<Hetzner>>,
    request: Request,
    next: Next,
) -> Response {
    let allowance = hetzner.limits.lock().unwrap_or_else(PoisonError::into_inner).take();
    let mut response = if allowance.exceeded && hetzner.settings.rate_limit {
        let message = "limit of 3600 requests per hour reached";
        Problem::new(StatusCode::TOO_MANY_REQUESTS, "rate_limit_exceeded", message).into_response()
    } else {
        next.run(request).await
    };
    let headers = response.headers_mut();
    headers.insert("ratelimit-limit", HeaderValue::from(LIMIT));
    headers.insert("ratelimit-remaining", HeaderValue::from(allowance.remaining));
    headers.insert("ratelimit-reset", HeaderValue::from(allowance.reset_s));
    response
}

async fn refuse_if_told(
    State(hetzner): State<Arc<Hetzner>>,
    request: Request,
    next: Next,
) -> Result<Response, Problem> {
    if hetzner.modes(|it| it.outage) {
        let message = "the service is unavailable";
        return Err(Problem::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable", message));
    }
    if let Some(refuse) = hetzner.modes(|it| it.refuse.take()) {
        let status = StatusCode::from_u16(refuse.status).unwrap_or(StatusCode::BAD_REQUEST);
        return Err(Problem::new(status, &refuse.code, "as the test wants it"));
    }
    Ok(next.run(request).await)
}

/// What was asked for is done, and the connection ends before anybody hears of it.
async fn lose_the_answer(
    State(hetzner): State<Arc<Hetzner>>,
    request: Request,
    next: Next,
) -> Response {
    let changes = request.method() != Method::GET;
    let response = next.run(request).await;
    if changes && hetzner.modes(super::Modes::loses_an_answer) {
        let cut = std::io::Error::other("the answer is lost");
        let nothing = tokio_stream::once(Err::<&[u8], _>(cut));
        return Response::new(Body::from_stream(nothing));
    }
    response
}
