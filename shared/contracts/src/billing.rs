//! What billing is told, and what a stage says of its terms.

use crate::ordered::Ordered;
use domain::subscription::{DisputeState, Terms};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

/// A reason to look at a subscription. What is to be done is decided by the look alone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Message {
    /// A delivery is stored and waits to be applied.
    Delivery {
        /// The sender's `webhook-id`.
        delivery_id: String,
        /// The subscription that it is about, if it says so.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        subscription_id: Option<String>,
    },
    /// Look, though nothing was heard.
    Look {
        subscription_id: String,
        /// When it is due. Tells this look from the next one.
        at: Timestamp,
    },
    /// The provider's books show that something of a payment was given back, and nobody told us.
    Refund {
        subscription_id: String,
        payment_id: String,
        /// When the books said so.
        at: Timestamp,
    },
    /// The same of a dispute.
    Dispute {
        subscription_id: String,
        payment_id: String,
        dispute_id: String,
        state: DisputeState,
        at: Timestamp,
    },
    /// An owner wants the project deleted that the subscription pays for, or takes that back.
    Deletion {
        subscription_id: String,
        wanted: bool,
        /// When they said so. What they said later counts.
        at: Timestamp,
    },
}

impl Message {
    /// The name of the timer of a subscription: it has one.
    pub fn timer(subscription: &str) -> String {
        format!("look-{subscription}")
    }
}

/// In the order of each subscription.
impl Ordered for Message {
    fn group(&self) -> &str {
        match self {
            Self::Delivery { delivery_id, subscription_id } => {
                subscription_id.as_ref().unwrap_or(delivery_id)
            }
            Self::Look { subscription_id, .. }
            | Self::Refund { subscription_id, .. }
            | Self::Deletion { subscription_id, .. }
            | Self::Dispute { subscription_id, .. } => subscription_id,
        }
    }

    fn deduplication(&self) -> String {
        match self {
            Self::Delivery { delivery_id, .. } => delivery_id.clone(),
            // To the millisecond: what is done twice within a second is looked at twice.
            Self::Deletion { subscription_id, wanted, at } => {
                format!("{subscription_id}:{wanted}:{}", at.as_millisecond())
            }
            Self::Look { subscription_id, at } => {
                format!("{subscription_id}:{}", at.as_millisecond())
            }
            Self::Refund { payment_id, at, .. } => format!("{payment_id}:{}", at.as_second()),
            Self::Dispute { dispute_id, at, .. } => format!("{dispute_id}:{}", at.as_second()),
        }
    }
}

/// How long things may take in a stage.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Settings {
    /// How long the data of a project outlives its subscription.
    pub grace_seconds: i64,
    /// How long before the deletion its owner is warned, each time.
    pub remind_seconds_before: Vec<i64>,
    /// From the payment to the running instance, as it is meant to be. Later is worth a credit.
    pub provisioning_target_seconds: i64,
    /// From the payment to the running instance, before somebody is woken.
    pub paid_not_running_seconds: i64,
}

impl Settings {
    pub fn terms(&self) -> Terms {
        let seconds = SignedDuration::from_secs;
        Terms {
            grace: seconds(self.grace_seconds),
            remind_before: self.remind_seconds_before.iter().copied().map(seconds).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_reads_as_agreed_and_keeps_the_order_of_its_subscription() {
        let cases = [
            (
                r#"{"kind":"delivery","delivery_id":"msg_1","subscription_id":"sub_1"}"#,
                "sub_1",
                "msg_1",
            ),
            (r#"{"kind":"delivery","delivery_id":"msg_1"}"#, "msg_1", "msg_1"),
            (
                r#"{"kind":"look","subscription_id":"sub_1","at":"1970-01-01T00:01:00Z"}"#,
                "sub_1",
                "sub_1:60000",
            ),
            (
                r#"{"kind":"refund","subscription_id":"sub_1","payment_id":"pay_1","at":"1970-01-01T00:01:00Z"}"#,
                "sub_1",
                "pay_1:60",
            ),
            (
                r#"{"kind":"dispute","subscription_id":"sub_1","payment_id":"pay_1","dispute_id":"dp_1","state":"lost","at":"1970-01-01T00:01:00Z"}"#,
                "sub_1",
                "dp_1:60",
            ),
            (
                r#"{"kind":"deletion","subscription_id":"sub_1","wanted":true,"at":"1970-01-01T00:01:00Z"}"#,
                "sub_1",
                "sub_1:true:60000",
            ),
        ];
        for (wire, group, deduplication) in cases {
            let message: Message = serde_json::from_str(wire).unwrap();
            assert_eq!(serde_json::to_string(&message).unwrap(), wire);
            assert_eq!((message.group(), message.deduplication().as_str()), (group, deduplication));
        }
    }
}
