//! Everything that the stand-in remembers, and its clock.

use super::{
    Settings,
    delivery::{Delivery, Outcome},
    options::OptionsError,
    records::{
        CardLink, Customer, Dispute, Payment, PaymentStatus, PortalLink, Refund, Session,
        Subscription,
    },
};
use crate::clock;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::{collections::BTreeMap, path::Path};

pub(super) type Metadata = Map<String, Value>;

#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Books {
    /// How far this clock is ahead of the machine's. Only an operator moves it.
    pub(super) ahead_s: i64,
    pub(super) customers: BTreeMap<String, Customer>,
    pub(super) sessions: BTreeMap<String, Session>,
    pub(super) payments: BTreeMap<String, Payment>,
    pub(super) subscriptions: BTreeMap<String, Subscription>,
    pub(super) refunds: BTreeMap<String, Refund>,
    pub(super) disputes: BTreeMap<String, Dispute>,
    pub(super) deliveries: BTreeMap<String, Delivery>,
    pub(super) portal_links: BTreeMap<String, PortalLink>,
    pub(super) card_links: BTreeMap<String, CardLink>,
    pub(super) webhook_url: Option<String>,
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

    /// The time as this service tells it.
    pub(super) fn now(&self) -> Timestamp {
        clock::now() + SignedDuration::from_secs(self.ahead_s)
    }

    pub(super) fn unfinished_deliveries(&self) -> Vec<String> {
        let due = self.deliveries.values().filter(|it| it.outcome == Outcome::Pending);
        due.map(|it| it.id.clone()).collect()
    }

    /// The latest payment of a subscription that went through.
    pub(super) fn last_paid(&self, subscription_id: &str) -> Option<&Payment> {
        let paid = self.payments.values().filter(|it| {
            it.subscription_id == subscription_id && it.status == PaymentStatus::Succeeded
        });
        paid.max_by_key(|it| it.created_at)
    }
}
