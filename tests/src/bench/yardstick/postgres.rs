//! The yardstick itself: placement as the seed did it, by a row lock that skips what is locked.

use super::{
    YardstickError,
    balance::{Claim, Held},
    case::{PLAN, project},
    race::{Placer, Tries},
};
use domain::{
    capacity::Capacity,
    worker::{FIRST_PORT, PORTS},
};
use tokio_postgres::{Client, NoTls, Row, Statement};

const SCHEMA: &str = include_str!("schema.sql");

const CHOOSE: &str = "SELECT id FROM worker_nodes \
    WHERE state = 'ready' AND free_mib >= $1 AND free_cpu >= $2 \
    ORDER BY free_mib ASC LIMIT 1 FOR UPDATE SKIP LOCKED";
const TAKE: &str = "UPDATE worker_nodes \
    SET free_mib = free_mib - $2, free_cpu = free_cpu - $3 WHERE id = $1";
const LAUNCH: &str = "INSERT INTO containers \
    SELECT $1, $2, $3, $4, min(port) FROM generate_series($5::bigint, $6::bigint) AS port \
    WHERE NOT EXISTS (SELECT FROM containers WHERE worker_node_id = $2 AND containers.port = port.port)";

/// BEGIN and the choice; then, with a worker, the update, the insert and COMMIT, else ROLLBACK.
const ROUND_TRIPS_PLACED: u32 = 5;
const ROUND_TRIPS_FULL: u32 = 3;
/// How often a placement may be told that the fleet is full before the bench gives up.
const MAX_TRANSACTIONS: u32 = 10_000;

/// A database with nothing in it but the workers of one case.
#[derive(Debug)]
pub(super) struct Postgres {
    address: String,
    client: Client,
}

pub(super) struct PostgresPlacer {
    client: Client,
    number: i64,
    choose: Statement,
    take: Statement,
    launch: Statement,
}

async fn connect(address: &str) -> Result<Client, YardstickError> {
    let (client, connection) = tokio_postgres::connect(address, NoTls).await?;
    // It ends when the client is dropped; an error reaches the client too.
    tokio::spawn(connection);
    Ok(client)
}

impl Postgres {
    /// Drops whatever earlier cases left. `address` is a connection string of libpq.
    pub(super) async fn filled(
        address: &str,
        workers: &[Capacity],
    ) -> Result<Self, YardstickError> {
        let client = connect(address).await?;
        client.batch_execute(SCHEMA).await?;
        let insert = "INSERT INTO worker_nodes VALUES ($1, 'ready', $2, $3, $2, $3)";
        for (index, it) in workers.iter().enumerate() {
            let (mib, cpu) = columns(*it);
            client.execute(insert, &[&format!("{index:02}"), &mib, &cpu]).await?;
        }
        client.batch_execute("ANALYZE worker_nodes").await?;
        Ok(Self { address: address.to_owned(), client })
    }

    pub(super) async fn placers(&self, count: u32) -> Result<Vec<PostgresPlacer>, YardstickError> {
        let mut placers = Vec::new();
        for number in 0..count {
            placers.push(PostgresPlacer::connect(&self.address, number.into()).await?);
        }
        Ok(placers)
    }

    /// What it gave out.
    pub(super) async fn fleet(&self) -> Result<Vec<Held>, YardstickError> {
        let workers = self
            .client
            .query("SELECT id, total_mib, total_cpu, free_mib, free_cpu FROM worker_nodes", &[])
            .await?;
        let claims = self
            .client
            .query(
                "SELECT worker_node_id, memory_mib, cpu_millis, port, project_id FROM containers",
                &[],
            )
            .await?;
        workers.iter().map(|it| held(it, &claims)).collect()
    }
}

impl PostgresPlacer {
    async fn connect(address: &str, number: i64) -> Result<Self, YardstickError> {
        let client = connect(address).await?;
        client
            .execute("INSERT INTO floor VALUES ($1, 0) ON CONFLICT DO NOTHING", &[&number])
            .await?;
        let choose = client.prepare(CHOOSE).await?;
        let take = client.prepare(TAKE).await?;
        let launch = client.prepare(LAUNCH).await?;
        Ok(Self { client, number, choose, take, launch })
    }

    /// One transaction. `false` if it found no worker with room that nobody had locked.
    async fn try_place(&mut self, project: &str) -> Result<bool, YardstickError> {
        let (mib, cpu) = columns(PLAN.plan().limits);
        let transaction = self.client.transaction().await?;
        let Some(worker) = transaction.query_opt(&self.choose, &[&mib, &cpu]).await? else {
            transaction.rollback().await?;
            return Ok(false);
        };
        let worker: String = worker.try_get(0)?;
        transaction.execute(&self.take, &[&worker, &mib, &cpu]).await?;
        let (first, last) = (i64::from(FIRST_PORT), i64::from(FIRST_PORT + PORTS - 1));
        let row: [&(dyn tokio_postgres::types::ToSql + Sync); 6] =
            [&project, &worker, &mib, &cpu, &first, &last];
        transaction.execute(&self.launch, &row).await?;
        transaction.commit().await?;
        Ok(true)
    }
}

impl Placer for PostgresPlacer {
    async fn place(&mut self, number: u32) -> Result<Tries, YardstickError> {
        let project = project(number);
        for writes in 1..=MAX_TRANSACTIONS {
            if self.try_place(&project).await? {
                let full = writes - 1;
                let round_trips = full * ROUND_TRIPS_FULL + ROUND_TRIPS_PLACED;
                return Ok(Tries { writes, round_trips, full, contended: 0 });
            }
        }
        Err(YardstickError::NeverPlaced { project, tries: MAX_TRANSACTIONS })
    }

    async fn touch(&mut self) -> Result<(), YardstickError> {
        let read = "SELECT touched FROM floor WHERE id = $1";
        self.client.query_one(read, &[&self.number]).await?;
        let write = "UPDATE floor SET touched = touched + 1 WHERE id = $1";
        self.client.execute(write, &[&self.number]).await?;
        Ok(())
    }
}

fn columns(capacity: Capacity) -> (i64, i64) {
    (capacity.memory_mib.into(), capacity.cpu_millis.into())
}

fn held(worker: &Row, claims: &[Row]) -> Result<Held, YardstickError> {
    let id: String = worker.try_get(0)?;
    let mut own = Vec::new();
    for row in claims {
        if row.try_get::<_, &str>(0)? == id {
            let port = u16::try_from(row.try_get::<_, i64>(3)?)?;
            let project = row.try_get(4)?;
            own.push(Claim { project, demand: capacity(row, 1)?, port });
        }
    }
    Ok(Held { worker: id, total: capacity(worker, 1)?, free: capacity(worker, 3)?, claims: own })
}

/// Memory and CPU from two columns side by side. Less than nothing is an error here already.
fn capacity(row: &Row, column: usize) -> Result<Capacity, YardstickError> {
    let memory_mib = u32::try_from(row.try_get::<_, i64>(column)?)?;
    let cpu_millis = u32::try_from(row.try_get::<_, i64>(column + 1)?)?;
    Ok(Capacity { memory_mib, cpu_millis })
}
