//! What Dodo Payments sends. Lenient on purpose: a new event type, status or field is normal, so
//! only what we use is read, and nearly all of it may be missing.

use serde::{Deserialize, Deserializer};
use std::collections::HashMap;

/// The body of every webhook.
///
/// It carries the state at the time of *delivery*: trust `data.status`, not `type`.
#[derive(Clone, Debug, Deserialize)]
pub struct Webhook {
    #[serde(rename = "type", default, deserialize_with = "null_as_default")]
    pub kind: String,
    #[serde(default, deserialize_with = "null_as_default")]
    pub data: Data,
}

#[derive(Clone, Debug, Default, Deserialize)]
pub struct Data {
    /// `Payment`, `Subscription`, `Refund`, …
    #[serde(default, deserialize_with = "null_as_default")]
    pub payload_type: String,
    #[serde(default)]
    pub subscription_id: Option<String>,
    #[serde(default)]
    pub status: Option<String>,
    /// What we gave the checkout session. Values are strings, numbers or booleans.
    #[serde(default, deserialize_with = "null_as_default")]
    pub metadata: HashMap<String, serde_json::Value>,
}

impl Data {
    /// A value of the metadata, if it is a string.
    pub fn metadata(&self, key: &str) -> Option<&str> {
        self.metadata.get(key)?.as_str()
    }
}

/// What is null says as little as what is missing.
fn null_as_default<'de, D, T>(from: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Default + Deserialize<'de>,
{
    Option::<T>::deserialize(from).map(Option::unwrap_or_default)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_null_or_missing_is_read_as_nothing() {
        for body in ["{}", r#"{"type":null,"data":null}"#, r#"{"data":{"metadata":null}}"#] {
            let webhook: Webhook = serde_json::from_str(body).expect(body);
            assert!(webhook.data.metadata.is_empty(), "{body}");
        }
    }
}
