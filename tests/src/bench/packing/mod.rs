//! How well the fleet is packed, and how far placement scales: simulated, with the deployed decision.
//!
//! Needs no stack, and gives the same figures again. How well is measured against the exact optimum:
//! the fewest workers that the projects of each moment need, whoever has to be moved for it. A figure
//! over the mere sum of sizes would blame the placement for what no placement can do.

mod bound;
mod chart;
mod fleet;
mod machine;
mod optimum;
pub mod scale;
mod series;
mod simulation;
mod study;

use machine::Machine;
use std::path::{Path, PathBuf};
use study::Study;

#[derive(Debug, thiserror::Error)]
pub enum PackingError {
    #[error("a worker of `{0}` does not hold one project")]
    TooSmall(String),
    #[error("the ladder has no machine with {0} GiB")]
    NoMachine(u32),
    #[error("the chart cannot be written to `{}`", path.display())]
    Chart { path: PathBuf, source: std::io::Error },
    #[error("the routes do not fit into chunks")]
    Routes(#[from] contracts::routes::chunk::TooDeep),
    #[error("`{0}` is not an id or a host name")]
    Name(String),
    #[error("a worker cannot be written as an item")]
    Item(#[from] serde_json::Error),
}

impl PackingError {
    fn of(machine: &Machine) -> Self {
        Self::TooSmall(machine.name().to_owned())
    }
}

/// Simulates all fleets, writes the chart if a place is given for it, and returns the tables.
///
/// Takes minutes, on all processors.
pub fn run(chart: Option<&Path>) -> Result<String, PackingError> {
    let study = Study::run()?;
    if let Some(path) = chart {
        std::fs::write(path, chart::draw(&study))
            .map_err(|source| PackingError::Chart { path: path.to_owned(), source })?;
    }
    let tables = [
        study.goal_table(),
        study.packing_table(),
        variants_and_bound(&study)?,
        study.cost_table(true),
        study.cost_table(false),
    ];
    Ok(tables.concat())
}

fn variants_and_bound(study: &Study) -> Result<String, PackingError> {
    Ok(study::variants()? + &study.bound_table())
}
