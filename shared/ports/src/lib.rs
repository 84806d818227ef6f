//! What the platform needs from the outside, in the platform's own words. One trait a file; its
//! adapter and its fake carry the same file name.

pub mod access_tokens;
pub mod accounts;
pub mod audit;
pub mod backups;
pub mod bots;
pub mod bundles;
pub mod cases;
pub mod census;
pub mod chat_tickets;
pub mod clock;
pub mod commands;
pub mod configurations;
pub mod credits;
pub mod deliveries;
pub mod erasure;
pub mod fleet;
pub mod heartbeats;
pub mod identities;
pub mod identity_provider;
pub mod imports;
pub mod instance_logs;
pub mod intents;
pub mod keys;
pub mod machines;
pub mod mail;
pub mod model_upstream;
pub mod payments;
pub mod placements;
pub mod prices;
pub mod projects;
pub mod provider_check;
pub mod queue;
pub mod random;
pub mod rests;
pub mod routes;
pub mod sagas;
pub mod sessions;
pub mod subscriptions;
pub mod tenant_projects;
pub mod tenants;
pub mod throttles;
pub mod timers;
pub mod usage;
pub mod vault;

use jiff::Timestamp;

/// The other side timed out, throttled us or answered nonsense. Nothing is known about a write:
/// repeat it with the same key.
#[derive(Debug, thiserror::Error)]
#[error("{what} is unavailable")]
pub struct Unavailable {
    pub what: &'static str,
    #[source]
    pub source: Box<dyn std::error::Error + Send + Sync>,
    /// The other side counts requests, and wants none before this moment.
    pub not_before: Option<Timestamp>,
}

impl Unavailable {
    pub fn new(
        what: &'static str,
        source: impl Into<Box<dyn std::error::Error + Send + Sync>>,
    ) -> Self {
        Self { what, source: source.into(), not_before: None }
    }

    /// The same, with the moment before which nobody should ask again.
    #[must_use]
    pub fn until(self, not_before: Option<Timestamp>) -> Self {
        Self { not_before, ..self }
    }
}
