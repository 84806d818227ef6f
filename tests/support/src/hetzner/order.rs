//! Whether an order for a server can be taken.

use super::{catalog, problem::Problem};
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;

const MAX_USER_DATA_BYTES: usize = 32 * 1024;
const MAX_LABEL_LEN: usize = 63;

/// What `POST /servers` takes. Fields that it does not know, it ignores.
#[derive(Debug, Deserialize)]
pub(super) struct Order {
    #[serde(default)]
    pub(super) name: String,
    #[serde(default)]
    pub(super) server_type: String,
    #[serde(default)]
    pub(super) image: Value,
    pub(super) location: Option<String>,
    /// Was removed in July 2026.
    datacenter: Option<Value>,
    #[serde(default)]
    pub(super) user_data: String,
    #[serde(default)]
    pub(super) labels: BTreeMap<String, String>,
    #[serde(default)]
    pub(super) firewalls: Vec<Firewall>,
    #[serde(default)]
    pub(super) ssh_keys: Vec<Value>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Firewall {
    pub(super) firewall: u64,
}

impl Order {
    /// The first field that cannot be what it is.
    pub(super) fn check(&self) -> Result<(), Problem> {
        let refuse = |field: &str, message: &str| Err(Problem::invalid(field, message));
        if !is_host_name(&self.name) {
            return refuse("name", "must be a valid hostname as per RFC 1123");
        }
        if catalog::server_type(&self.server_type).is_none() {
            return refuse("server_type", "could not find server type");
        }
        if self.image.as_str().is_none_or(str::is_empty) && !self.image.is_u64() {
            return refuse("image", "is required");
        }
        if self.datacenter.is_some() {
            return refuse("datacenter", "unknown field");
        }
        if self.location.as_ref().is_some_and(|it| !is_location(it)) {
            return refuse("location", "unsupported location for server type");
        }
        if self.user_data.len() > MAX_USER_DATA_BYTES {
            return refuse("user_data", "must be at most 32 KiB");
        }
        if !self.labels.iter().all(|(key, value)| is_label_key(key) && is_label_value(value)) {
            return refuse("labels", "invalid label");
        }
        Ok(())
    }

    /// Where it is to be, if the order leaves it to us.
    pub(super) fn location(&self) -> String {
        self.location.clone().unwrap_or_else(|| catalog::LOCATIONS[0].0.to_owned())
    }

    pub(super) fn image_name(&self) -> String {
        self.image.as_str().map_or_else(|| self.image.to_string(), str::to_owned)
    }
}

fn is_location(name: &str) -> bool {
    catalog::LOCATIONS.iter().any(|(known, ..)| *known == name)
}

fn is_host_name(name: &str) -> bool {
    let is_part = |part: &str| {
        (1..=63).contains(&part.len())
            && part.bytes().all(|it| it.is_ascii_alphanumeric() || it == b'-')
            && !part.starts_with('-')
            && !part.ends_with('-')
    };
    name.len() <= 253 && name.split('.').all(is_part)
}

fn is_label_key(key: &str) -> bool {
    let (prefix, name) = key.rsplit_once('/').unwrap_or(("", key));
    !name.is_empty() && is_label_value(name) && prefix != "hetzner.cloud" && prefix.len() <= 253
}

fn is_label_value(value: &str) -> bool {
    let is_end = |it: u8| it.is_ascii_alphanumeric();
    let inner = |it: u8| is_end(it) || matches!(it, b'.' | b'_' | b'-');
    let bytes = value.as_bytes();
    bytes.len() <= MAX_LABEL_LEN
        && bytes.iter().all(|it| inner(*it))
        && bytes.first().is_none_or(|it| is_end(*it))
        && bytes.last().is_none_or(|it| is_end(*it))
}

/// Whether `labels` match a selector: `key`, `!key`, `key=value`, `key==value`, `key!=value`, and
/// any of them separated by commas. `None`: it is no such selector.
pub(super) fn selects(selector: &str, labels: &BTreeMap<String, String>) -> Option<bool> {
    let mut all = true;
    for term in selector.split(',').filter(|it| !it.is_empty()) {
        all &= term_selects(term, labels)?;
    }
    Some(all)
}

fn term_selects(term: &str, labels: &BTreeMap<String, String>) -> Option<bool> {
    let is = |key: &str, value: &str| labels.get(key).is_some_and(|it| it == value);
    if let Some((key, value)) = term.split_once("!=") {
        return Some(!is(key, value));
    }
    if let Some((key, value)) = term.split_once("==").or_else(|| term.split_once('=')) {
        return is_label_value(value).then(|| is(key, value));
    }
    if let Some(key) = term.strip_prefix('!') {
        return Some(!labels.contains_key(key));
    }
    is_label_key(term).then(|| labels.contains_key(term))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn an_order_is_refused_by_the_name_of_its_first_bad_field() {
        let good = json!({ "name": "wrk-a-1", "server_type": "cpx22", "image": "debian-12" });
        let cases = [
            ("good", json!({}), None),
            ("an image by number", json!({ "image": 7 }), None),
            ("an underscore", json!({ "name": "wrk_a" }), Some("name")),
            ("too long a name", json!({ "name": "a".repeat(64) }), Some("name")),
            ("a withdrawn type", json!({ "server_type": "cx22" }), Some("server_type")),
            ("no image", json!({ "image": "" }), Some("image")),
            ("a data centre", json!({ "datacenter": "fsn1-dc14" }), Some("datacenter")),
            ("a place unknown", json!({ "location": "ams1" }), Some("location")),
            ("a novel", json!({ "user_data": "x".repeat(32769) }), Some("user_data")),
            ("an odd label", json!({ "labels": { "a": "b c" } }), Some("labels")),
            ("a reserved label", json!({ "labels": { "hetzner.cloud/a": "b" } }), Some("labels")),
        ];
        for (case, change, field) in cases {
            let mut order = good.clone();
            order.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
            let order: Order = serde_json::from_value(order).unwrap();
            let refused = order.check().err().map(|it| format!("{it:?}"));
            match (field, refused) {
                (None, refused) => assert!(refused.is_none(), "{case}: {refused:?}"),
                (Some(field), Some(refused)) => assert!(refused.contains(field), "{case}"),
                (Some(_), None) => panic!("{case} was taken"),
            }
        }
    }

    #[test]
    fn a_selector_selects_by_all_its_terms() {
        let labels = [("stage", "local"), ("worker", "wrk_a-1")];
        let labels = labels.map(|(key, value)| (key.to_owned(), value.to_owned())).into();
        let cases = [
            ("", Some(true)),
            ("stage=local", Some(true)),
            ("stage==local,worker=wrk_a-1", Some(true)),
            ("stage=local,worker=wrk_b-1", Some(false)),
            ("stage!=local", Some(false)),
            ("worker", Some(true)),
            ("!worker", Some(false)),
            ("managed-by", Some(false)),
            ("stage=a b", None),
            ("stage in (a, b)", None),
        ];
        for (selector, expected) in cases {
            assert_eq!(selects(selector, &labels), expected, "{selector}");
        }
    }
}
