//! One webhook on its way to the merchant, and what it says.

use super::{
    books::{Books, Payment, PaymentStatus, Subscription},
    catalog::BUSINESS_ID,
};
use crate::{clock, random};
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
    /// The subscription or payment that it is about. The body is written anew at each attempt.
    pub about: String,
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
    pub(super) fn new(event: &str, about: &str) -> Self {
        Self {
            id: random::id("msg_"),
            event: event.to_owned(),
            event_at: clock::now(),
            about: about.to_owned(),
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
        let data = if let Some(subscription) = self.subscriptions.get(&delivery.about) {
            let mut data = self.subscription_view(subscription);
            data["payload_type"] = json!("Subscription");
            if delivery.event == "subscription.renewed" {
                data["payment_id"] = json!(self.last_payment_of(&subscription.subscription_id));
            }
            data
        } else if let Some(payment) = self.payments.get(&delivery.about) {
            let mut data = self.payment_view(payment);
            data["payload_type"] = json!("Payment");
            data
        } else {
            Value::Null
        };
        json!({
            "business_id": BUSINESS_ID,
            "type": delivery.event,
            "timestamp": delivery.event_at,
            "data": data,
        })
    }

    fn last_payment_of(&self, subscription_id: &str) -> Option<&str> {
        let paid = self.payments.values().filter(|it| {
            it.subscription_id == subscription_id && it.status == PaymentStatus::Succeeded
        });
        paid.max_by_key(|it| it.created_at).map(|it| it.payment_id.as_str())
    }
}

/// What a first charge makes Dodo say, in no particular order.
pub(super) fn of_a_first_charge(payment: &Payment, subscription: &Subscription) -> Vec<Delivery> {
    let about = &subscription.subscription_id;
    match payment.status {
        PaymentStatus::Succeeded => vec![
            Delivery::new("payment.succeeded", &payment.payment_id),
            Delivery::new("subscription.active", about),
            Delivery::new("subscription.renewed", about),
            Delivery::new("subscription.updated", about),
        ],
        PaymentStatus::Failed => vec![
            Delivery::new("payment.failed", &payment.payment_id),
            Delivery::new("subscription.failed", about),
        ],
    }
}
