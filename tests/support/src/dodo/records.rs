//! What the books hold: one record for each thing that the API names.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Customer {
    pub customer_id: String,
    pub email: String,
    pub name: String,
    pub phone_number: Option<String>,
    pub metadata: Map<String, Value>,
    pub created_at: Timestamp,
}

/// One visit to the checkout page.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Session {
    pub id: String,
    pub product_id: String,
    pub quantity: i64,
    /// `None`: the page asks for an address.
    pub customer_id: Option<String>,
    pub metadata: Map<String, Value>,
    pub return_url: Option<String>,
    pub cancel_url: Option<String>,
    pub created_at: Timestamp,
    /// The payment that used the session up.
    pub payment_id: Option<String>,
}

/// Whether the bank pays when a card is charged.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Card {
    #[default]
    Good,
    Declined,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PaymentStatus {
    Succeeded,
    Failed,
}

impl From<Card> for PaymentStatus {
    fn from(card: Card) -> Self {
        match card {
            Card::Good => Self::Succeeded,
            Card::Declined => Self::Failed,
        }
    }
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Payment {
    pub payment_id: String,
    pub status: PaymentStatus,
    pub subscription_id: String,
    pub customer_id: String,
    pub total_minor: i64,
    pub metadata: Map<String, Value>,
    pub checkout_session_id: Option<String>,
    /// `new`, `renewal` or `plan_change`.
    pub charge_type: String,
    pub created_at: Timestamp,
    /// Charged while a card was replaced.
    #[serde(default)]
    pub is_update_payment_method: bool,
}

impl Payment {
    /// What follows the prefix of its id: names that depend on it end the same.
    pub(super) fn suffix(&self) -> &str {
        self.payment_id.trim_start_matches("pay_")
    }
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Subscription {
    pub subscription_id: String,
    pub status: String,
    pub product_id: String,
    pub quantity: i64,
    pub customer_id: String,
    pub recurring_minor: i64,
    pub metadata: Map<String, Value>,
    pub created_at: Timestamp,
    pub previous_billing_date: Timestamp,
    pub next_billing_date: Timestamp,
    pub expires_at: Timestamp,
    pub cancel_at_next_billing_date: bool,
    pub cancelled_at: Option<Timestamp>,
    pub cancellation_feedback: Option<String>,
    pub cancellation_comment: Option<String>,
    /// What every later charge goes to.
    #[serde(default)]
    pub card: Card,
    #[serde(default)]
    pub past_due_ends_at: Option<Timestamp>,
    /// When a missing payment is tried again by itself. Only while past due.
    #[serde(default)]
    pub next_retry_at: Option<Timestamp>,
    #[serde(default)]
    pub paused_at: Option<Timestamp>,
    #[serde(default)]
    pub scheduled_change: Option<ScheduledChange>,
    /// Left over from downgrades; pays for renewals first.
    #[serde(default)]
    pub credit_minor: i64,
}

/// Another plan from the next period on.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ScheduledChange {
    pub id: String,
    pub product_id: String,
    pub quantity: i64,
    pub recurring_minor: i64,
    pub created_at: Timestamp,
    pub effective_at: Timestamp,
}

/// Money on its way back.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Refund {
    pub refund_id: String,
    pub payment_id: String,
    pub amount_minor: i64,
    pub is_partial: bool,
    /// `succeeded` or `failed`.
    pub status: String,
    pub reason: Option<String>,
    pub metadata: Map<String, Value>,
    pub created_at: Timestamp,
}

/// A payment that its payer's bank asks back.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Dispute {
    pub dispute_id: String,
    pub payment_id: String,
    /// `opened`, `challenged`, `accepted`, `cancelled`, `expired`, `won` or `lost`.
    pub status: String,
    pub created_at: Timestamp,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct PortalLink {
    pub(super) customer_id: String,
    pub(super) created_at: Timestamp,
}

/// A page on which a subscription gets another card.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct CardLink {
    pub(super) subscription_id: String,
    pub(super) return_url: Option<String>,
    pub(super) created_at: Timestamp,
}
