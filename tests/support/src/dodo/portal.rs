//! The customer's own page: a link that works once.

use super::{
    Dodo, Shared,
    catalog::CURRENCY,
    problem::Problem,
    records::{PortalLink, Subscription},
};
use crate::{
    page::{escape, money, page},
    random,
};
use axum::{
    Json, Router,
    extract::{Path, State},
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::get,
};
use jiff::SignedDuration;
use serde_json::{Value, json};
use std::{fmt::Write as _, sync::Arc};

const LINK_LIFETIME: SignedDuration = SignedDuration::from_hours(24);

pub(super) fn pages() -> Router<Arc<Dodo>> {
    Router::new().route("/portal/{token}", get(show))
}

pub(super) async fn create(
    State(dodo): Shared,
    Path(customer_id): Path<String>,
) -> Result<Json<Value>, Problem> {
    dodo.customer(&customer_id)?;
    let token = random::id("portal_");
    let link = PortalLink { customer_id, created_at: dodo.now() };
    dodo.write(|books| books.portal_links.insert(token.clone(), link));
    Ok(Json(json!({ "link": format!("{}/portal/{token}", dodo.settings.public_url) })))
}

async fn show(State(dodo): Shared, Path(token): Path<String>) -> Response {
    let link = dodo.write(|books| books.portal_links.remove(&token));
    let now = dodo.now();
    let live = link.filter(|it| now.duration_since(it.created_at) <= LINK_LIFETIME);
    let Some(link) = live else {
        let body = "<main><div class=\"card\"><h1>This link was used</h1>\
                    <p>A portal link works once. Ask for another.</p></div></main>";
        return (StatusCode::GONE, page("Billing", body)).into_response();
    };
    let rows = dodo.read(|books| {
        let theirs = |it: &&Subscription| it.customer_id == link.customer_id;
        let mut rows = String::new();
        for it in books.subscriptions.values().filter(theirs) {
            let price = money(it.recurring_minor, CURRENCY);
            let (id, status) = (escape(&it.subscription_id), escape(&it.status));
            let _ = write!(rows, "<dt>{id}</dt><dd>{price} a month, {status}</dd>");
        }
        rows
    });
    let body = format!(
        "<main class=\"wide\"><div class=\"card\"><h1>Your subscriptions</h1><dl>{rows}</dl>\
         <p class=\"quiet\">A stand-in for the customer portal of Dodo Payments.</p></div></main>"
    );
    page("Billing", &body).into_response()
}
