//! What only the edge may ask. To everybody else it is not there.

use crate::{
    random,
    refusal::Refusal,
    world::{Api, World},
};
use axum::extract::FromRequestParts;
use http::request::Parts;
use ports::accounts::TokenHash;
use std::{fmt, sync::Arc};

/// The edge says who it is with this.
const HEADER: &str = "x-edge-key";

const MIN_LEN: usize = 32;

/// The fingerprint of the key that the edge carries. Comparing fingerprints tells nothing about a
/// key by how long it takes.
pub struct EdgeKey(TokenHash);

/// Without the fingerprint, too: it is nobody's business.
impl fmt::Debug for EdgeKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("EdgeKey(…)")
    }
}

#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("the edge's key has less than {MIN_LEN} bytes")]
pub struct WeakEdgeKey;

impl EdgeKey {
    pub fn new(key: &str) -> Result<Self, WeakEdgeKey> {
        if key.len() < MIN_LEN {
            return Err(WeakEdgeKey);
        }
        Ok(Self(random::hash(key)))
    }

    fn is(&self, key: &str) -> bool {
        self.0 == random::hash(key)
    }
}

/// A request of the edge's own.
pub(crate) struct FromEdge;

impl<W: World> FromRequestParts<Arc<Api<W>>> for FromEdge {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, api: &Arc<Api<W>>) -> Result<Self, Refusal> {
        let key = parts.headers.get(HEADER).and_then(|it| it.to_str().ok());
        let known = key.is_some_and(|it| api.edge_key.is(it));
        known.then_some(Self).ok_or(Refusal::NotFound)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_weak_key_stops_the_start() {
        assert_eq!(EdgeKey::new("").unwrap_err(), WeakEdgeKey);
        assert_eq!(EdgeKey::new(&"x".repeat(31)).unwrap_err(), WeakEdgeKey);
    }

    #[test]
    fn only_the_whole_key_is_the_key() {
        let key = EdgeKey::new(&"x".repeat(32)).unwrap();
        assert!(key.is(&"x".repeat(32)));
        assert!(!key.is(&"x".repeat(33)));
        assert!(!key.is(""));
    }
}
