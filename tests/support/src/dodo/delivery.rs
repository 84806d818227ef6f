//! One webhook on its way to the merchant, and what it says.

use super::{
    books::Books,
    catalog::BUSINESS_ID,
    events,
    payments::merge,
    records::{Payment, PaymentStatus, Subscription},
};
use crate::random;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Delivery {
    /// The `webhook-id`: the same at every attempt.
    pub id: String,
    #[serde(rename = "type")]
    pub event: String,
    pub event_at: Timestamp,
    /// The record that it is about. The body is written anew at each attempt.
    pub about: String,
    /// What an operator wants its data to say instead.
    #[serde(default)]
    pub said: Value,
    pub outcome: Outcome,
    pub attempts: Vec<Attempt>,
    pub next_attempt_at: Option<Timestamp>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    Pending,
    Delivered,
    /// All attempts are used up.
    Failed,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Attempt {
    pub at: Timestamp,
    /// What the endpoint answered; `None` if it did not.
    pub status: Option<u16>,
    pub error: Option<String>,
    pub duration_ms: u64,
}

impl Attempt {
    /// Anything but 2xx is tried again.
    pub(super) fn was_accepted(&self) -> bool {
        self.status.is_some_and(|status| (200..300).contains(&status))
    }
}

impl Delivery {
    pub(super) fn new(event: &str, about: &str, at: Timestamp) -> Self {
        Self {
            id: random::id("msg_"),
            event: event.to_owned(),
            event_at: at,
            about: about.to_owned(),
            said: Value::Null,
            outcome: Outcome::Pending,
            attempts: Vec::new(),
            next_attempt_at: None,
        }
    }
}

impl Books {
    /// What `delivery` says now: "latest payload at the time of delivery, regardless of when the
    /// event was emitted".
    pub(super) fn body_of(&self, delivery: &Delivery) -> Value {
        let mut data = self.data_of(delivery);
        if !data.is_null() {
            data["payload_type"] = json!(events::payload_type(&delivery.event));
            merge(&mut data, delivery.said.clone());
        }
        json!({
            "business_id": BUSINESS_ID,
            "type": delivery.event,
            "timestamp": delivery.event_at,
            "data": data,
        })
    }

    fn data_of(&self, delivery: &Delivery) -> Value {
        let about = &delivery.about;
        let found = match events::group(&delivery.event) {
            "subscription" => self.subscriptions.get(about).map(|it| {
                let mut data = self.subscription_view(it);
                if delivery.event == "subscription.renewed" {
                    data["payment_id"] = json!(self.last_paid(about).map(|it| &it.payment_id));
                }
                data
            }),
            "payment" => self.payments.get(about).map(|it| self.payment_view(it)),
            "refund" => self.refunds.get(about).map(|it| self.refund_view(it)),
            "dispute" => self.disputes.get(about).map(|it| self.dispute_event(it)),
            "dunning" => self.subscriptions.get(about).map(|it| self.dunning_view(it, delivery)),
            _ => Some(events::sample(&delivery.event, delivery.event_at)),
        };
        found.unwrap_or_default()
    }

    fn dunning_view(&self, subscription: &Subscription, delivery: &Delivery) -> Value {
        let recovered = delivery.event == "dunning.recovered";
        let paid = self.last_paid(&subscription.subscription_id).filter(|_| recovered);
        json!({
            "brand_id": BUSINESS_ID,
            "created_at": delivery.event_at,
            "customer_id": subscription.customer_id,
            "status": if recovered { "recovered" } else { "recovering" },
            "subscription_id": subscription.subscription_id,
            "trigger_state": "past_due",
            "payment_id": paid.map(|it| &it.payment_id),
        })
    }
}

/// What a first charge makes Dodo say, in no particular order.
pub(super) fn of_a_first_charge(payment: &Payment, subscription: &Subscription) -> Vec<Delivery> {
    let of = |event| Delivery::new(event, &subscription.subscription_id, payment.created_at);
    let paid = |event| Delivery::new(event, &payment.payment_id, payment.created_at);
    match payment.status {
        PaymentStatus::Succeeded => vec![
            paid("payment.succeeded"),
            of("subscription.active"),
            of("subscription.renewed"),
            of("subscription.updated"),
        ],
        PaymentStatus::Failed => vec![paid("payment.failed"), of("subscription.failed")],
    }
}
