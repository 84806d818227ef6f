//! Versions of OpenClaw: the year, the month, a number, and perhaps more.

use std::{fmt, str::FromStr};

/// Ordered as they were released; what follows a hyphen is of the same release.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version(Vec<u32>);

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("is no version of OpenClaw")]
pub struct NotAVersion;

impl Version {
    /// Who wrote the configuration last, in its own words, if it says so. It may have comments, which we do
    /// not read; then nobody knows.
    pub(crate) fn in_configuration(json: &[u8]) -> Option<String> {
        let configuration: serde_json::Value = serde_json::from_slice(json).ok()?;
        let version = configuration.get("meta")?.get("lastTouchedVersion")?.as_str()?;
        Some(version.chars().take(40).collect())
    }
}

impl FromStr for Version {
    type Err = NotAVersion;

    fn from_str(text: &str) -> Result<Self, NotAVersion> {
        let release = text.trim_start_matches('v').split(['-', '+']).next().unwrap_or_default();
        let numbers: Result<Vec<u32>, _> = release.split('.').map(str::parse).collect();
        numbers.ok().filter(|it| (2..=4).contains(&it.len())).map(Self).ok_or(NotAVersion)
    }
}

impl fmt::Display for Version {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        let numbers: Vec<_> = self.0.iter().map(ToString::to_string).collect();
        to.write_str(&numbers.join("."))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn later_releases_are_greater() {
        let of = |it: &str| it.parse::<Version>().expect("a version");
        assert!(of("2026.9.6") < of("2026.10.1"));
        assert!(of("v2026.9.6-beta.2") == of("2026.9.6"));
        assert!(of("2025.12.31") < of("2026.1"));
        assert_eq!(of("2026.9.6").to_string(), "2026.9.6");
        for odd in ["", "latest", "2026", "2026.x", "1.2.3.4.5"] {
            assert_eq!(odd.parse::<Version>(), Err(NotAVersion), "{odd}");
        }
    }
}
