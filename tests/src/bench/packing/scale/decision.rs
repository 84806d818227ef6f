//! How long it takes to judge every worker and choose one.

use super::{TENANTS, workers};
use crate::bench::{packing::PackingError, table::Table};
use domain::{
    consolidation::plan_consolidation,
    fit::{Demand, choose_best},
    offering::Offering,
    plan::PlanId,
    worker::Worker,
};
use std::{hint::black_box, time::Duration};
use support::clock;

const POOLS: [u32; 3] = [100, 1_000, 10_000];
const LIMIT: Duration = Duration::from_secs(1);
const MAX_ROUNDS: usize = 200;

/// One worker in twenty has room, as in a fleet that is packed; or every one has.
const PACKED_EVERY: u32 = 20;

pub(super) fn table(offering: &Offering) -> Result<String, PackingError> {
    let build = if cfg!(debug_assertions) { "unoptimised build" } else { "optimised build" };
    let title = format!("One decision, median in milliseconds ({build})");
    let headers = ["workers", "few have room", "all have room", "plan what to empty next"];
    let mut table = Table::new(&title, &headers);
    let demand = Demand::of(PlanId::Standard.plan(), offering.architecture);
    for pool in POOLS {
        let packed = workers(offering, pool, |it| TENANTS - u32::from(it % PACKED_EVERY == 0))?;
        let roomy = workers(offering, pool, |it| TENANTS - 1 - it % 5)?;
        let choose = |fleet: &[Worker]| ms(|| choose_best(fleet, &demand).is_some());
        let cells = [
            choose(&packed),
            choose(&roomy),
            ms(|| plan_consolidation(&packed, |_| true).is_some()),
        ];
        table.row([pool.to_string()].into_iter().chain(cells));
    }
    Ok(table.markdown())
}

/// The median of as many rounds as fit into the limit.
fn ms(decide: impl Fn() -> bool) -> String {
    let mut times: Vec<Duration> = Vec::new();
    let begun = clock::stopwatch();
    while times.len() < MAX_ROUNDS && (times.is_empty() || begun.elapsed() < LIMIT) {
        let started = clock::stopwatch();
        black_box(decide());
        times.push(started.elapsed());
    }
    let median = crate::bench::median(&times).unwrap_or_default();
    format!("{:.3}", median.as_secs_f64() * 1000.0)
}
