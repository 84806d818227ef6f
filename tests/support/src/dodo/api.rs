//! The API's doors: who may come in, how often, and where each path leads.

use super::{
    Dodo, card_page, catalog, checkouts, customers, disputes, invoices, payments, plan_change,
    portal, problem::Problem, refunds, subscriptions,
};
use axum::{
    Router,
    extract::{Request, State},
    http::{HeaderMap, HeaderValue, StatusCode, header::AUTHORIZATION},
    middleware::{Next, from_fn_with_state},
    response::{IntoResponse, Response},
    routing::{delete, get, post},
};
use std::sync::{Arc, PoisonError};

pub(super) fn router(dodo: &Arc<Dodo>) -> Router<Arc<Dodo>> {
    Router::new()
        .route("/products", get(catalog::list))
        .route("/products/{id}", get(catalog::get))
        .route("/customers", post(customers::create).get(customers::list))
        .route("/customers/{id}", get(customers::get).patch(customers::update))
        .route("/customers/{id}/customer-portal/session", post(portal::create))
        .route("/checkouts", post(checkouts::create))
        .route("/checkouts/{id}", get(checkouts::get))
        .route("/subscriptions", get(subscriptions::list))
        .route("/subscriptions/{id}", get(subscriptions::get).patch(subscriptions::update))
        .route("/subscriptions/{id}/change-plan", post(plan_change::create))
        .route("/subscriptions/{id}/change-plan/preview", post(plan_change::preview))
        .route("/subscriptions/{id}/change-plan/scheduled", delete(plan_change::cancel_scheduled))
        .route("/subscriptions/{id}/update-payment-method", post(card_page::create))
        .route("/payments", get(payments::list))
        .route("/payments/{id}", get(payments::get))
        .route("/payments/{id}/line-items", get(payments::line_items))
        .route("/refunds", post(refunds::create).get(refunds::list))
        .route("/refunds/{id}", get(refunds::get))
        .route("/disputes", get(disputes::list))
        .route("/disputes/{id}", get(disputes::get))
        .route("/invoices/payments/{id}", get(invoices::of_a_payment))
        .route("/invoices/refunds/{id}", get(invoices::of_a_refund))
        .route_layer(from_fn_with_state(dodo.clone(), count_requests))
        .route_layer(from_fn_with_state(dodo.clone(), require_a_key))
}

async fn require_a_key(
    State(dodo): State<Arc<Dodo>>,
    request: Request,
    next: Next,
) -> Result<Response, Problem> {
    let known = bearer(request.headers())
        .is_some_and(|key| dodo.settings.api_keys.iter().any(|it| it == key));
    if !known {
        let message = "the API key is missing or unknown";
        return Err(Problem::new(StatusCode::UNAUTHORIZED, "UNAUTHORIZED", message));
    }
    Ok(next.run(request).await)
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    headers.get(AUTHORIZATION)?.to_str().ok()?.strip_prefix("Bearer ")
}

async fn count_requests(State(dodo): State<Arc<Dodo>>, request: Request, next: Next) -> Response {
    if !dodo.settings.rate_limit {
        return next.run(request).await;
    }
    let allowance = dodo.limits.lock().unwrap_or_else(PoisonError::into_inner).take();
    let mut response = if allowance.exceeded {
        let message = "too many requests";
        Problem::new(StatusCode::TOO_MANY_REQUESTS, "RATE_LIMIT_EXCEEDED", message).into_response()
    } else {
        next.run(request).await
    };
    let headers = response.headers_mut();
    headers.insert("x-ratelimit-limit", HeaderValue::from(allowance.limit));
    headers.insert("x-ratelimit-remaining", HeaderValue::from(allowance.remaining));
    headers.insert("x-ratelimit-reset", HeaderValue::from(allowance.reset_s));
    response
}
