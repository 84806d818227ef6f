//! The request limits of tier 0.

use crate::clock;

const PER_SECOND: u32 = 40;
const PER_MINUTE: u32 = 240;

/// Counts requests in whole seconds and whole minutes.
#[derive(Default)]
pub(super) struct Limits {
    second: Window,
    minute: Window,
}

#[derive(Default)]
struct Window {
    number: i64,
    used: u32,
}

/// What is left, for the `X-RateLimit-…` headers. They describe the minute.
#[derive(Clone, Copy)]
pub(super) struct Allowance {
    pub(super) limit: u32,
    pub(super) remaining: u32,
    /// Unix time at which the minute is over.
    pub(super) reset_s: i64,
    pub(super) exceeded: bool,
}

impl Limits {
    /// Counts one request.
    pub(super) fn take(&mut self) -> Allowance {
        self.take_at(clock::now().as_second())
    }

    fn take_at(&mut self, now_s: i64) -> Allowance {
        let this_second = self.second.count(now_s);
        let this_minute = self.minute.count(now_s / 60);
        Allowance {
            limit: PER_MINUTE,
            remaining: PER_MINUTE.saturating_sub(this_minute),
            reset_s: (now_s / 60 + 1) * 60,
            exceeded: this_second > PER_SECOND || this_minute > PER_MINUTE,
        }
    }
}

impl Window {
    fn count(&mut self, number: i64) -> u32 {
        if self.number != number {
            *self = Self { number, used: 0 };
        }
        self.used += 1;
        self.used
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_41st_request_of_a_second_is_refused_and_the_next_second_is_open_again() {
        let mut limits = Limits::default();
        let taken: Vec<_> = (0..41).map(|_| limits.take_at(600).exceeded).collect();
        assert!(taken[..40].iter().all(|exceeded| !exceeded));
        assert!(taken[40]);
        assert!(!limits.take_at(601).exceeded);
    }

    #[test]
    fn the_241st_request_of_a_minute_is_refused() {
        let mut limits = Limits::default();
        for second in 0..12 {
            for _ in 0..20 {
                assert!(!limits.take_at(600 + second).exceeded);
            }
        }
        let refused = limits.take_at(630);
        assert!(refused.exceeded);
        assert_eq!((refused.remaining, refused.reset_s), (0, 660));
    }
}
