//! Everything that the stand-in remembers.

use super::{
    Settings,
    delivery::{Delivery, Outcome},
    options::OptionsError,
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::{collections::BTreeMap, path::Path};

pub(super) type Metadata = Map<String, Value>;

#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct Books {
    pub(super) customers: BTreeMap<String, Customer>,
    pub(super) sessions: BTreeMap<String, Session>,
    pub(super) payments: BTreeMap<String, Payment>,
    pub(super) subscriptions: BTreeMap<String, Subscription>,
    pub(super) deliveries: BTreeMap<String, Delivery>,
    pub(super) portal_links: BTreeMap<String, PortalLink>,
    pub(super) webhook_url: Option<String>,
}

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

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PaymentStatus {
    Succeeded,
    Failed,
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
    pub charge_type: String,
    pub created_at: Timestamp,
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
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct PortalLink {
    pub(super) customer_id: String,
    pub(super) created_at: Timestamp,
}

impl Books {
    pub(super) fn open(settings: &Settings) -> Result<Self, OptionsError> {
        let mut books = match &settings.state_file {
            Some(path) if path.exists() => Self::load(path)?,
            Some(_) | None => Self::default(),
        };
        if settings.webhook_url.is_some() {
            books.webhook_url.clone_from(&settings.webhook_url);
        }
        Ok(books)
    }

    fn load(path: &Path) -> Result<Self, OptionsError> {
        let text = std::fs::read(path)
            .map_err(|source| OptionsError::File { path: path.to_owned(), source })?;
        serde_json::from_slice(&text)
            .map_err(|source| OptionsError::State { path: path.to_owned(), source })
    }

    /// Replaces the file in one step: a crash leaves the old books or the new ones.
    pub(super) fn save(&self, path: &Path) -> std::io::Result<()> {
        let draft = path.with_extension("draft");
        std::fs::write(&draft, serde_json::to_vec_pretty(self)?)?;
        std::fs::rename(draft, path)
    }

    pub(super) fn unfinished_deliveries(&self) -> Vec<String> {
        let due = self.deliveries.values().filter(|it| it.outcome == Outcome::Pending);
        due.map(|it| it.id.clone()).collect()
    }
}
