//! When the next blank may be booted, or the next worker bought or started, after some failed.
//!
//! Whatever makes blanks fail (an image, a worker's disk, a provider of models) makes the next one fail
//! too, and each costs somebody's neighbour ten seconds of two CPUs. Whatever makes workers fail (a
//! launch template, a quota, a subnet) costs an execution each, and perhaps an hour of a machine. So
//! pauses grow: 1, 2, 4 … up to 30 minutes, until one succeeds.

use jiff::Timestamp;
use std::time::Duration;

/// How far back failures count. Of a row that is longer only the end is seen, so once a day it begins
/// anew with its short pauses.
pub(crate) const LOOK_BACK: Duration = Duration::from_hours(24);

const FIRST_PAUSE: Duration = Duration::from_mins(1);
const LONGEST_PAUSE: Duration = Duration::from_mins(30);
/// Failures so close are one: several were under way. Shorter than the first pause, or what fails as soon
/// as it is tried would be tried every minute.
const BURST: Duration = Duration::from_secs(30);
/// From the end of a pause until its boot has failed for good, retries included. If none has failed by
/// then, one must have worked, and the row has ended.
pub(crate) const BOOT: Duration = Duration::from_mins(15);
/// The same of a worker: its saga waits ten minutes for the machine before it gives it back.
pub(crate) const GROWTH: Duration = Duration::from_mins(30);

/// When the next may be tried, after `failures` in any order, of what takes `attempt` to fail for good.
/// `None`: none has failed.
pub(crate) fn next_try(failures: &[Timestamp], attempt: Duration) -> Option<Timestamp> {
    let mut failures = failures.to_vec();
    failures.sort_unstable();
    let mut row: Option<(u32, Timestamp)> = None;
    for at in failures {
        row = Some(match row {
            Some((length, last)) if at <= last + BURST => (length, at),
            Some((length, last)) if at <= last + pause(length) + attempt => (length + 1, at),
            Some(_) | None => (1, at),
        });
    }
    row.map(|(length, last)| last + pause(length))
}

/// After so many failures in a row.
fn pause(failures: u32) -> Duration {
    let doubled = 2_u32.saturating_pow(failures.saturating_sub(1));
    FIRST_PAUSE.saturating_mul(doubled).min(LONGEST_PAUSE)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn minute(minute: i64) -> Timestamp {
        Timestamp::from_second(1_795_262_400 + 60 * minute).unwrap()
    }

    fn next(failures: &[i64]) -> Option<Timestamp> {
        next_try(&failures.iter().copied().map(minute).collect::<Vec<_>>(), BOOT)
    }

    #[test]
    fn pauses_double_up_to_half_an_hour_and_a_success_ends_them() {
        let cases: &[(&str, &[i64], Option<i64>)] = &[
            ("none has failed", &[], None),
            ("one", &[10], Some(11)),
            ("two in a row", &[10, 12], Some(14)),
            ("newest first", &[12, 10], Some(14)),
            ("three", &[10, 12, 15], Some(19)),
            ("six", &[0, 2, 5, 10, 19, 36], Some(66)),
            ("ten", &[0, 2, 5, 10, 19, 36, 67, 98, 129, 160], Some(190)),
            ("two at once are one", &[10, 10], Some(11)),
            ("a retried boot fails late, and is of the row", &[10, 25], Some(27)),
            ("long after, one must have worked", &[10, 27], Some(28)),
        ];
        for (case, failures, expected) in cases {
            assert_eq!(next(failures), expected.map(minute), "{case}");
        }
    }

    #[test]
    fn what_fails_as_soon_as_it_is_tried_is_a_row_too() {
        assert_eq!(next(&[10, 11, 13, 17]), Some(minute(25)));
    }

    #[test]
    fn a_worker_may_take_longer_to_fail_and_is_of_the_row_all_the_same() {
        let failures = [minute(10), minute(40)];
        assert_eq!(next_try(&failures, BOOT), Some(minute(41)));
        assert_eq!(next_try(&failures, GROWTH), Some(minute(42)));
    }

    #[test]
    fn blanks_that_never_boot_are_tried_every_half_hour_in_the_end() {
        let (mut now, mut failures) = (minute(0), vec![]);
        let mut tries = vec![];
        while now < minute(3 * 24 * 60) {
            let recent: Vec<_> =
                failures.iter().copied().filter(|it| *it >= now - LOOK_BACK).collect();
            if next_try(&recent, BOOT).is_none_or(|it| it <= now) {
                tries.push(now);
                failures.push(now + Duration::from_secs(90));
            }
            now += Duration::from_mins(1);
        }
        let gap = |it: &[Timestamp]| it[1].duration_since(it[0]).as_secs() / 60;
        let gaps: Vec<_> = tries.windows(2).map(gap).collect();
        assert!(gaps[..40].is_sorted(), "{gaps:?}");
        assert!(gaps[5..40].iter().all(|it| (30..=33).contains(it)), "{gaps:?}");
        assert!(tries.len() <= 3 * (48 + 5), "{} tries", tries.len());
    }

    proptest! {
        #[test]
        fn a_pause_is_never_shorter_than_the_first_nor_longer_than_the_longest(
            failures in prop::collection::vec(0_i64..600, 1..50),
        ) {
            let last = minute(failures.iter().copied().max().unwrap_or_default());
            let next = next(&failures).unwrap();
            prop_assert!(last + FIRST_PAUSE <= next && next <= last + LONGEST_PAUSE);
        }
    }
}
