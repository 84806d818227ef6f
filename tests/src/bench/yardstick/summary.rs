//! Many samples in a few figures.

use super::race::{Race, Tries};
use std::time::Duration;

#[derive(Clone, Copy, Debug)]
pub struct Summary {
    pub placements: usize,
    pub writes: f64,
    pub most_writes: u32,
    /// Placed by their first write, of a hundred.
    pub first_try_percent: f64,
    pub round_trips: f64,
    pub full: u32,
    pub contended: u32,
    pub p50: Duration,
    pub p99: Duration,
    pub per_second: f64,
}

pub fn summarise(race: &Race) -> Summary {
    let samples = &race.samples;
    let sum = |of: fn(&Tries) -> u32| samples.iter().map(|it| of(&it.tries)).sum::<u32>();
    let count = u32::try_from(samples.len()).unwrap_or(u32::MAX);
    let each = |total: u32| f64::from(total) / f64::from(count.max(1));
    let first = samples.iter().filter(|it| it.tries.writes == 1).count();
    let times: Vec<Duration> = samples.iter().map(|it| it.took).collect();
    Summary {
        placements: samples.len(),
        writes: each(sum(|it| it.writes)),
        most_writes: samples.iter().map(|it| it.tries.writes).max().unwrap_or_default(),
        first_try_percent: 100.0 * each(u32::try_from(first).unwrap_or(u32::MAX)),
        round_trips: each(sum(|it| it.round_trips)),
        full: sum(|it| it.full),
        contended: sum(|it| it.contended),
        p50: percentile(&times, 50),
        p99: percentile(&times, 99),
        per_second: f64::from(count) / race.took.as_secs_f64(),
    }
}

/// The lowest value that so many of a hundred do not exceed. Zero when there is none.
pub fn percentile(values: &[Duration], percent: usize) -> Duration {
    let mut sorted = values.to_vec();
    sorted.sort_unstable();
    let rank = (sorted.len() * percent).div_ceil(100).max(1);
    sorted.get(rank - 1).copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::{super::race::Sample, *};

    fn ms(values: impl IntoIterator<Item = u64>) -> Vec<Duration> {
        values.into_iter().map(Duration::from_millis).collect()
    }

    #[test]
    fn a_percentile_is_a_value_that_was_measured() {
        let cases = [
            ("none", ms([]), 50, 0),
            ("one", ms([7]), 99, 7),
            ("the middle of three", ms([3, 1, 2]), 50, 2),
            ("the lower middle of four", ms([4, 3, 2, 1]), 50, 2),
            ("99 of a hundred", ms(1..=100), 99, 99),
            ("99 of two hundred", ms(1..=200), 99, 198),
            ("99 of a few is the worst", ms(1..=10), 99, 10),
        ];
        for (case, values, percent, expected) in cases {
            assert_eq!(percentile(&values, percent), Duration::from_millis(expected), "{case}");
        }
    }

    #[test]
    fn tries_are_averaged_over_placements() {
        let sample = |writes, full| Sample {
            tries: Tries { writes, round_trips: writes * 3, full, contended: 0 },
            took: Duration::from_millis(10),
        };
        let samples = vec![sample(1, 0), sample(1, 0), sample(1, 0), sample(5, 2)];
        let summary = summarise(&Race { samples, took: Duration::from_secs(2) });
        let figures =
            [summary.writes, summary.round_trips, summary.first_try_percent, summary.per_second];
        assert_eq!(figures.map(|it| format!("{it:.2}")), ["2.00", "6.00", "75.00", "2.00"]);
        assert_eq!((summary.most_writes, summary.full), (5, 2));
    }
}
