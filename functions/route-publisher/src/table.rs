//! The table between log and chunks: how much of the log to take, and what to fold into chunks.
//!
//! While the log fits into the head, a change costs one write. When it does not, the chunks with
//! the most changes are rewritten, until the head has room again.

use contracts::routes::{
    Changes, MAX_PARAMETER_CHARS, Malformed, apply,
    chunk::{self, Chunk, TooDeep},
    head::Head,
    partition::Prefix,
};
use ports::routes::Entry;
use std::collections::BTreeMap;

/// Chunks rewritten for one head: at three writes a second, half of the function's time.
const MAX_FOLDS: usize = 24;

/// Folding goes on to this length, so that the next changes find room.
const COMFORTABLE_CHARS: usize = MAX_PARAMETER_CHARS * 3 / 4;

/// A full chunk holds more; a first folding writes about one chunk for each so many routes.
const ROUTES_PER_CHUNK: usize = 100;

#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum TableError {
    /// About 1,500 chunks. Long before, routes belong into cells of their own.
    #[error("the versions of all chunks do not fit into the head any more")]
    Full,
    #[error(transparent)]
    TooDeep(#[from] TooDeep),
    #[error(transparent)]
    Malformed(#[from] Malformed),
}

/// `head` with as many of `entries` as one round can take, at least one. Entries are in order.
pub(crate) fn take(head: &Head, entries: &[Entry]) -> Head {
    let mut count = entries.len();
    loop {
        let next = with(head, &entries[..count]);
        if count <= MAX_FOLDS || folds(&next).len() + count / ROUTES_PER_CHUNK <= MAX_FOLDS {
            return next;
        }
        count /= 2;
    }
}

fn with(head: &Head, entries: &[Entry]) -> Head {
    let mut next = head.clone();
    for Entry { sequence, host, target } in entries {
        next.stamp.sequence = *sequence;
        next.log.insert(host.clone(), *target);
    }
    if next.base.versions.is_empty() {
        // Without chunks there is nothing that a withdrawal has to hide.
        next.log.retain(|_, target| target.is_some());
    }
    next
}

/// Which chunks to rewrite so that `head` fits, those with the most changes first. None if it fits.
pub fn folds(head: &Head) -> Vec<Prefix> {
    if head.fits() {
        return Vec::new();
    }
    if head.base.versions.is_empty() {
        return vec![Prefix::ROOT];
    }
    let mut left = head.clone();
    let mut chosen = Vec::new();
    for prefix in busiest(head) {
        left.log.retain(|host, _| !prefix.holds(host));
        chosen.push(prefix);
        let comfortable = left.encode().len() <= COMFORTABLE_CHARS;
        if comfortable || (chosen.len() >= MAX_FOLDS && left.fits()) {
            break;
        }
    }
    chosen
}

/// The chunks that the log touches, the most touched ones first.
fn busiest(head: &Head) -> Vec<Prefix> {
    let mut touched = BTreeMap::<Prefix, usize>::new();
    for prefix in head.log.keys().filter_map(|host| head.base.chunk_of(host)) {
        *touched.entry(prefix).or_default() += 1;
    }
    let mut busiest: Vec<_> = touched.into_iter().collect();
    busiest.sort_by_key(|(prefix, count)| (std::cmp::Reverse(*count), *prefix));
    busiest.into_iter().map(|(prefix, _)| prefix).collect()
}

/// The chunk of `prefix` with the changes of the log in it: more than one if it overflows.
///
/// `was` is its text until now; `None` if the table has no chunks yet.
pub fn fold(head: &Head, prefix: Prefix, was: Option<&str>) -> Result<Vec<Chunk>, TableError> {
    let mut routes = was.map(|it| chunk::decode(prefix, it)).transpose()?.unwrap_or_default();
    let changes: Changes = head
        .log
        .iter()
        .filter(|(host, _)| prefix.holds(host))
        .map(|(host, target)| (host.clone(), *target))
        .collect();
    apply(&mut routes, &changes);
    Ok(chunk::encode(prefix, routes)?)
}

/// `head` after the chunk of `prefix` was written as `chunks`, at these versions.
pub(crate) fn folded(
    mut head: Head,
    prefix: Prefix,
    was: Option<&str>,
    chunks: &[(Chunk, u64)],
) -> Head {
    let by: Vec<_> =
        chunks.iter().map(|(it, version)| (it.prefix, *version, it.text.as_str())).collect();
    head.base.replace(prefix, was, &by);
    head.log.retain(|host, _| !prefix.holds(host));
    head
}
