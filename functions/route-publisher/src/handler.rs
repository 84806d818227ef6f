//! The run: take the lease, find what to build upon, and drain the log round by round.

use crate::{
    plan::{self, Start},
    round,
    table::{self, TableError},
};
use contracts::routes::{
    Position, Stamp,
    head::{Base, Head},
};
use jiff::SignedDuration;
use ports::{
    Unavailable,
    clock::Clock,
    routes::{Lease, LeaseError, RouteBoard, RouteLog},
};
use runtime::fault::{Classify, Fault};

/// No round begins after this: a delivery that is cut off would wait for its visibility timeout.
const PATIENCE: SignedDuration = SignedDuration::from_secs(18);

/// What a run works with.
#[derive(Debug)]
pub struct World<'a, Log, Board, Time> {
    pub log: &'a Log,
    pub board: &'a Board,
    pub clock: &'a Time,
}

impl<L, B, C> Clone for World<'_, L, B, C> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<L, B, C> Copy for World<'_, L, B, C> {}

/// What a run stands on, and whether edges can see it already.
struct Ground {
    head: Head,
    published: bool,
    /// The newest version of the head that was seen.
    seen: u64,
}

/// Brings Parameter Store up to the end of the log, and returns where that was.
///
/// `owner` names this run: no other run, before or after, has the same name.
pub async fn publish<L: RouteLog, B: RouteBoard, C: Clock>(
    world: World<'_, L, B, C>,
    owner: &str,
) -> Result<Position, PublishError> {
    let mut lease = world.log.take_lease(owner).await?;
    let ground = find_ground(world, &lease).await?;
    match drain(world, &mut lease, ground).await {
        // What lies in Parameter Store is not what was put there. The ledger still is.
        Err(PublishError::Table(TableError::Malformed(reason))) => {
            tracing::error!(%reason, "route table is rebuilt from the ledger");
            let seen = lease.head_version;
            let ground = from_truth(world, &lease, seen).await?;
            drain(world, &mut lease, ground).await
        }
        drained => drained,
    }
}

async fn drain<L: RouteLog, B: RouteBoard, C: Clock>(
    world: World<'_, L, B, C>,
    lease: &mut Lease,
    mut ground: Ground,
) -> Result<Position, PublishError> {
    let deadline = world.clock.now() + PATIENCE;
    loop {
        let entries = world.log.since(ground.head.stamp.sequence).await?;
        let Some(next) = entries.first() else {
            if ground.published {
                return Ok(ground.head.stamp.position());
            }
            ground = round_of(world, lease, ground.seen, ground.head).await?;
            continue;
        };
        if next.sequence != ground.head.stamp.sequence + 1 {
            // The log has expired in between. It tells nothing that the routes do not.
            ground = from_truth(world, lease, ground.seen).await?;
            continue;
        }
        if world.clock.now() > deadline {
            return Err(PublishError::OutOfTime);
        }
        let draft = table::take(&ground.head, &entries);
        ground = round_of(world, lease, ground.seen, draft).await?;
    }
}

async fn round_of<L: RouteLog, B: RouteBoard, C: Clock>(
    world: World<'_, L, B, C>,
    lease: &mut Lease,
    seen: u64,
    mut draft: Head,
) -> Result<Ground, PublishError> {
    draft.stamp.epoch = lease.epoch;
    let head = round::publish(world, lease, seen, draft).await?;
    tracing::info!(
        sequence = head.stamp.sequence,
        epoch = head.stamp.epoch,
        head.version = lease.head_version,
        head.chunks = head.base.versions.len(),
        "routes published"
    );
    Ok(Ground { head, published: true, seen: lease.head_version })
}

async fn find_ground<L: RouteLog, B: RouteBoard, C: Clock>(
    world: World<'_, L, B, C>,
    lease: &Lease,
) -> Result<Ground, PublishError> {
    let newest = world.board.head().await?;
    let truth = world.log.position().await?;
    let seen = newest.as_ref().map_or(0, |it| it.version).max(lease.head_version);
    let (head, published) = match plan::start(lease, truth.incarnation, newest.as_ref()) {
        Start::Newest(head) => (head, true),
        Start::Adopted(head) => (head, false),
        Start::Pinned { repair } => {
            let pinned = world.board.head_at(lease.head_version).await?;
            match pinned.and_then(|it| Head::decode(&it).ok()) {
                Some(head) if Some(head.stamp.position()) == lease.published => (head, !repair),
                Some(_) | None => return from_truth(world, lease, seen).await,
            }
        }
        Start::Truth => return from_truth(world, lease, seen).await,
    };
    if head.stamp.sequence > truth.sequence {
        return Err(PublishError::LedgerBehind {
            head: head.stamp.sequence,
            ledger: truth.sequence,
        });
    }
    Ok(Ground { head, published, seen })
}

/// Starts anew from the routes themselves.
///
/// The position is read first: the routes then hold at least that much, and draining the log from
/// there brings them to one exact place. Some 60 chunks can be written in the function's time; to
/// rebuild a table of more than 6,000 routes, give it more (see the runbook).
async fn from_truth<L: RouteLog, B, C>(
    world: World<'_, L, B, C>,
    lease: &Lease,
    seen: u64,
) -> Result<Ground, PublishError> {
    let Position { incarnation, sequence } = world.log.position().await?;
    let routes = world.log.routes().await?;
    let log = routes.into_iter().map(|(host, target)| (host, Some(target))).collect();
    let stamp = Stamp { incarnation, epoch: lease.epoch, sequence };
    Ok(Ground { head: Head { stamp, base: Base::default(), log }, published: false, seen })
}

#[derive(Debug, thiserror::Error)]
pub enum PublishError {
    #[error("another publisher has taken over")]
    TakenOver,
    #[error("somebody keeps overwriting the head")]
    Contended,
    #[error("the log is longer than one run can publish")]
    OutOfTime,
    /// The ledger was restored without raising its incarnation: edges would refuse every change.
    #[error("the head is at {head} but the ledger at {ledger}: raise the ledger's incarnation")]
    LedgerBehind { head: u64, ledger: u64 },
    #[error(transparent)]
    Table(#[from] TableError),
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

impl From<LeaseError> for PublishError {
    fn from(error: LeaseError) -> Self {
        match error {
            LeaseError::Lost => Self::TakenOver,
            LeaseError::Unavailable(cause) => Self::Unavailable(cause),
        }
    }
}

impl Classify for PublishError {
    fn fault(&self) -> Fault {
        match self {
            Self::TakenOver | Self::Contended | Self::OutOfTime | Self::Unavailable(_) => {
                Fault::Retryable
            }
            Self::LedgerBehind { .. } | Self::Table(_) => Fault::Terminal,
        }
    }
}
