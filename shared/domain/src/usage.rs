//! What instances use of language models, what it costs, and how much of it a project may have.
//!
//! Money is counted in whole millionths of a dollar, and tokens in tokens: what is added up a million times
//! must not be rounded a million times.

mod account;
mod rate;
mod tariff;

pub use account::{Account, Hold, Limits, MAX_IN_FLIGHT, Refused, Whose};
pub use rate::{Rate, Taken};
pub use tariff::{Price, Priced, price_of};

use jiff::{Timestamp, civil::Date, tz::TimeZone};
use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

/// Money, in millionths of a US dollar.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Micros(pub u64);

impl Micros {
    pub const PER_CENT: u64 = 10_000;

    pub const fn of_dollars(dollars: u64) -> Self {
        Self(dollars * 1_000_000)
    }

    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

/// What one call took, or many of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Tokens {
    /// Read anew. What came out of a cache is not among them.
    pub input: u64,
    /// Read from the provider's cache, at a fraction of the price.
    pub cached: u64,
    /// Written into it, which some providers charge for.
    pub cache_written: u64,
    pub output: u64,
}

impl Tokens {
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        Self {
            input: self.input.saturating_add(other.input),
            cached: self.cached.saturating_add(other.cached),
            cache_written: self.cache_written.saturating_add(other.cache_written),
            output: self.output.saturating_add(other.output),
        }
    }
}

/// A calendar month in UTC, after which spending begins anew.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Month(Date);

/// A calendar day in UTC.
pub fn day_of(at: Timestamp) -> Date {
    at.to_zoned(TimeZone::UTC).date()
}

impl Month {
    pub fn of(at: Timestamp) -> Self {
        Self(day_of(at).first_of_month())
    }

    /// When the next one begins.
    pub fn ends_at(self) -> Timestamp {
        let next = self.0.last_of_month().tomorrow().unwrap_or(Date::MAX);
        next.to_zoned(TimeZone::UTC).map_or(Timestamp::MAX, |it| it.timestamp())
    }
}

/// `2026-11`.
impl fmt::Display for Month {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}", self.0.year(), self.0.month())
    }
}

#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be a month, such as `2026-11`")]
pub struct MalformedMonth;

impl FromStr for Month {
    type Err = MalformedMonth;

    fn from_str(text: &str) -> Result<Self, MalformedMonth> {
        let day: Date = format!("{text}-01").parse().map_err(|_| MalformedMonth)?;
        if Self(day).to_string() == text { Ok(Self(day)) } else { Err(MalformedMonth) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_month_ends_where_the_next_begins_and_reads_as_it_is_written() {
        let cases = [
            ("2026-11-22T02:00:00Z", "2026-11", "2026-12-01T00:00:00Z"),
            ("2026-12-31T23:59:59Z", "2026-12", "2027-01-01T00:00:00Z"),
            ("2028-02-29T00:00:00Z", "2028-02", "2028-03-01T00:00:00Z"),
        ];
        for (at, month, end) in cases {
            let it = Month::of(at.parse().unwrap());
            assert_eq!((it.to_string(), it.ends_at().to_string()), (month.into(), end.into()));
            assert_eq!(month.parse(), Ok(it));
            assert_eq!(Month::of(it.ends_at() - jiff::SignedDuration::from_secs(1)), it);
        }
        for wrong in ["", "2026", "2026-13", "2026-1", "2026-11-22", "26-11", "2026-11 "] {
            assert_eq!(wrong.parse::<Month>(), Err(MalformedMonth), "{wrong}");
        }
    }
}
