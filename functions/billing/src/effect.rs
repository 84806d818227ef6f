//! What a delivery shows. Pure.

use contracts::webhook::{Data, Products, Webhook};
use domain::subscription::{DisputeState, Seen};

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    Subscription(Box<Seen>),
    /// A charge, made or tried.
    Payment {
        payment: String,
        subscription: String,
        succeeded: bool,
    },
    /// Money went back. How much of it, the provider's books say.
    Refund {
        payment: String,
    },
    Dispute {
        id: String,
        payment: String,
        state: DisputeState,
    },
    /// Nothing to do, and why.
    Nothing(&'static str),
}

/// Reads `body` by what it shows, never by its type: a late delivery is rendered with the state of
/// today.
pub fn effect(body: &str, products: &Products) -> Effect {
    let Ok(Webhook { kind, data }) = serde_json::from_str(body) else {
        return Effect::Nothing("the body is not one that we can read");
    };
    match data.payload_type.as_str() {
        "Subscription" => match data.subscription(products) {
            Some(seen) => Effect::Subscription(Box::new(seen)),
            None => Effect::Nothing("the subscription lacks its id, its status or its customer"),
        },
        "Payment" => payment(data),
        "Refund" => refund(data),
        "Dispute" => dispute(data),
        _ if crate::events::is_known(&kind) => Effect::Nothing("not about anything that we sell"),
        _ => Effect::Nothing("an event that we do not know"),
    }
}

fn payment(data: Data) -> Effect {
    let succeeded = data.status.as_deref() == Some("succeeded");
    match (data.payment_id, data.subscription_id) {
        (Some(payment), Some(subscription)) => Effect::Payment { payment, subscription, succeeded },
        _ => Effect::Nothing("the payment is for no subscription"),
    }
}

fn refund(data: Data) -> Effect {
    match (data.payment_id, data.status.as_deref()) {
        (Some(payment), Some("succeeded")) => Effect::Refund { payment },
        (None, _) => Effect::Nothing("the refund names no payment"),
        (Some(_), _) => Effect::Nothing("no money has gone back"),
    }
}

fn dispute(data: Data) -> Effect {
    let Some(state) = data.dispute_state() else {
        return Effect::Nothing("a state of a dispute that we do not know");
    };
    match (data.dispute_id, data.payment_id) {
        (Some(id), Some(payment)) => Effect::Dispute { id, payment, state },
        _ => Effect::Nothing("the dispute names no payment"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::events::{Done, EVENTS};
    use serde_json::{Value, json};

    fn products() -> Products {
        Products { standard: "pdt_s".into(), pro: "pdt_p".into(), dedicated: "pdt_d".into() }
    }

    /// A body as the group of the event has it.
    fn body(group: &str, name: &str) -> Value {
        let kind = format!("{group}.{name}");
        let data = match group {
            "subscription" => json!({
                "payload_type": "Subscription", "subscription_id": "sub_1", "status": name,
                "customer": { "customer_id": "cus_1" },
            }),
            "payment" => json!({
                "payload_type": "Payment", "payment_id": "pay_1", "subscription_id": "sub_1",
                "status": name,
            }),
            "refund" => json!({
                "payload_type": "Refund", "refund_id": "ref_1", "payment_id": "pay_1",
                "status": "succeeded", "is_partial": false,
            }),
            "dispute" => json!({
                "payload_type": "Dispute", "dispute_id": "dp_1", "payment_id": "pay_1",
                "dispute_status": format!("dispute_{name}"), "amount": "22.61",
            }),
            other => json!({ "payload_type": other, "id": "x_1", "status": name }),
        };
        json!({ "type": kind, "data": data })
    }

    #[test]
    fn every_event_has_the_effect_that_the_table_says() {
        for (group, done, names) in EVENTS {
            for name in names {
                let effect = effect(&body(group, name).to_string(), &products());
                let as_said = match effect {
                    Effect::Subscription(_) => Done::Look,
                    Effect::Payment { .. } => Done::Link,
                    Effect::Refund { .. } => Done::Refund,
                    Effect::Dispute { .. } => Done::Dispute,
                    Effect::Nothing(reason) => {
                        assert_eq!(reason, "not about anything that we sell", "{group}.{name}");
                        Done::Kept
                    }
                };
                assert_eq!(as_said, done, "{group}.{name}");
            }
        }
    }

    #[test]
    fn disputes_are_open_won_or_lost() {
        let cases = [
            ("opened", DisputeState::Open),
            ("challenged", DisputeState::Open),
            ("won", DisputeState::Won),
            ("cancelled", DisputeState::Won),
            ("lost", DisputeState::Lost),
            ("accepted", DisputeState::Lost),
            ("expired", DisputeState::Lost),
        ];
        for (name, expected) in cases {
            let effect = effect(&body("dispute", name).to_string(), &products());
            assert!(matches!(effect, Effect::Dispute { state, .. } if state == expected), "{name}");
        }
    }

    #[test]
    fn what_says_too_little_changes_nothing() {
        type Change = fn(&mut Value);
        let cases: [(&str, &str, Change, &str); 8] = [
            ("a type of tomorrow", "x", |_| (), "do not know"),
            ("no id", "subscription", |it| it["subscription_id"] = Value::Null, "lacks its id"),
            ("no customer", "subscription", |it| it["customer"] = Value::Null, "lacks its id"),
            ("a sale", "payment", |it| it["subscription_id"] = Value::Null, "for no subscription"),
            ("a refund of nothing", "refund", |it| it["payment_id"] = Value::Null, "no payment"),
            ("a refund under way", "refund", |it| it["status"] = "pending".into(), "no money"),
            (
                "a state of tomorrow",
                "dispute",
                |it| it["dispute_status"] = "dispute_asleep".into(),
                "do not know",
            ),
            ("no payment", "dispute", |it| it["payment_id"] = Value::Null, "names no payment"),
        ];
        for (case, group, change, reason) in cases {
            let mut body = body(group, "opened");
            change(&mut body["data"]);
            let effect = effect(&body.to_string(), &products());
            assert!(
                matches!(effect, Effect::Nothing(it) if it.contains(reason)),
                "{case}: {effect:?}"
            );
        }
        for body in ["hello", r#"{"type":"#, "[]"] {
            assert!(matches!(effect(body, &products()), Effect::Nothing(_)), "{body}");
        }
    }
}
