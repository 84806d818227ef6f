//! What a bank, a card or the passing of time would do, done by hand to one subscription or payment.

use super::{
    Delivery, Dodo, Shared,
    books::{Books, Metadata},
    events,
    problem::{Body, Problem},
    records::Card,
};
use axum::{
    Json, Router,
    extract::{Path, State},
    routing::{get, post},
};
use jiff::SignedDuration;
use serde::Deserialize;
use serde_json::{Value, json};
use std::sync::Arc;

const MAX_COPIES: usize = 100;
/// What a subscription can be made to be; nothing is charged for it.
const STATUSES: [&str; 8] =
    ["pending", "active", "past_due", "on_hold", "paused", "cancelled", "failed", "expired"];

pub(super) fn router() -> Router<Arc<Dodo>> {
    Router::new()
        .route("/_standin/subscriptions", get(subscriptions))
        .route("/_standin/subscriptions/{id}/card", post(card))
        .route("/_standin/subscriptions/{id}/renew", post(renew))
        .route("/_standin/subscriptions/{id}/fail", post(fail))
        .route("/_standin/subscriptions/{id}/status", post(status))
        .route("/_standin/refunds", post(refund))
        .route("/_standin/disputes", post(dispute))
        .route("/_standin/disputes/{id}/{outcome}", post(end_dispute))
        .route("/_standin/emit", post(emit))
}

#[derive(Deserialize)]
struct ChosenCard {
    card: Card,
}

#[derive(Deserialize)]
struct Status {
    status: String,
}

#[derive(Deserialize)]
struct Failure {
    /// How long it is past due before it is on hold. As in the settings if it is not said.
    grace_days: Option<u16>,
}

#[derive(Deserialize)]
struct About {
    /// A payment, or a subscription for its latest one.
    about: String,
    amount: Option<i64>,
}

#[derive(Deserialize)]
struct Emission {
    #[serde(rename = "type")]
    event: String,
    /// Without it, the newest record of the kind.
    about: Option<String>,
    /// What the data says instead of the state of its delivery.
    #[serde(default)]
    data: Value,
    /// More than one are duplicates: the same `webhook-id`.
    copies: Option<usize>,
}

async fn subscriptions(State(dodo): Shared) -> Json<Value> {
    let items = dodo.read(|books| books.subscriptions.values().cloned().collect::<Vec<_>>());
    Json(json!({ "items": items }))
}

async fn card(
    State(dodo): Shared,
    Path(id): Path<String>,
    Body(chosen): Body<ChosenCard>,
) -> Result<Json<Value>, Problem> {
    dodo.write(|books| books.subscription_mut(&id).map(|it| it.card = chosen.card))?;
    dodo.subscription_view(&id).map(Json)
}

async fn renew(State(dodo): Shared, Path(id): Path<String>) -> Result<Json<Value>, Problem> {
    dodo.bill(&id, Card::Good, dodo.settings.grace()).map(Json)
}

async fn fail(
    State(dodo): Shared,
    Path(id): Path<String>,
    Body(failure): Body<Option<Failure>>,
) -> Result<Json<Value>, Problem> {
    let days = failure.and_then(|it| it.grace_days).unwrap_or(dodo.settings.grace_days);
    dodo.bill(&id, Card::Declined, SignedDuration::from_hours(24 * i64::from(days))).map(Json)
}

async fn status(
    State(dodo): Shared,
    Path(id): Path<String>,
    Body(to): Body<Status>,
) -> Result<Json<Value>, Problem> {
    if !STATUSES.contains(&to.status.as_str()) {
        return Err(Problem::bad_request(format!("`{}` is none of {STATUSES:?}", to.status)));
    }
    let events = dodo.write(|books| {
        let now = books.now();
        let subscription = books.subscription_mut(&id)?;
        // As a merchant would, if he could; else as only time or a bank can.
        let kind = match subscription.change_status(&to.status, true, now) {
            Ok(kind) => kind.to_owned(),
            Err(_) => format!("subscription.{}", to.status),
        };
        to.status.clone_into(&mut subscription.status);
        let kinds = [kind.as_str(), "subscription.updated"];
        let known = kinds.into_iter().filter(|it| events::TYPES.contains(it));
        Ok::<_, Problem>(known.map(|kind| Delivery::new(kind, &id, now)).collect())
    })?;
    dodo.announce(events);
    dodo.subscription_view(&id).map(Json)
}

