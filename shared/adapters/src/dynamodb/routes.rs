//! [`RouteLog`] and [`EdgeReports`] on the table `ledger`.
//!
//! A change is one transaction: the route, its place in the log, and the counter that gave out the
//! place, on condition that none of them moved. A counter that was raised first and written about
//! later would let a reader see change 8 before change 7, and never look back.

use super::{
    keys,
    table::{Item, Table, is_made, read, unavailable, write},
};
use crate::clock::SystemClock;
use aws_sdk_dynamodb::{
    error::SdkError,
    operation::transact_write_items::TransactWriteItemsError,
    types::{AttributeValue as A, Put, TransactWriteItem},
};
use contracts::routes::{Position, Routes, Stamp, rows};
use domain::{
    id::ProjectId,
    route::{HostName, Target},
};
use jiff::{SignedDuration, Timestamp};
use ports::{
    Unavailable,
    clock::Clock,
    routes::{
        Change, EdgeReport, EdgeReports, Entry, Lease, LeaseError, Phase, RecordError, Route,
        RouteLog, Verdict,
    },
};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// Every change of the platform meets every other at the counter.
const MAX_ATTEMPTS: u64 = 12;

/// Longer than any publisher stays behind. One that did reads the routes instead.
const LOG_RETENTION: SignedDuration = SignedDuration::from_hours(14 * 24);

#[derive(Clone, Debug)]
pub struct DynamoRoutes {
    table: Table,
    clock: SystemClock,
}

#[derive(Debug, Serialize, Deserialize)]
struct RouteItem {
    host: HostName,
    project_id: ProjectId,
    attempt: u32,
    #[serde(with = "PhaseItem")]
    phase: Phase,
    /// As edges read it, so that an operator can too.
    target: Option<String>,
    sequence: u64,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "Phase", rename_all = "snake_case")]
enum PhaseItem {
    Holding,
    Serving,
    Halting { number: u32, is_undone: bool },
    Closed,
    Withdrawn,
}

#[derive(Debug, Serialize, Deserialize)]
struct EntryItem {
    sequence: u64,
    host: HostName,
    target: Option<String>,
    recorded_at: Timestamp,
    expires_at_s: i64,
}

#[derive(Debug, Serialize, Deserialize)]
struct LeaseItem {
    owner: String,
    epoch: u64,
    published: Option<Position>,
    head_version: u64,
}

#[derive(Debug, Serialize, Deserialize)]
struct ReportItem {
    edge: String,
    incarnation: u32,
    epoch: u64,
    sequence: u64,
    at: Timestamp,
}

impl DynamoRoutes {
    /// Routes in the table called `table`.
    pub async fn connect(table: String) -> Self {
        Self { table: Table::connect(table).await, clock: SystemClock }
    }

    async fn last_position(&self) -> Result<Option<Position>, Unavailable> {
        self.table.get(&keys::route_position()).await
    }

    /// One try to record `change` as the next after `last`. `false`: another change was faster.
    async fn try_record(
        &self,
        change: &Change,
        was: Option<&Route>,
        last: Option<Position>,
        next: Position,
    ) -> Result<bool, Unavailable> {
        let written = self
            .table
            .client
            .transact_write_items()
            .transact_items(self.put_route(change, was, next.sequence)?)
            .transact_items(self.put_entry(change, next.sequence)?)
            .transact_items(self.put_position(last, next)?)
            .send()
            .await;
        match written {
            Ok(_) => Ok(true),
            Err(error) if is_cancelled(&error) => Ok(false),
            Err(error) => Err(unavailable(error)),
        }
    }

    fn put_route(
        &self,
        change: &Change,
        was: Option<&Route>,
        sequence: u64,
    ) -> Result<TransactWriteItem, Unavailable> {
        let item = RouteItem {
            host: change.host.clone(),
            project_id: change.project_id.clone(),
            attempt: change.attempt,
            phase: change.phase,
            target: change.target.map(rows::text_of),
            sequence,
        };
        let put = self.put(write(&keys::route(&change.host), &item)?);
        transacted(match was {
            Some(was) => put
                .condition_expression("#sequence = :was")
                .expression_attribute_names("#sequence", "sequence")
                .expression_attribute_values(":was", number(was.sequence)),
            None => put.condition_expression(NEW),
        })
    }

    fn put_entry(&self, change: &Change, sequence: u64) -> Result<TransactWriteItem, Unavailable> {
        let now = self.clock.now();
        let item = EntryItem {
            sequence,
            host: change.host.clone(),
            target: change.target.map(rows::text_of),
            recorded_at: now,
            expires_at_s: (now + LOG_RETENTION).as_second(),
        };
        let put = self.put(write(&keys::route_log_entry(sequence), &item)?);
        transacted(put.condition_expression(NEW))
    }

