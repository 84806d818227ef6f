//! How fast a project may call: a bucket that fills up evenly.
//!
//! Kept as one moment, that at which the bucket is full again. It is the same arithmetic as a level and when
//! it was read, with nothing to round.

use jiff::Timestamp;
use std::time::Duration;

/// How fast a bucket fills, and how much it holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// 1 to 60,000.
    pub per_minute: u32,
    /// How many at once, after a rest. At least 1.
    pub burst: u32,
}

/// What taking one out of a bucket comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Taken {
    /// It is full again at this moment, in milliseconds since 1970.
    Yes { full_at_ms: i64 },
    /// It is empty, for so long.
    Empty { for_: Duration },
}

impl Rate {
    /// Takes one out of the bucket that is full at `full_at_ms`, at `now`.
    pub fn take(self, full_at_ms: i64, now: Timestamp) -> Taken {
        let now_ms = now.as_millisecond();
        let each_ms = i64::from(60_000 / self.per_minute.max(1)).max(1);
        let whole_ms = each_ms * i64::from(self.burst.max(1));
        // A clock that was ahead, and is set right, empties nobody's bucket for longer than it takes to fill.
        let missing_ms = (full_at_ms - now_ms).clamp(0, whole_ms);
        let after_ms = missing_ms + each_ms;
        if after_ms <= whole_ms {
            Taken::Yes { full_at_ms: now_ms + after_ms }
        } else {
            let wait_ms = u64::try_from(after_ms - whole_ms).unwrap_or_default();
            Taken::Empty { for_: Duration::from_millis(wait_ms) }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::SignedDuration;
    use proptest::prelude::*;

    const RATE: Rate = Rate { per_minute: 60, burst: 3 };

    fn at(ms: i64) -> Timestamp {
        Timestamp::constant(1_795_262_400, 0) + SignedDuration::from_millis(ms)
    }

    /// What becomes of calls at these moments, and how long the refused ones have to wait.
    fn lives(moments: &[i64]) -> Vec<Option<u64>> {
        let mut full_at = 0;
        let take = |moment: &i64| match RATE.take(full_at, at(*moment)) {
            Taken::Yes { full_at_ms } => {
                full_at = full_at_ms;
                None
            }
            Taken::Empty { for_ } => Some(u64::try_from(for_.as_millis()).unwrap()),
        };
        moments.iter().map(take).collect()
    }

    #[test]
    fn a_burst_is_let_through_and_then_one_at_a_time() {
        type Case<'a> = (&'a str, &'a [i64], &'a [Option<u64>]);
        let cases: [Case<'_>; 4] = [
            ("a burst", &[0, 0, 0, 0], &[None, None, None, Some(1_000)]),
            (
                "one fills up a second",
                &[0, 0, 0, 1_000, 1_000],
                &[None, None, None, None, Some(1_000)],
            ),
            ("half a second is half of one", &[0, 0, 0, 500], &[None, None, None, Some(500)]),
            (
                "a rest fills it up and no further",
                &[0, 0, 0, 60_000, 60_000, 60_000, 60_000],
                &[None, None, None, None, None, None, Some(1_000)],
            ),
        ];
        for (case, moments, expected) in cases {
            assert_eq!(lives(moments), expected, "{case}");
        }
    }

    #[test]
    fn a_clock_that_is_set_back_by_hours_costs_no_more_than_a_full_bucket() {
        assert_eq!(lives(&[36_000_000, 0]), [None, Some(1_000)]);
        assert_eq!(lives(&[36_000_000, 0, 1_000]), [None, Some(1_000), Some(1_000)]);
        let Taken::Empty { for_ } = RATE.take(i64::MAX / 2, at(0)) else { panic!("it is empty") };
        assert_eq!(for_, Duration::from_secs(1));
    }

    proptest! {
        #[test]
        fn no_minute_has_more_than_the_rate_and_a_burst(gaps in proptest::collection::vec(0_i64..3_000, 1..200)) {
            let mut now = 0;
            let moments: Vec<i64> = gaps.iter().map(|gap| { now += gap; now }).collect();
            let ends = lives(&moments);
            let taken: Vec<i64> = moments.iter().zip(&ends).filter(|it| it.1.is_none()).map(|it| *it.0).collect();
            for (index, start) in taken.iter().enumerate() {
                let within = taken[index..].iter().filter(|it| **it < start + 60_000).count();
                prop_assert!(within <= 60 + 3, "{within}");
            }
        }

        /// Waiting as long as one is told is always long enough.
        #[test]
        fn who_waits_as_told_is_let_through(full_at in 0_i64..1 << 42, now in 0_i64..1 << 41) {
            let now = Timestamp::from_millisecond(now).unwrap();
            if let Taken::Empty { for_ } = RATE.take(full_at, now) {
                let now = now + SignedDuration::try_from(for_).unwrap();
                // As far as the clock goes on evenly.
                let full_at = full_at.min(now.as_millisecond() + 2_000);
                let taken = RATE.take(full_at, now);
                prop_assert!(matches!(taken, Taken::Yes { .. }), "{taken:?}");
            }
        }
    }
}
