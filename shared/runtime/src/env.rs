//! Configuration from environment variables.

use std::str::FromStr;

/// Reads and parses `name`.
///
/// # Panics
///
/// At cold start, if it is missing or malformed: a misconfigured function must not serve.
#[expect(clippy::disallowed_methods, reason = "the one place that reads the environment")]
pub fn require<T: FromStr>(name: &str) -> T {
    let Ok(value) = std::env::var(name) else {
        panic!("environment variable {name} is missing");
    };
    value.parse().unwrap_or_else(|_| panic!("environment variable {name} is malformed"))
}