    fn put_position(
        &self,
        last: Option<Position>,
        next: Position,
    ) -> Result<TransactWriteItem, Unavailable> {
        let put = self.put(write(&keys::route_position(), &next)?);
        transacted(match last {
            Some(last) => put
                .condition_expression("#incarnation = :incarnation AND #sequence = :last")
                .expression_attribute_names("#incarnation", "incarnation")
                .expression_attribute_names("#sequence", "sequence")
                .expression_attribute_values(":incarnation", number(last.incarnation))
                .expression_attribute_values(":last", number(last.sequence)),
            None => put.condition_expression(NEW),
        })
    }

    fn put(&self, item: Item) -> aws_sdk_dynamodb::types::builders::PutBuilder {
        Put::builder().table_name(&self.table.name).set_item(Some(item))
    }

    /// Writes `lease` on condition that its predecessor still has `epoch`. `false` if not.
    async fn try_lease(&self, lease: &Lease, epoch: Option<u64>) -> Result<bool, Unavailable> {
        let Lease { owner, epoch: next, published, head_version } = lease.clone();
        let item = LeaseItem { owner, epoch: next, published, head_version };
        let Some(epoch) = epoch else {
            return self.table.put_new(&keys::route_lease(), &item).await;
        };
        let published = serde_dynamo::to_attribute_value(published).map_err(unavailable)?;
        let written = self
            .table
            .client
            .update_item()
            .table_name(&self.table.name)
            .set_key(Some(keys::route_lease().attributes()))
            .update_expression(
                "SET #owner = :owner, #epoch = :next, #published = :published, \
                 #head_version = :head_version",
            )
            .condition_expression("#epoch = :epoch")
            .expression_attribute_names("#owner", "owner")
            .expression_attribute_names("#epoch", "epoch")
            .expression_attribute_names("#published", "published")
            .expression_attribute_names("#head_version", "head_version")
            .expression_attribute_values(":owner", A::S(item.owner))
            .expression_attribute_values(":next", number(next))
            .expression_attribute_values(":published", published)
            .expression_attribute_values(":head_version", number(head_version))
            .expression_attribute_values(":epoch", number(epoch))
            .send()
            .await;
        is_made(written)
    }

    async fn lease(&self) -> Result<Option<Lease>, Unavailable> {
        let item: Option<LeaseItem> = self.table.get(&keys::route_lease()).await?;
        Ok(item.map(|LeaseItem { owner, epoch, published, head_version }| Lease {
            owner,
            epoch,
            published,
            head_version,
        }))
    }

    /// Longer after each lost race, and never the same for two that lost it together.
    async fn back_off(&self, attempt: u64) {
        let mut noise = [0; 1];
        // Without randomness the delays are equal, which is slower and not wrong.
        let _ = getrandom::fill(&mut noise);
        let delay_ms = attempt * 20 + attempt * u64::from(noise[0]) / 8;
        self.clock.sleep(Duration::from_millis(delay_ms)).await;
    }
}

impl RouteLog for DynamoRoutes {
    async fn record(&self, change: &Change) -> Result<Position, RecordError> {
        let key = keys::route(&change.host);
        for attempt in 1..=MAX_ATTEMPTS {
            let (route, last) =
                tokio::try_join!(self.table.get::<RouteItem>(&key), self.last_position())?;
            let route = route.map(Route::try_from).transpose()?;
            let Position { incarnation, sequence } = last.unwrap_or(START);
            match change.after(route.as_ref()) {
                Verdict::Recorded(sequence) => return Ok(Position { incarnation, sequence }),
                Verdict::Fenced => {
                    let (host, attempt) = (change.host.clone(), change.attempt);
                    return Err(RecordError::Fenced { host, attempt });
                }
                Verdict::Record => {
                    let next = Position { incarnation, sequence: sequence + 1 };
                    if self.try_record(change, route.as_ref(), last, next).await? {
                        return Ok(next);
                    }
                }
            }
            self.back_off(attempt).await;
        }
        Err(unavailable("too many changes of routes at once").into())
    }

    async fn position(&self) -> Result<Position, Unavailable> {
        Ok(self.last_position().await?.unwrap_or(START))
    }

