//! The route log and the route board, in memory.
//!
//! Every call lets others go first, once, before it takes effect: a test that polls several callers
//! by hand can interleave them at every step that they take.

use crate::outage::Outage;
use contracts::routes::{Position, Routes};
use domain::route::HostName;
use ports::{
    Unavailable,
    routes::{
        Change, EdgeReport, EdgeReports, Entry, Lease, LeaseError, RecordError, Route, RouteBoard,
        RouteLog, Verdict, Versioned,
    },
};
use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard, PoisonError},
    task::Poll,
};

/// The part of the ledger that routes live in.
#[derive(Debug)]
pub struct FakeRouteLog {
    ledger: Mutex<Ledger>,
    /// Calls that fail before they do anything.
    pub outage: Outage,
    /// Writes that take effect though their answer is lost.
    pub lost_answers: Outage,
}

#[derive(Clone, Debug)]
struct Ledger {
    last: Position,
    routes: BTreeMap<HostName, Route>,
    log: Vec<Entry>,
    lease: Option<Lease>,
    reports: BTreeMap<String, EdgeReport>,
}

impl Default for FakeRouteLog {
    fn default() -> Self {
        let (routes, reports) = (BTreeMap::new(), BTreeMap::new());
        let last = Position { incarnation: 1, sequence: 0 };
        let ledger = Ledger { last, routes, log: Vec::new(), lease: None, reports };
        Self {
            ledger: Mutex::new(ledger),
            outage: Outage::default(),
            lost_answers: Outage::default(),
        }
    }
}

impl FakeRouteLog {
    /// The last change of `host`.
    pub fn route(&self, host: &HostName) -> Option<Route> {
        self.ledger().routes.get(host).cloned()
    }

    /// Every change so far.
    pub fn entries(&self) -> Vec<Entry> {
        self.ledger().log.clone()
    }

    pub fn lease(&self) -> Option<Lease> {
        self.ledger().lease.clone()
    }

    /// Forgets the changes up to `sequence`, as expiry does.
    pub fn expire(&self, sequence: u64) {
        self.ledger().log.retain(|it| it.sequence > sequence);
    }

    /// What an operator does after restoring the ledger from a backup.
    pub fn begin_incarnation(&self, incarnation: u32) {
        self.ledger().last.incarnation = incarnation;
    }

    fn ledger(&self) -> MutexGuard<'_, Ledger> {
        self.ledger.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn turn(&self) -> Result<(), Unavailable> {
        let_others_go_first().await;
        self.outage.check("route log")
    }
}

impl RouteLog for FakeRouteLog {
    async fn record(&self, change: &Change) -> Result<Position, RecordError> {
        self.turn().await?;
        let mut ledger = self.ledger();
        let Position { incarnation, sequence } = ledger.last;
        let sequence = match change.after(ledger.routes.get(&change.host)) {
            Verdict::Recorded(sequence) => return Ok(Position { incarnation, sequence }),
            Verdict::Fenced => {
                let (host, attempt) = (change.host.clone(), change.attempt);
                return Err(RecordError::Fenced { host, attempt });
            }
            Verdict::Record => sequence + 1,
        };
        let (host, target) = (change.host.clone(), change.target);
        ledger.routes.insert(host.clone(), Route { change: change.clone(), sequence });
        ledger.log.push(Entry { sequence, host, target });
        ledger.last.sequence = sequence;
        self.lost_answers.check("route log")?;
        Ok(Position { incarnation, sequence })
    }

    async fn position(&self) -> Result<Position, Unavailable> {
        self.turn().await?;
        Ok(self.ledger().last)
    }

    async fn since(&self, sequence: u64) -> Result<Vec<Entry>, Unavailable> {
        self.turn().await?;
        Ok(self.ledger().log.iter().filter(|it| it.sequence > sequence).cloned().collect())
    }

    async fn routes(&self) -> Result<Routes, Unavailable> {
        self.turn().await?;
        let ledger = self.ledger();
        let changes = ledger.routes.values().map(|it| &it.change);
        Ok(changes.filter_map(|it| Some((it.host.clone(), it.target?))).collect())
    }

    async fn last_changes(&self) -> Result<Vec<Route>, Unavailable> {
        self.turn().await?;
        Ok(self.ledger().routes.values().cloned().collect())
    }

    async fn take_lease(&self, owner: &str) -> Result<Lease, Unavailable> {
        self.turn().await?;
        let mut ledger = self.ledger();
        let lease = match ledger.lease.take() {
            Some(lease) if lease.owner == owner => lease,
            Some(lease) => Lease { owner: owner.to_owned(), epoch: lease.epoch + 1, ..lease },
            None => Lease { owner: owner.to_owned(), epoch: 1, published: None, head_version: 0 },
        };
        ledger.lease = Some(lease.clone());
        self.lost_answers.check("route log")?;
        Ok(lease)
    }

