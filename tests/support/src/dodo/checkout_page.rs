//! The page where a person pays.

use super::{
    Dodo, Shared,
    catalog::{CURRENCY, Product},
    checkouts::refuse_a_used_session,
    records::{Card, Payment, Session},
};
use crate::page::{escape, money, page};
use axum::{
    Form, Router,
    extract::{Path, State},
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
    routing::get,
};
use reqwest::Url;
use serde::Deserialize;
use std::sync::Arc;

pub(super) fn router() -> Router<Arc<Dodo>> {
    Router::new().route("/session/{id}", get(show).post(submit))
}

#[derive(Deserialize)]
struct Submitted {
    card: Card,
    email: Option<String>,
}

async fn show(State(dodo): Shared, Path(id): Path<String>) -> Response {
    let Ok(session) = dodo.session(&id) else { return unknown() };
    match (refuse_a_used_session(&session, dodo.now()), dodo.product(&session.product_id)) {
        (Ok(()), Ok(product)) => checkout(&dodo, &session, product),
        (Err(_), _) | (_, Err(_)) => over(&session),
    }
}

async fn submit(
    State(dodo): Shared,
    Path(id): Path<String>,
    Form(form): Form<Submitted>,
) -> Response {
    let Ok(session) = dodo.session(&id) else { return unknown() };
    match dodo.charge(&id, form.card, form.email.as_deref()) {
        Ok((session, payment)) => match dodo.return_address(&session, &payment) {
            Some(url) => Redirect::to(url.as_str()).into_response(),
            None => over(&session),
        },
        Err(_) => over(&session),
    }
}

impl Dodo {
    /// Where the browser goes next, for success and failure alike. Unsigned, so a hint at most.
    pub(super) fn return_address(&self, session: &Session, payment: &Payment) -> Option<Url> {
        let mut url: Url = session.return_url.as_ref()?.parse().ok()?;
        let (status, email) = self.read(|books| {
            let subscription = books.subscriptions.get(&payment.subscription_id);
            let customer = books.customers.get(&payment.customer_id);
            (subscription.map(|it| it.status.clone()), customer.map(|it| it.email.clone()))
        });
        url.query_pairs_mut()
            .append_pair("subscription_id", &payment.subscription_id)
            .append_pair("status", status.as_deref().unwrap_or("failed"))
            .extend_pairs(email.map(|email| ("email", email)));
        Some(url)
    }
}

fn checkout(dodo: &Dodo, session: &Session, product: &Product) -> Response {
    let customer = session.customer_id.as_ref().and_then(|id| dodo.customer(id).ok());
    let buyer = match &customer {
        Some(customer) => format!("<dt>For</dt><dd>{}</dd>", escape(&customer.email)),
        None => String::new(),
    };
    let ask = match customer {
        Some(_) => "",
        None => {
            "<input name=\"email\" type=\"email\" required placeholder=\"you@example.com\" aria-label=\"E-mail address\">"
        }
    };
    let back = session.cancel_url.as_ref().map_or(String::new(), |url| {
        format!("<p class=\"note\"><a href=\"{}\">Back to the shop</a></p>", escape(url))
    });
    let price = money(product.price_minor * session.quantity, CURRENCY);
    let body = format!(
        "<main>\n<div class=\"card\">\n<h1>1mins.in {name}</h1>\n\
         <p class=\"quiet\">Your own OpenClaw, always on</p>\n\
         <p class=\"price\">{price} <small>per month</small></p>\n\
         <dl>{buyer}<dt>Card</dt><dd>Visa •••• 4242</dd><dt>Due today</dt><dd>{price}</dd></dl>\n\
         <form method=\"post\" action=\"/session/{id}\">{ask}\n\
         <button class=\"pay\" name=\"card\" value=\"good\">Pay {price}</button>\n\
         <button class=\"decline\" name=\"card\" value=\"declined\" formnovalidate>Decline card</button>\n\
         </form>\n</div>\n{back}\
         <p class=\"quiet note\">A stand-in for Dodo Payments. No money moves.</p>\n</main>",
        name = escape(&product.name),
        id = escape(&session.id),
    );
    page("Checkout", &body).into_response()
}

fn over(session: &Session) -> Response {
    let back = session.return_url.as_ref().map_or(String::new(), |url| {
        format!("<p><a href=\"{}\">Back to 1mins.in</a></p>", escape(url))
    });
    let body = format!(
        "<main><div class=\"card\"><h1>This checkout is over</h1>\
         <p>A checkout takes one payment, within 24 hours. This one was used or is too old; \
         open another from your project.</p>{back}</div></main>"
    );
    (StatusCode::GONE, page("Checkout", &body)).into_response()
}

fn unknown() -> Response {
    let body = "<main><div class=\"card\"><h1>No such checkout</h1>\
                <p>The address is wrong, or this stand-in was restarted without its books.</p>\
                </div></main>";
    (StatusCode::NOT_FOUND, page("Checkout", body)).into_response()
}
