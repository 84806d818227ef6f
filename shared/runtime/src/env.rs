//! Configuration from environment variables.

use serde::de::DeserializeOwned;
use std::{fmt::Display, str::FromStr};

/// Reads and parses `name`.
///
/// # Panics
///
/// At cold start, if it is missing or malformed: a misconfigured function must not serve.
pub fn require<T: FromStr<Err: Display>>(name: &str) -> T {
    let parsed = read(name).parse();
    parsed.unwrap_or_else(|error| panic!("environment variable {name} is malformed: {error}"))
}

/// The same for a value that is JSON.
///
/// # Panics
///
/// Like [`require`].
pub fn require_json<T: DeserializeOwned>(name: &str) -> T {
    let parsed = serde_json::from_str(&read(name));
    parsed.unwrap_or_else(|error| panic!("environment variable {name} is malformed: {error}"))
}

#[expect(clippy::disallowed_methods, reason = "the one place that reads the environment")]
fn read(name: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| panic!("environment variable {name} is missing"))
}
