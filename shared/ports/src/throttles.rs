//! Counting what may be tried a number of times within a while.

use crate::Unavailable;
use jiff::Timestamp;
use std::time::Duration;

/// Something that may be tried a number of times within a while.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Throttle {
    /// What is counted, and for whom: `sign_in#ada@example.com`.
    pub key: String,
    /// How long the count lasts after the first try.
    pub window: Duration,
}

/// How often something was tried, this try included, and when the count starts again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tries {
    pub count: u32,
    pub until: Timestamp,
}

pub trait Throttles {
    /// Counts one more try. Of callers at the same time no two see the same count.
    fn count_try(
        &self,
        throttle: &Throttle,
        now: Timestamp,
    ) -> impl Future<Output = Result<Tries, Unavailable>> + Send;

    /// Starts counting from nothing again.
    fn forget_tries(
        &self,
        throttle: &Throttle,
    ) -> impl Future<Output = Result<(), Unavailable>> + Send;
}
