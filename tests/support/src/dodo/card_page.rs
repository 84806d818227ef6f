//! Another card for a subscription: one that is known, or one that its owner enters on a page.

use super::{
    Delivery, Dodo, Shared,
    books::Books,
    problem::{Body, Problem},
    records::{Card, CardLink},
};
use crate::{
    page::{escape, page},
    random,
};
use axum::{
    Form, Json, Router,
    extract::{Path, State},
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
    routing::get,
};
use jiff::SignedDuration;
use serde::Deserialize;
use serde_json::{Value, json};
use std::sync::Arc;

const LINK_LIFETIME: SignedDuration = SignedDuration::from_hours(24);

pub(super) fn router() -> Router<Arc<Dodo>> {
    Router::new().route("/card/{token}", get(show).post(submit))
}

#[derive(Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum NewMethod {
    New { return_url: Option<String> },
    Existing { payment_method_id: String },
}

#[derive(Deserialize)]
struct Submitted {
    card: Card,
}

/// `POST /subscriptions/{id}/update-payment-method`
pub(super) async fn create(
    State(dodo): Shared,
    Path(id): Path<String>,
    Body(method): Body<NewMethod>,
) -> Result<Json<Value>, Problem> {
    dodo.subscription_view(&id)?;
    match method {
        NewMethod::Existing { payment_method_id } => {
            if payment_method_id != "pm_standin" {
                let message = format!("no payment method `{payment_method_id}`");
                return Err(Problem::not_found("PAYMENT_METHOD_NOT_FOUND", message));
            }
            let payment_id = dodo.replace_card(&id, Card::Good)?;
            Ok(Json(json!({
                "client_secret": null, "expires_on": null, "payment_id": payment_id,
                "payment_link": null,
            })))
        }
        NewMethod::New { return_url } => {
            let token = random::id("card_");
            let expires_on = dodo.write(|books| {
                let created_at = books.now();
                let link = CardLink { subscription_id: id, return_url, created_at };
                books.card_links.insert(token.clone(), link);
                created_at + LINK_LIFETIME
            });
            Ok(Json(json!({
                "client_secret": null, "expires_on": expires_on, "payment_id": null,
                "payment_link": format!("{}/card/{token}", dodo.settings.public_url),
            })))
        }
    }
}

impl Dodo {
    /// Charges everything to another card from now on, and at once what is owed. Returns the payment,
    /// if there was one.
    pub(super) fn replace_card(
        self: &Arc<Self>,
        id: &str,
        card: Card,
    ) -> Result<Option<String>, Problem> {
        let (payment_id, events) = self.write(|books| {
            let now = books.now();
            books.subscription_mut(id)?.card = card;
            let mut kinds = vec![("subscription.update_payment_method", id.to_owned())];
            let mut payment_id = None;
            if books.owes(id) {
                let settled = books.settle_dues(id, now);
                payment_id = settled.first().map(|(_, payment)| payment.clone());
                kinds.extend(settled);
            }
            if let Some(payment) = payment_id.as_ref().and_then(|it| books.payments.get_mut(it)) {
                payment.is_update_payment_method = true;
            }
            let events: Vec<_> =
                kinds.iter().map(|(kind, about)| Delivery::new(kind, about, now)).collect();
            Ok::<_, Problem>((payment_id, events))
        })?;
        self.announce(events);
        Ok(payment_id)
    }

    /// The link that `token` names, unless it is too old.
    fn card_link(&self, token: &str) -> Option<CardLink> {
        self.read(|books| {
            let link = books.card_links.get(token)?;
            let age = books.now().duration_since(link.created_at);
            (age <= LINK_LIFETIME).then(|| link.clone())
        })
    }
}

impl Books {
    pub(super) fn owes(&self, id: &str) -> bool {
        let status = self.subscriptions.get(id).map(|it| it.status.as_str());
        matches!(status, Some("past_due" | "on_hold"))
    }
}

async fn show(State(dodo): Shared, Path(token): Path<String>) -> Response {
    if dodo.card_link(&token).is_none() {
        return over();
    }
    let body = format!(
        "<main><div class=\"card\"><h1>Another card</h1>\
         <p class=\"quiet\">What is owed is charged to it at once</p>\
         <form method=\"post\" action=\"/card/{token}\">\
         <button class=\"pay\" name=\"card\" value=\"good\">Save card</button>\
         <button class=\"decline\" name=\"card\" value=\"declined\">Save a card that declines</button>\
         </form></div></main>",
        token = escape(&token),
    );
    page("Payment method", &body).into_response()
}

async fn submit(
    State(dodo): Shared,
    Path(token): Path<String>,
    Form(form): Form<Submitted>,
) -> Response {
    let Some(link) = dodo.card_link(&token) else { return over() };
    if let Err(problem) = dodo.replace_card(&link.subscription_id, form.card) {
        return problem.into_response();
    }
    dodo.write(|books| books.card_links.remove(&token));
    match link.return_url {
        Some(url) => Redirect::to(&url).into_response(),
        None => page("Payment method", "<main><p>The card is saved.</p></main>").into_response(),
    }
}

fn over() -> Response {
    let body = "<main><div class=\"card\"><h1>This link was used</h1>\
                <p>Ask for another.</p></div></main>";
    (StatusCode::GONE, page("Payment method", body)).into_response()
}
