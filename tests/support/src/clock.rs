//! Real time, in one place: an outside service keeps its own clock, which no test may move.

use jiff::Timestamp;
use std::time::{Duration, Instant};

#[expect(clippy::disallowed_methods, reason = "an outside service has its own clock")]
pub fn now() -> Timestamp {
    Timestamp::now()
}

/// For measuring how long something took.
#[expect(clippy::disallowed_methods, reason = "an outside service has its own clock")]
pub fn stopwatch() -> Instant {
    Instant::now()
}

#[expect(clippy::disallowed_methods, reason = "an outside service has its own clock")]
pub async fn pause(duration: Duration) {
    tokio::time::sleep(duration).await;
}
