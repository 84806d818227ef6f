//! How far one pool goes: what a placement reads, decides and writes as the fleet grows.
//!
//! Time is measured, bytes are counted by the rules of DynamoDB, races are played in lockstep.

mod decision;
mod item;
mod pool;
mod race;
mod routes;

use super::{
    PackingError, fleet,
    machine::{Machine, of_gib},
    simulation::Outcome,
    study::alone_and_moving,
};
use crate::bench::table::Table;
use domain::{offering::Offering, plan::PlanId, worker::Worker};

const PROJECTS: u32 = 10_000;
/// What the fleet is made of: a worker for ten Standard projects.
const GIB: u32 = 16;
const TENANTS: u32 = 10;

/// All tables. Takes a minute.
pub fn run() -> Result<String, PackingError> {
    let machine = of_gib(GIB).ok_or(PackingError::NoMachine(GIB))?;
    let tables = [
        packing_table(&machine)?,
        decision::table(&machine.offering)?,
        pool::tables()?,
        race::table(&machine.offering)?,
        routes::table()?,
    ];
    Ok(tables.concat())
}

fn packing_table(machine: &Machine) -> Result<String, PackingError> {
    let title = format!("{PROJECTS} projects on workers of {GIB} GiB, means over time");
    let headers = ["", "optimum", "best fit alone", "ratio", "emptied daily", "ratio"];
    let mut table = Table::new(&title, &headers);
    for (mix, is_mixed) in [("80 % Standard, 20 % Pro", true), ("all Standard", false)] {
        let series = alone_and_moving(machine, PROJECTS, is_mixed)?;
        let mut cells = vec![mix.to_owned()];
        let optimum = series.first().map(|it| it.mean(|it| it.optimum_hours / it.hours));
        cells.push(optimum.map_or_else(String::new, |it| format!("{it:.0}")));
        for it in &series {
            cells.push(format!("{:.0}", it.mean(|it| it.worker_hours / it.hours)));
            cells.push(format!("{:.3}", it.mean(Outcome::over_optimum)));
        }
        table.row(cells);
    }
    Ok(table.markdown())
}

/// `number` workers with this many Standard projects on each.
fn workers(
    offering: &Offering,
    number: u32,
    tenants: impl Fn(u32) -> u32,
) -> Result<Vec<Worker>, PackingError> {
    let mut next_project = 0;
    (0..number)
        .map(|index| {
            let mut worker = fleet::new_worker(offering, index).ok_or_else(|| name(index))?;
            for _ in 0..tenants(index) {
                let project = fleet::project(next_project).ok_or_else(|| name(next_project))?;
                fleet::load(&mut worker, &project, PlanId::Standard)
                    .ok_or_else(|| PackingError::TooSmall(offering.machine_type.clone()))?;
                next_project += 1;
            }
            Ok(worker)
        })
        .collect()
}

fn name(number: u32) -> PackingError {
    PackingError::Name(number.to_string())
}
