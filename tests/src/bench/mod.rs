//! What it costs: in time from paid to running, in cold starts, in state transitions.
//!
//! Every figure is measured in the same run as the floor under it, the time that Docker and
//! OpenClaw need when nobody orchestrates them: a figure without its floor says more about the
//! machine than about the system. What grows beyond one machine, the packing of a fleet and the size of
//! a pool, is simulated, and measured against what is possible at best.

mod arrange;
pub mod cold_start;
mod deployed;
mod fake_lambda;
mod floor;
mod options;
pub mod packing;
mod provisioning;
mod recovery;
mod request_log;
mod routes;
pub mod table;
mod webhooks;
pub mod yardstick;

pub use options::{Options, Part};
pub use recovery::Fault;

use crate::{environment::Environment, failure::chain};
use std::{error::Error, io::Write, process::ExitCode};

/// Measures what was asked for, and prints a Markdown table for each part.
pub async fn run(options: Options) -> ExitCode {
    match measure(&options).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            say(&format!("\nthe bench stopped: {}", chain(&*error)));
            ExitCode::FAILURE
        }
    }
}

async fn measure(options: &Options) -> Result<(), Box<dyn Error>> {
    if options.asks_for_what_runs() {
        measure_what_runs(options).await?;
    }
    if options.asks_for(Part::Packing) {
        say(&packing::run(options.chart.as_deref())?);
    }
    if options.asks_for(Part::Scale) {
        say(&packing::scale::run()?);
    }
    Ok(())
}

async fn measure_what_runs(options: &Options) -> Result<(), Box<dyn Error>> {
    let asked = |part| options.asks_for(part);
    let environment: Environment = options.environment.clone().find()?;
    if asked(Part::Functions) {
        let measured = cold_start::measure_all(options, &environment).await?;
        say(&cold_start::report(&measured));
    }
    if asked(Part::Api) {
        let measured = routes::measure(options, &environment).await?;
        say(&routes::report(&measured));
    }
    let mut machine_id = None;
    if asked(Part::Provisioning) {
        let measured = provisioning::measure(options, &environment).await?;
        machine_id = measured.iter().find_map(|it| it.machine_id().map(str::to_owned));
        say(&provisioning::report(&measured));
    }
    if asked(Part::Floor) {
        say(&floor::measure(options, machine_id.as_deref()).await?);
    }
    if options.only.contains(&Part::Recovery) {
        let measured = recovery::measure(options, &environment).await?;
        say(&recovery::report(&measured));
    }
    if asked(Part::Webhooks) {
        let measured = webhooks::measure(options, &environment).await?;
        say(&webhooks::report(&measured));
    }
    if asked(Part::Yardstick) {
        yardstick::run(&options.yardstick, &environment.aws_endpoint_url).await?;
    }
    Ok(())
}

/// A report that nobody can read is no reason to stop measuring.
fn say(text: &str) {
    let _ = writeln!(std::io::stdout(), "{text}");
}

/// The middle one; of an even number, the lower of the two in the middle.
fn median<T: Copy + Ord>(values: &[T]) -> Option<T> {
    percentile(values, 50)
}

/// The lowest value that `percent` of all do not exceed.
fn percentile<T: Copy + Ord>(values: &[T], percent: usize) -> Option<T> {
    let mut sorted = values.to_vec();
    sorted.sort_unstable();
    let rank = (sorted.len() * percent).div_ceil(100);
    sorted.get(rank.saturating_sub(1)).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_a_value_that_was_measured() {
        assert_eq!(median(&[3, 1, 2]), Some(2));
        assert_eq!(median(&[4, 1, 3, 2]), Some(2));
        assert_eq!(median::<u8>(&[]), None);
    }

    #[test]
    fn a_percentile_is_the_least_value_that_so_many_do_not_exceed() {
        let ten: Vec<u8> = (1..=10).collect();
        let cases = [(1, 1), (10, 1), (11, 2), (50, 5), (90, 9), (95, 10), (100, 10)];
        for (percent, expected) in cases {
            assert_eq!(percentile(&ten, percent), Some(expected), "{percent} %");
        }
        assert_eq!(percentile(&[7], 95), Some(7));
    }
}
