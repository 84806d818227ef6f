//! What it costs to read a pool, and which limit is met first.
//!
//! A placement reads the whole pool, strongly consistent. Pages come one after the other, each after a
//! round trip; and a partition of DynamoDB serves 3,000 read units a second, whoever pays for more.

use super::{item, workers};
use crate::bench::{
    packing::{PackingError, machine::of_gib},
    table::Table,
};
use std::fmt::Write as _;

const POOL: &str = "us-east-1";
const POOLS: [u32; 3] = [100, 1_000, 10_000];
const PAGE_BYTES: usize = 1 << 20;
const READ_UNIT_BYTES: usize = 4096;
const WRITE_UNIT_BYTES: usize = 1024;
const PARTITION_READ_UNITS_PER_S: usize = 3000;
const MAX_ITEM_BYTES: usize = 400 << 10;
const USD_PER_READ_UNIT: f64 = 0.125e-6;

/// A worker that is full of Standard projects.
struct Full {
    gib: u32,
    tenants: usize,
    bytes: usize,
}

pub(super) fn tables() -> Result<String, PackingError> {
    let sizes = [8, 16, 64].map(full);
    let sizes = sizes.into_iter().collect::<Result<Vec<_>, _>>()?;
    let empty = item_bytes(16, 0)?;
    Ok(item_table(&sizes, empty) + &read_table(&sizes) + &limits(&sizes, empty))
}

fn full(gib: u32) -> Result<Full, PackingError> {
    let machine = of_gib(gib).ok_or(PackingError::NoMachine(gib))?;
    let standard = domain::plan::PlanId::Standard.plan().limits;
    let tenants = machine.offering.capacity().memory_mib / standard.memory_mib;
    Ok(Full {
        gib,
        tenants: usize::try_from(tenants).unwrap_or(usize::MAX),
        bytes: item_bytes(gib, tenants)?,
    })
}

fn item_bytes(gib: u32, tenants: u32) -> Result<usize, PackingError> {
    let machine = of_gib(gib).ok_or(PackingError::NoMachine(gib))?;
    let worker = workers(&machine.offering, 1, |_| tenants)?.remove(0);
    Ok(item::bytes(&item::of(&worker, POOL)?))
}

fn item_table(sizes: &[Full], empty: usize) -> String {
    let headers = ["worker, full of Standard", "tenants", "bytes", "write units / reservation"];
    let mut table = Table::new("A worker's item", &headers);
    table.row(["empty".to_owned(), "0".to_owned(), empty.to_string(), "1".to_owned()]);
    for it in sizes {
        table.row([
            format!("{} GiB", it.gib),
            it.tenants.to_string(),
            it.bytes.to_string(),
            it.bytes.div_ceil(WRITE_UNIT_BYTES).to_string(),
        ]);
    }
    table.markdown()
}

fn read_table(sizes: &[Full]) -> String {
    let headers = [
        "workers",
        "tenants",
        "MB",
        "pages",
        "read units",
        "reads / s of one partition",
        "USD / 1,000 reads",
    ];
    let mut table = Table::new("One read of a whole pool, strongly consistent", &headers);
    for it in sizes {
        for pool in POOLS.map(|it| usize::try_from(it).unwrap_or(usize::MAX)) {
            let (bytes, units) = (pool * it.bytes, read_units(pool, it.bytes));
            table.row([
                format!("{pool} of {} GiB", it.gib),
                (pool * it.tenants).to_string(),
                format!("{:.2}", number(bytes) / 1e6),
                bytes.div_ceil(PAGE_BYTES).to_string(),
                units.to_string(),
                format!("{:.1}", number(PARTITION_READ_UNITS_PER_S) / number(units)),
                format!("{:.4}", number(units) * USD_PER_READ_UNIT * 1000.0),
            ]);
        }
    }
    table.markdown()
}

/// The sum is rounded up, not each item.
fn read_units(workers: usize, bytes: usize) -> usize {
    (workers * bytes).div_ceil(READ_UNIT_BYTES)
}

/// In words, what is met first on the way up.
fn limits(sizes: &[Full], empty: usize) -> String {
    let mut text = String::from("\n");
    for it in sizes {
        let page = PAGE_BYTES / it.bytes;
        // A hundred placements at once, each of which reads the pool once, within a second.
        let burst = PARTITION_READ_UNITS_PER_S * READ_UNIT_BYTES / 100 / it.bytes;
        let _ = writeln!(
            text,
            "- {} GiB: 100 placements in one second exhaust one partition from {burst} workers \
             ({} tenants) on; a second page begins at {page} workers ({} tenants).",
            it.gib,
            burst * it.tenants,
            page * it.tenants,
        );
    }
    if let Some(it) = sizes.last() {
        let each = (it.bytes - empty) / it.tenants.max(1);
        let most = (MAX_ITEM_BYTES - empty) / each.max(1);
        let ports = domain::worker::PORTS;
        let _ = writeln!(
            text,
            "- A tenant takes {each} bytes of its worker's item, so {most} would fit into the 400 KB \
             of one item: the {ports} ports of a worker end first."
        );
    }
    text
}

fn number(it: usize) -> f64 {
    f64::from(u32::try_from(it).unwrap_or(u32::MAX))
}
