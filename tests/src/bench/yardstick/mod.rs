//! The yardstick: our placement beside the one that it replaces, a row lock in PostgreSQL.
//!
//! The local engine is a Python program that serves one request after another, so its milliseconds
//! say nothing about DynamoDB. What compares is how often a placement must try, what it sends, and
//! that nothing is given out twice. Time is printed beside a floor of the same run: one read and one
//! write of an item that nobody else touches, by as many clients at a time.

pub mod balance;
pub mod case;
pub mod dynamo;
mod engine;
mod postgres;
pub mod race;
mod report;
mod requests;
pub mod summary;

use balance::{Imbalance, find_imbalances};
use case::{Case, PLACERS, Room};
use dynamo::Dynamo;
use postgres::Postgres;
use race::{Act, Placer, race};
use report::{Measured, Store};
use std::error::Error;
use summary::{Summary, summarise};

/// Reads and writes that make a floor.
const TOUCHES: u32 = 300;

#[derive(Clone, Debug, clap::Args)]
pub struct YardstickOptions {
    /// Connection string of a PostgreSQL for the yardstick, which drops tables there
    /// [default: `scripts/bench` starts one]
    #[arg(long, env = "YARDSTICK_POSTGRES", hide_env_values = true)]
    pub postgres: Option<String>,
    /// How many placements the yardstick makes in each case.
    #[arg(long, default_value_t = 200, value_parser = clap::value_parser!(u32).range(1..=2000))]
    pub placements: u32,
}

#[derive(Debug, thiserror::Error)]
pub enum YardstickError {
    #[error("there is no PostgreSQL to compare with; name one with --postgres")]
    NoPostgres,
    #[error("PostgreSQL refused")]
    Postgres(#[from] tokio_postgres::Error),
    #[error("the AWS engine at `{url}` refused")]
    Engine { url: String, source: Box<dyn Error + Send + Sync> },
    #[error("the fleet cannot be written or read")]
    Fleet(#[from] ports::Unavailable),
    #[error("a placement failed")]
    Placement(#[from] placement::PlaceError),
    #[error("`{project}` found no place in {tries} tries")]
    NeverPlaced { project: String, tries: u32 },
    #[error("a worker has less than nothing left")]
    LessThanNothing(#[from] std::num::TryFromIntError),
    #[error("the operating system gives no random number")]
    NoChance,
    #[error("a placer broke off")]
    BrokenOff(#[from] tokio::task::JoinError),
    #[error("{} imbalances, the first: {}", .0.len(), .0[0])]
    Unbalanced(Vec<Imbalance>),
}

impl YardstickError {
    fn engine(url: &str, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::Engine { url: url.to_owned(), source: source.into() }
    }
}

/// Measures both and prints what it saw. `engine` is where the AWS engine is.
///
/// Fails after that if either store gave anything out twice.
pub(super) async fn run(options: &YardstickOptions, engine: &str) -> Result<(), YardstickError> {
    let address = options.postgres.as_deref().ok_or(YardstickError::NoPostgres)?;
    let mut measured = Vec::new();
    for room in Room::ALL {
        for placers in PLACERS {
            let case = Case { room, placers, placements: options.placements };
            measured.push(measure_dynamo(engine, case).await?);
            measured.push(measure_postgres(address, case).await?);
        }
    }
    super::say(&report::markdown(&measured));
    let imbalances: Vec<_> = measured.into_iter().flat_map(|it| it.imbalances).collect();
    if imbalances.is_empty() { Ok(()) } else { Err(YardstickError::Unbalanced(imbalances)) }
}

async fn measure_dynamo(engine: &str, case: Case) -> Result<Measured, YardstickError> {
    let dynamo = Dynamo::filled(engine, &case.workers()).await?;
    let floor = touch(dynamo.placers(case.placers)).await?;
    let placed = race(dynamo.placers(case.placers), Act::Place, case.placements).await?;
    let imbalances = find_imbalances(&dynamo.fleet().await?, &case.projects());
    dynamo.remove().await?;
    Ok(Measured { store: Store::Dynamo, case, floor, summary: summarise(&placed), imbalances })
}

async fn measure_postgres(address: &str, case: Case) -> Result<Measured, YardstickError> {
    let postgres = Postgres::filled(address, &case.workers()).await?;
    let floor = touch(postgres.placers(case.placers).await?).await?;
    let placers = postgres.placers(case.placers).await?;
    let placed = race(placers, Act::Place, case.placements).await?;
    let imbalances = find_imbalances(&postgres.fleet().await?, &case.projects());
    Ok(Measured { store: Store::Postgres, case, floor, summary: summarise(&placed), imbalances })
}

async fn touch<P: Placer>(placers: Vec<P>) -> Result<Summary, YardstickError> {
    race(placers, Act::Touch, TOUCHES).await.map(|it| summarise(&it))
}
