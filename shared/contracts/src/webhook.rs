//! What Dodo Payments sends. Lenient on purpose: a new event type, status or field is normal, so
//! only what we use is read, and nearly all of it may be missing.

use serde::Deserialize;
use std::collections::HashMap;

/// The body of every webhook.
///
/// It carries the state at the time of *delivery*: trust `data.status`, not `type`.
#[derive(Clone, Debug, Deserialize)]
pub struct Webhook {
    #[serde(rename = "type", default)]
    pub kind: String,
    #[serde(default)]
    pub data: Data,
}

#[derive(Clone, Debug, Default, Deserialize)]
pub struct Data {
    /// `Payment`, `Subscription`, `Refund`, …
    #[serde(default)]
    pub payload_type: String,
    #[serde(default)]
    pub subscription_id: Option<String>,
    #[serde(default)]
    pub status: Option<String>,
    /// What we gave the checkout session. Values are strings, numbers or booleans.
    #[serde(default)]
    pub metadata: HashMap<String, serde_json::Value>,
}

impl Data {
    /// A value of the metadata, if it is a string.
    pub fn metadata(&self, key: &str) -> Option<&str> {
        self.metadata.get(key)?.as_str()
    }
}