    async fn holds(&self, lease: &Lease) -> Result<bool, Unavailable> {
        self.turn().await?;
        Ok(same_holder(self.ledger().lease.as_ref(), lease))
    }

    async fn record_published(&self, lease: &Lease) -> Result<(), LeaseError> {
        self.turn().await?;
        let mut ledger = self.ledger();
        if !same_holder(ledger.lease.as_ref(), lease) {
            return Err(LeaseError::Lost);
        }
        ledger.lease = Some(lease.clone());
        Ok(self.lost_answers.check("route log")?)
    }
}

fn same_holder(current: Option<&Lease>, lease: &Lease) -> bool {
    current.is_some_and(|it| (&it.owner, it.epoch) == (&lease.owner, lease.epoch))
}

impl EdgeReports for FakeRouteLog {
    async fn report(&self, report: &EdgeReport) -> Result<(), Unavailable> {
        self.turn().await?;
        self.ledger().reports.insert(report.edge.clone(), report.clone());
        Ok(())
    }

    async fn reports(&self) -> Result<Vec<EdgeReport>, Unavailable> {
        self.turn().await?;
        Ok(self.ledger().reports.values().cloned().collect())
    }
}

/// Parameter Store, as far as routes need it.
#[derive(Debug, Default)]
pub struct FakeRouteBoard {
    /// Every value that each parameter ever had.
    parameters: Mutex<BTreeMap<String, Vec<String>>>,
    pub outage: Outage,
    pub lost_answers: Outage,
}

const HEAD: &str = "head";

impl FakeRouteBoard {
    /// All heads so far; version `n` is at `n - 1`.
    pub fn heads(&self) -> Vec<String> {
        self.parameters().get(HEAD).cloned().unwrap_or_default()
    }

    /// The longest value that was ever stored.
    pub fn longest(&self) -> usize {
        self.parameters().values().flatten().map(String::len).max().unwrap_or_default()
    }

    /// How many writes there were, to the head and to chunks.
    pub fn writes(&self) -> (usize, usize) {
        let all: usize = self.parameters().values().map(Vec::len).sum();
        let heads = self.heads().len();
        (heads, all - heads)
    }

    /// Deletes every parameter; those that come after count their versions from 1 again.
    pub fn wipe(&self) {
        self.parameters().clear();
    }

    /// Writes a head without asking, as nothing of ours would.
    pub fn scribble(&self, text: &str) {
        self.put(HEAD, text);
    }

    fn parameters(&self) -> MutexGuard<'_, BTreeMap<String, Vec<String>>> {
        self.parameters.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn put(&self, name: &str, text: &str) -> u64 {
        let mut parameters = self.parameters();
        let versions = parameters.entry(name.to_owned()).or_default();
        versions.push(text.to_owned());
        versions.len() as u64
    }

    fn at(&self, name: &str, version: u64) -> Option<String> {
        let index = usize::try_from(version).ok()?.checked_sub(1)?;
        self.parameters().get(name)?.get(index).cloned()
    }

    async fn turn(&self) -> Result<(), Unavailable> {
        let_others_go_first().await;
        self.outage.check("route board")
    }
}

impl RouteBoard for FakeRouteBoard {
    async fn head(&self) -> Result<Option<Versioned>, Unavailable> {
        self.turn().await?;
        let version = self.heads().len() as u64;
        Ok(self.at(HEAD, version).map(|text| Versioned { version, text }))
    }

    async fn head_at(&self, version: u64) -> Result<Option<String>, Unavailable> {
        self.turn().await?;
        Ok(self.at(HEAD, version))
    }

    async fn put_head(&self, text: &str) -> Result<u64, Unavailable> {
        self.turn().await?;
        let version = self.put(HEAD, text);
        self.lost_answers.check("route board")?;
        Ok(version)
    }

    async fn chunks(&self, wanted: &[(String, u64)]) -> Result<Vec<Option<String>>, Unavailable> {
        self.turn().await?;
        Ok(wanted.iter().map(|(name, version)| self.at(name, *version)).collect())
    }

    async fn put_chunk(&self, name: &str, text: &str) -> Result<u64, Unavailable> {
        self.turn().await?;
        let version = self.put(name, text);
        self.lost_answers.check("route board")?;
        Ok(version)
    }
}

/// Pending once, then ready.
async fn let_others_go_first() {
    let mut went = false;
    std::future::poll_fn(|context| {
        if std::mem::replace(&mut went, true) {
            return Poll::Ready(());
        }
        context.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}
