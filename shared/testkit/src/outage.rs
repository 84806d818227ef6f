//! Faults on demand.

use ports::Unavailable;
use std::sync::atomic::{AtomicU32, Ordering};

/// How many of the next calls fail, and how many succeed before that.
#[derive(Debug, Default)]
pub struct Outage {
    before: AtomicU32,
    calls: AtomicU32,
}

impl Outage {
    /// Lets the next `calls` calls fail. `u32::MAX` is as good as for ever, 0 ends an outage.
    pub fn begin(&self, calls: u32) {
        self.calls.store(calls, Ordering::SeqCst);
    }

    /// Lets `before` more calls succeed and then `calls` calls fail.
    pub fn begin_after(&self, before: u32, calls: u32) {
        self.before.store(before, Ordering::SeqCst);
        self.begin(calls);
    }

    /// What every fake asks first.
    pub fn check(&self, what: &'static str) -> Result<(), Unavailable> {
        let less = |left: u32| left.checked_sub(1);
        if self.before.fetch_update(Ordering::SeqCst, Ordering::SeqCst, less).is_ok() {
            return Ok(());
        }
        match self.calls.fetch_update(Ordering::SeqCst, Ordering::SeqCst, less) {
            Ok(_) => Err(Unavailable::new(what, "the test wants it to be down")),
            Err(_) => Ok(()),
        }
    }
}
