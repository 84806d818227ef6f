//! The table as Parameter Store has it, checked from end to end before anybody sees it.

use contracts::routes::{
    Malformed, Routes, Stamp, apply, chunk,
    head::{Base, Head},
    partition::{Prefix, digest},
};
use ports::{Unavailable, routes::RouteBoard};
use std::collections::BTreeMap;

/// Follows the head and keeps the chunks that it names.
#[derive(Debug)]
pub(crate) struct Source<'a, B> {
    board: &'a B,
    /// The version of the head that was looked at last, whatever came of it.
    seen: Option<u64>,
    chunks: BTreeMap<Prefix, Chunk>,
}

#[derive(Debug)]
struct Chunk {
    version: u64,
    digest: u64,
    routes: Routes,
}

#[derive(Debug, thiserror::Error)]
pub(crate) enum SourceError {
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
    #[error("head version {version} is not used")]
    Rejected { version: u64, source: Malformed },
}

impl<'a, B: RouteBoard> Source<'a, B> {
    pub(crate) fn new(board: &'a B) -> Self {
        Self { board, seen: None, chunks: BTreeMap::new() }
    }

    /// A table that supersedes `applied`, if there is one.
    pub(crate) async fn newer_than(
        &mut self,
        applied: Option<Stamp>,
    ) -> Result<Option<(Stamp, Routes)>, SourceError> {
        let Some(newest) = self.board.head().await? else { return Ok(None) };
        let version = newest.version;
        if self.seen == Some(version) {
            return Ok(None);
        }
        let rejected = |source| SourceError::Rejected { version, source };
        let head = match Head::decode(&newest.text) {
            Ok(head) => head,
            Err(reason) => {
                // Once is enough: it will not become better.
                self.seen = Some(version);
                return Err(rejected(reason));
            }
        };
        if !head.stamp.supersedes(applied) {
            tracing::info!(head.version = version, stamp = ?head.stamp, "older head passed over");
            self.seen = Some(version);
            return Ok(None);
        }
        // A chunk that cannot be seen yet may be there at the next look.
        self.follow(&head.base).await?.map_err(rejected)?;
        self.seen = Some(version);
        let mut routes = Routes::new();
        for chunk in self.chunks.values() {
            routes.extend(chunk.routes.iter().map(|(host, target)| (host.clone(), *target)));
        }
        apply(&mut routes, &head.log);
        Ok(Some((head.stamp, routes)))
    }

    /// Fetches the chunks that changed, and takes them only if all of them fit together.
    async fn follow(&mut self, base: &Base) -> Result<Result<(), Malformed>, Unavailable> {
        let known = |prefix, version| {
            self.chunks.get(prefix).is_some_and(|it: &Chunk| it.version == version)
        };
        let missing: Vec<(Prefix, u64)> = base
            .versions
            .iter()
            .filter(|(prefix, version)| !known(prefix, **version))
            .map(|(prefix, version)| (*prefix, *version))
            .collect();
        let names: Vec<_> = missing.iter().map(|(it, version)| (it.name(), *version)).collect();
        let texts = if names.is_empty() { Vec::new() } else { self.board.chunks(&names).await? };
        let fetched = missing.into_iter().zip(texts).map(|((prefix, version), text)| {
            let text = text.ok_or(Malformed("a chunk that the head names is not there"))?;
            let routes = chunk::decode(prefix, &text)?;
            Ok((prefix, Chunk { version, digest: digest(&text), routes }))
        });
        Ok(fetched
            .collect::<Result<BTreeMap<_, _>, _>>()
            .and_then(|fetched| self.exchange(base, fetched)))
    }

    fn exchange(
        &mut self,
        base: &Base,
        mut fetched: BTreeMap<Prefix, Chunk>,
    ) -> Result<(), Malformed> {
        let digests = base
            .versions
            .keys()
            .filter_map(|prefix| fetched.get(prefix).or_else(|| self.chunks.get(prefix)));
        if digests.fold(0, |all, it| all ^ it.digest) != base.digest {
            // Chunks kept from before may be what does not belong: next time, fetch all of them.
            self.chunks.clear();
            return Err(Malformed("chunks do not belong together"));
        }
        self.chunks.retain(|prefix, _| base.versions.contains_key(prefix));
        self.chunks.append(&mut fetched);
        Ok(())
    }
}
