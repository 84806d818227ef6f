//! What is remembered of instances that sleep, or slept of late.

use crate::Unavailable;
use domain::{id::ProjectId, sleep::Rest};

pub trait Rests {
    /// All of them, in no order. Strongly consistent.
    fn all(&self) -> impl Future<Output = Result<Vec<Rest>, Unavailable>> + Send;

    /// That of `project`, if there is one. Strongly consistent.
    fn find(
        &self,
        project: &ProjectId,
    ) -> impl Future<Output = Result<Option<Rest>, Unavailable>> + Send;

    /// Keeps `rest` as the next version of the one that was read: `rest.version` is the version that it
    /// replaces, 0 for a new one. Returns it as it is kept.
    fn keep(&self, rest: &Rest) -> impl Future<Output = Result<Rest, KeepError>> + Send;

    /// Forgets `rest`, if it is still as it was read. Forgetting what is not there succeeds.
    fn forget(&self, rest: &Rest) -> impl Future<Output = Result<(), KeepError>> + Send;
}

#[derive(Debug, thiserror::Error)]
pub enum KeepError {
    /// Somebody changed it at the same time, and acts on it.
    #[error("lost a race for what is remembered of a sleep")]
    LostRace,
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}
