//! What the stand-in was asked, for tests to look at, and how they make it refuse.

use super::{Model, Shared};
use crate::clock;
use axum::{Json, extract::State, http::StatusCode};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::{fmt::Write as _, sync::PoisonError};

/// Older requests are forgotten.
const MAX_SEEN: usize = 200;
const FINGERPRINT_BYTES: usize = 6;

/// One request. The key itself is never kept.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Seen {
    pub at: Timestamp,
    pub key_fingerprint: String,
    pub model: String,
    pub streamed: bool,
    pub body_bytes: usize,
    pub messages: usize,
    pub tools: usize,
    pub question: String,
    pub status: u16,
}

/// The next `requests` requests are answered with 429.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub struct Limit {
    pub requests: u32,
    #[serde(default = "a_second")]
    pub retry_after_s: u64,
}

/// How chat completions are answered.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(default)]
pub struct Manner {
    /// To who asks for it. Some providers do not.
    pub tells_usage: bool,
    /// In the middle of each stream.
    pub breaks_off: bool,
}

impl Default for Manner {
    fn default() -> Self {
        Self { tells_usage: true, breaks_off: false }
    }
}

fn a_second() -> u64 {
    1
}

/// Enough to tell two keys apart, too little to use one.
pub(super) fn fingerprint(key: &str) -> String {
    let digest = Sha256::digest(key.as_bytes());
    digest.iter().take(FINGERPRINT_BYTES).fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

impl Model {
    pub(super) fn record(&self, mut seen: Seen) {
        seen.at = clock::now();
        tracing::info!(
            key = %seen.key_fingerprint, bytes = seen.body_bytes, streamed = seen.streamed,
            status = seen.status, "asked"
        );
        let mut all = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if all.len() == MAX_SEEN {
            all.remove(0);
        }
        all.push(seen);
    }

    pub(super) fn manner(&self) -> Manner {
        *self.manner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes one of the refusals that were ordered.
    pub(super) fn take_refusal(&self) -> Option<u64> {
        let mut limit = self.limit.lock().unwrap_or_else(PoisonError::into_inner);
        let left = limit.requests.checked_sub(1)?;
        limit.requests = left;
        Some(limit.retry_after_s)
    }
}

pub(super) async fn list(State(model): Shared) -> Json<Value> {
    let seen = model.seen.lock().unwrap_or_else(PoisonError::into_inner);
    Json(json!({ "requests": *seen }))
}

pub(super) async fn forget(State(model): Shared) -> StatusCode {
    model.seen.lock().unwrap_or_else(PoisonError::into_inner).clear();
    StatusCode::NO_CONTENT
}

pub(super) async fn set_limit(State(model): Shared, Json(limit): Json<Limit>) -> Json<Limit> {
    *model.limit.lock().unwrap_or_else(PoisonError::into_inner) = limit;
    Json(limit)
}

pub(super) async fn set_manner(State(model): Shared, Json(manner): Json<Manner>) -> Json<Manner> {
    *model.manner.lock().unwrap_or_else(PoisonError::into_inner) = manner;
    Json(manner)
}