    async fn since(&self, sequence: u64) -> Result<Vec<Entry>, Unavailable> {
        let (mut entries, mut from) = (Vec::new(), None);
        loop {
            let page = self
                .table
                .client
                .query()
                .table_name(&self.table.name)
                .key_condition_expression("pk = :log AND sk > :after")
                .expression_attribute_values(":log", A::S(keys::ROUTE_LOG.to_owned()))
                .expression_attribute_values(":after", A::S(keys::route_log_entry(sequence).sk))
                .consistent_read(true)
                .set_exclusive_start_key(from)
                .send()
                .await
                .map_err(unavailable)?;
            for item in page.items.unwrap_or_default() {
                let EntryItem { sequence, host, target, .. } = read(item)?;
                entries.push(Entry { sequence, host, target: parsed(target.as_deref())? });
            }
            from = page.last_evaluated_key;
            if from.is_none() {
                return Ok(entries);
            }
        }
    }

    async fn routes(&self) -> Result<Routes, Unavailable> {
        let mut routes = Routes::new();
        for RouteItem { host, target, .. } in self.table.partition(keys::ROUTES).await? {
            routes.extend(parsed(target.as_deref())?.map(|target| (host, target)));
        }
        Ok(routes)
    }

    async fn last_changes(&self) -> Result<Vec<Route>, Unavailable> {
        let items: Vec<RouteItem> = self.table.partition(keys::ROUTES).await?;
        items.into_iter().map(Route::try_from).collect()
    }

    async fn take_lease(&self, owner: &str) -> Result<Lease, Unavailable> {
        for attempt in 1..=MAX_ATTEMPTS {
            let owner = owner.to_owned();
            let (lease, was) = match self.lease().await? {
                Some(lease) if lease.owner == owner => return Ok(lease),
                Some(lease) => {
                    let was = lease.epoch;
                    (Lease { owner, epoch: was + 1, ..lease }, Some(was))
                }
                None => (Lease { owner, epoch: 1, published: None, head_version: 0 }, None),
            };
            if self.try_lease(&lease, was).await? {
                return Ok(lease);
            }
            self.back_off(attempt).await;
        }
        Err(unavailable("too many publishers at once"))
    }

    async fn holds(&self, lease: &Lease) -> Result<bool, Unavailable> {
        Ok(self.lease().await?.is_some_and(|it| it.epoch == lease.epoch))
    }

    async fn record_published(&self, lease: &Lease) -> Result<(), LeaseError> {
        if self.try_lease(lease, Some(lease.epoch)).await? { Ok(()) } else { Err(LeaseError::Lost) }
    }
}

impl EdgeReports for DynamoRoutes {
    async fn report(&self, report: &EdgeReport) -> Result<(), Unavailable> {
        let Stamp { incarnation, epoch, sequence } = report.applied;
        let (edge, at) = (report.edge.clone(), report.at);
        let item = ReportItem { edge, incarnation, epoch, sequence, at };
        self.table.put(&keys::edge_report(&report.edge), &item).await
    }

    async fn reports(&self) -> Result<Vec<EdgeReport>, Unavailable> {
        let items: Vec<ReportItem> = self.table.partition(keys::EDGE_REPORTS).await?;
        Ok(items
            .into_iter()
            .map(|ReportItem { edge, incarnation, epoch, sequence, at }| EdgeReport {
                edge,
                applied: Stamp { incarnation, epoch, sequence },
                at,
            })
            .collect())
    }
}

const START: Position = Position { incarnation: 1, sequence: 0 };

const NEW: &str = "attribute_not_exists(pk)";

impl TryFrom<RouteItem> for Route {
    type Error = Unavailable;

    fn try_from(item: RouteItem) -> Result<Self, Unavailable> {
        let RouteItem { host, project_id, attempt, phase, target, sequence } = item;
        let target = parsed(target.as_deref())?;
        Ok(Self { change: Change { host, project_id, attempt, phase, target }, sequence })
    }
}

fn parsed(target: Option<&str>) -> Result<Option<Target>, Unavailable> {
    target.map(rows::target_of).transpose().map_err(unavailable)
}

fn transacted(
    put: aws_sdk_dynamodb::types::builders::PutBuilder,
) -> Result<TransactWriteItem, Unavailable> {
    Ok(TransactWriteItem::builder().put(put.build().map_err(unavailable)?).build())
}

/// Somebody else wrote one of the items, before or at the same time. Nothing was written.
fn is_cancelled(error: &SdkError<TransactWriteItemsError>) -> bool {
    error.as_service_error().is_some_and(TransactWriteItemsError::is_transaction_canceled_exception)
}

fn number(value: impl Into<u64>) -> A {
    A::N(value.into().to_string())
}
