//! A clock that stands still until somebody moves it.

use jiff::Timestamp;
use ports::clock::Clock;
use std::{
    sync::{Mutex, PoisonError},
    time::Duration,
};

/// Sleeping moves the time on at once, so that no test waits.
#[derive(Debug)]
pub struct FakeClock {
    now: Mutex<Timestamp>,
}

impl Default for FakeClock {
    /// A Saturday in November 2026, which is as good as any.
    fn default() -> Self {
        Self::at(Timestamp::constant(1_795_262_400, 0))
    }
}

impl FakeClock {
    pub fn at(now: Timestamp) -> Self {
        Self { now: Mutex::new(now) }
    }

    pub fn advance(&self, duration: Duration) {
        *self.now.lock().unwrap_or_else(PoisonError::into_inner) += duration;
    }

    /// As when a clock that was ahead is set right.
    pub fn turn_back(&self, duration: Duration) {
        *self.now.lock().unwrap_or_else(PoisonError::into_inner) -= duration;
    }
}

impl Clock for FakeClock {
    fn now(&self) -> Timestamp {
        *self.now.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn sleep(&self, duration: Duration) {
        self.advance(duration);
    }
}
