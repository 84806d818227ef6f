//! How much more may be asked.
//!
//! All stages and all people of a Hetzner project share its requests: 3600, of which one comes back each
//! second. Once there are none, nothing is sent until there are enough again for a purchase. Whoever asks
//! meanwhile is told when to come back, and costs nobody a request.

use jiff::Timestamp;
use reqwest::{StatusCode, header::HeaderMap};
use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

/// In this time as many requests come back as a purchase takes, and some.
const BREATHER: Duration = Duration::from_secs(30);
/// Of all requests, what is little.
const FEW_REQUESTS: i64 = 360;

/// Shared by all clones.
#[derive(Clone, Debug, Default)]
pub(super) struct Limit(Arc<Mutex<Option<Timestamp>>>);

impl Limit {
    /// Before which moment nothing may be sent, if not now.
    pub(super) fn closed_until(&self, now: Timestamp) -> Option<Timestamp> {
        let until = *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        until.filter(|it| *it > now)
    }

    /// Learns from an answer. Returns when to come back, if it was the last for a while.
    pub(super) fn mind(
        &self,
        status: StatusCode,
        headers: &HeaderMap,
        now: Timestamp,
    ) -> Option<Timestamp> {
        let remaining = number(headers, "ratelimit-remaining");
        if let Some(remaining) = remaining.filter(|it| *it < FEW_REQUESTS) {
            tracing::warn!(remaining, "few requests to hetzner are left");
        }
        if status != StatusCode::TOO_MANY_REQUESTS && remaining != Some(0) {
            return None;
        }
        let until = come_back(now, number(headers, "ratelimit-reset"));
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(until);
        Some(until)
    }
}

/// `reset_s`: when all requests are there again, which is later than somebody who asks little has to wait.
fn come_back(now: Timestamp, reset_s: Option<i64>) -> Timestamp {
    let breather = now + BREATHER;
    let reset = reset_s.and_then(|it| Timestamp::from_second(it).ok());
    reset.filter(|it| *it > now).map_or(breather, |it| it.min(breather))
}

fn number(headers: &HeaderMap, name: &str) -> Option<i64> {
    headers.get(name)?.to_str().ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use reqwest::header::HeaderValue;

    const NOW: Timestamp = Timestamp::constant(1_795_262_400, 0);

    fn in_s(seconds: u64) -> Timestamp {
        NOW + Duration::from_secs(seconds)
    }

    fn headers(remaining: i64, reset: Timestamp) -> HeaderMap {
        let numbers = [("ratelimit-remaining", remaining), ("ratelimit-reset", reset.as_second())];
        numbers
            .into_iter()
            .map(|(name, it)| (name.parse().unwrap(), HeaderValue::from(it)))
            .collect()
    }

    #[test]
    fn an_answer_says_when_to_come_back_once_nothing_is_left() {
        let (ok, no) = (StatusCode::OK, StatusCode::TOO_MANY_REQUESTS);
        let cases = [
            ("plenty", ok, headers(3599, in_s(1)), None),
            ("few", ok, headers(1, in_s(3599)), None),
            ("that was the last", ok, headers(0, in_s(3600)), Some(in_s(30))),
            ("one too many", no, headers(0, in_s(3600)), Some(in_s(30))),
            ("nearly all are back", no, headers(0, in_s(5)), Some(in_s(5))),
            ("by another clock", no, headers(0, NOW), Some(in_s(30))),
            ("a proxy's", no, HeaderMap::new(), Some(in_s(30))),
            ("no limit at all", ok, HeaderMap::new(), None),
        ];
        for (case, status, headers, expected) in cases {
            let limit = Limit::default();
            assert_eq!(limit.mind(status, &headers, NOW), expected, "{case}");
            assert_eq!(limit.closed_until(NOW), expected, "{case}");
            assert_eq!(limit.clone().closed_until(in_s(30)), None, "{case}: it opens again");
        }
    }
}