async fn refund(State(dodo): Shared, Body(of): Body<About>) -> Result<Json<Value>, Problem> {
    let payment = dodo.payment_about(&of.about)?;
    let refund = dodo.refund(&payment, of.amount, None, Metadata::new())?;
    Ok(Json(dodo.read(|books| books.refund_view(&refund))))
}

async fn dispute(State(dodo): Shared, Body(of): Body<About>) -> Result<Json<Value>, Problem> {
    let payment = dodo.payment_about(&of.about)?;
    dodo.open_dispute(&payment).map(Json)
}

async fn end_dispute(
    State(dodo): Shared,
    Path((id, outcome)): Path<(String, String)>,
) -> Result<Json<Value>, Problem> {
    dodo.end_dispute(&id, &outcome).map(Json)
}

async fn emit(State(dodo): Shared, Body(emission): Body<Emission>) -> Result<Json<Value>, Problem> {
    let copies = emission.copies.unwrap_or(1).clamp(1, MAX_COPIES);
    let delivery = dodo.read(|books| books.emission(emission))?;
    let id = delivery.id.clone();
    if copies == 1 {
        dodo.announce(vec![delivery]);
    } else {
        dodo.deliver_copies(delivery, copies).await;
    }
    Ok(Json(json!({ "id": id, "copies": copies })))
}

impl Dodo {
    /// Bills a subscription now, with a card that works or does not, whatever its date says.
    fn bill(
        self: &Arc<Self>,
        id: &str,
        card: Card,
        grace: SignedDuration,
    ) -> Result<Value, Problem> {
        if self.read(|books| books.owes(id)) {
            self.replace_card(id, card)?;
            return self.subscription_view(id);
        }
        let events = self.write(|books| {
            let now = books.now();
            let subscription = books.subscription_mut(id)?;
            if subscription.status != "active" {
                let message = format!("the subscription is `{}`", subscription.status);
                return Err(Problem::unprocessable("SUBSCRIPTION_INACTIVE", message));
            }
            subscription.card = card;
            subscription.next_billing_date = now;
            let kinds = books.happen(id, now, grace);
            Ok(kinds.into_iter().map(|(kind, about)| Delivery::new(kind, &about, now)).collect())
        })?;
        self.announce(events);
        self.subscription_view(id)
    }

    fn payment_about(&self, about: &str) -> Result<String, Problem> {
        let latest = self.read(|books| books.last_paid(about).map(|it| it.payment_id.clone()));
        latest.map_or_else(|| self.payment(about).map(|it| it.payment_id), Ok)
    }
}

impl Books {
    fn emission(&self, emission: Emission) -> Result<Delivery, Problem> {
        if !events::TYPES.contains(&emission.event.as_str()) {
            let message = format!("`{}` is none of Dodo's types", emission.event);
            return Err(Problem::bad_request(message));
        }
        let group = events::group(&emission.event);
        let about = match emission.about {
            Some(about) => about,
            None => self.newest(group).ok_or_else(|| {
                Problem::bad_request(format!("there is no {group} yet that it could be about"))
            })?,
        };
        let mut delivery = Delivery::new(&emission.event, &about, self.now());
        delivery.said = emission.data;
        if self.body_of(&delivery)["data"].is_null() {
            return Err(Problem::not_found("NOT_FOUND", format!("no {group} `{about}`")));
        }
        Ok(delivery)
    }

    /// The newest record that an event of `group` can be about; nobody keeps records for the rest.
    fn newest(&self, group: &str) -> Option<String> {
        match group {
            "subscription" | "dunning" => {
                let all = self.subscriptions.values();
                all.max_by_key(|it| it.created_at).map(|it| it.subscription_id.clone())
            }
            "payment" => {
                let all = self.payments.values();
                all.max_by_key(|it| it.created_at).map(|it| it.payment_id.clone())
            }
            "refund" => {
                let all = self.refunds.values();
                all.max_by_key(|it| it.created_at).map(|it| it.refund_id.clone())
            }
            "dispute" => {
                let all = self.disputes.values();
                all.max_by_key(|it| it.created_at).map(|it| it.dispute_id.clone())
            }
            _ => Some("standin".to_owned()),
        }
    }
}
