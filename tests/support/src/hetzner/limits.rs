//! The request limit of a project: 3600, of which one comes back each second.

use crate::clock;

pub(super) const LIMIT: u32 = 3600;

pub(super) struct Limits {
    left: u32,
    counted_at_s: i64,
}

/// What is left, for the `RateLimit-…` headers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Allowance {
    pub(super) remaining: u32,
    /// Unix time at which all requests are there again.
    pub(super) reset_s: i64,
    pub(super) exceeded: bool,
}

impl Default for Limits {
    fn default() -> Self {
        Self { left: LIMIT, counted_at_s: 0 }
    }
}

impl Limits {
    /// Counts one request.
    pub(super) fn take(&mut self) -> Allowance {
        self.take_at(clock::now().as_second())
    }

    /// Has only so many left from now on.
    pub(super) fn leave(&mut self, left: u32) {
        *self = Self { left: left.min(LIMIT), counted_at_s: clock::now().as_second() };
    }

    fn take_at(&mut self, now_s: i64) -> Allowance {
        let came_back = u32::try_from(now_s - self.counted_at_s).unwrap_or(0);
        self.left = self.left.saturating_add(came_back).min(LIMIT);
        self.counted_at_s = now_s;
        let exceeded = self.left == 0;
        self.left = self.left.saturating_sub(1);
        let reset_s = now_s + i64::from(LIMIT - self.left);
        Allowance { remaining: self.left, reset_s, exceeded }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_is_free_until_nothing_is_left_and_then_it_is_one_a_second() {
        let mut limits = Limits::default();
        let burst: Vec<_> = (0..=LIMIT).map(|_| limits.take_at(1000)).collect();
        assert!(burst[..3600].iter().all(|it| !it.exceeded));
        assert_eq!(burst[3600], Allowance { remaining: 0, reset_s: 4600, exceeded: true });
        assert!(!limits.take_at(1001).exceeded);
        assert!(limits.take_at(1001).exceeded);
        assert_eq!(limits.take_at(9999).remaining, LIMIT - 1);
    }
}
