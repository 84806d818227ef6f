//! One round: chunks, then the head, then the lease.

use crate::{
    handler::{PublishError, World},
    plan::{self, Next},
    table::{self, TableError},
};
use contracts::routes::{Malformed, head::Head};
use ports::{
    clock::Clock,
    routes::{Lease, RouteBoard, RouteLog},
};
use std::time::Duration;

/// Parameter Store takes three writes a second from the whole account.
const PACE: Duration = Duration::from_millis(350);

/// How often one round fights over the head before it leaves that to the next delivery.
const MAX_WRITES: u32 = 5;

/// Publishes `draft` and writes that down. `seen` is the newest version of the head known so far.
pub(crate) async fn publish<L: RouteLog, B: RouteBoard, C: Clock>(
    world: World<'_, L, B, C>,
    lease: &mut Lease,
    seen: u64,
    draft: Head,
) -> Result<Head, PublishError> {
    let head = fold(world, draft).await?;
    // Folding took seconds, perhaps. Whoever took over meanwhile need not meet our head.
    if !world.log.holds(lease).await? {
        return Err(PublishError::TakenOver);
    }
    lease.head_version = write(world, &head, seen).await?;
    lease.published = Some(head.stamp.position());
    world.log.record_published(lease).await?;
    Ok(head)
}

async fn fold<L, B: RouteBoard, C: Clock>(
    world: World<'_, L, B, C>,
    mut head: Head,
) -> Result<Head, PublishError> {
    loop {
        let prefixes = table::folds(&head);
        if prefixes.is_empty() {
            return if head.fits() { Ok(head) } else { Err(TableError::Full.into()) };
        }
        for prefix in prefixes {
            let was = match head.base.versions.get(&prefix) {
                Some(version) => Some(pinned(world, prefix.name(), *version).await?),
                None => None,
            };
            let mut written = Vec::new();
            for chunk in table::fold(&head, prefix, was.as_deref())? {
                let version = world.board.put_chunk(&chunk.prefix.name(), &chunk.text).await?;
                written.push((chunk, version));
                world.clock.sleep(PACE).await;
            }
            head = table::folded(head, prefix, was.as_deref(), &written);
        }
    }
}

async fn pinned<L, B: RouteBoard, C>(
    world: World<'_, L, B, C>,
    name: String,
    version: u64,
) -> Result<String, PublishError> {
    let mut found = world.board.chunks(&[(name, version)]).await?;
    let missing = Malformed("a chunk that the head names is gone");
    found.pop().flatten().ok_or(PublishError::Table(missing.into()))
}

/// Writes `head` until it has the last word, and returns its version.
async fn write<L, B: RouteBoard, C: Clock>(
    world: World<'_, L, B, C>,
    head: &Head,
    mut seen: u64,
) -> Result<u64, PublishError> {
    for _ in 0..MAX_WRITES {
        let version = world.board.put_head(&head.encode()).await?;
        if version == seen + 1 {
            return Ok(version);
        }
        let newest = world.board.head().await?;
        match plan::after_interleaving(head.stamp, version, newest.as_ref()) {
            Next::Settled => return Ok(version),
            Next::Yield => return Err(PublishError::TakenOver),
            Next::WriteAgain => seen = newest.map_or(version, |it| it.version),
        }
        world.clock.sleep(PACE).await;
    }
    Err(PublishError::Contended)
}
