//! What is remembered of instances that are ill, or were a while ago.

use crate::Unavailable;
use domain::{health::Case, id::ProjectId};

pub trait Cases {
    /// All of them, in no order. Strongly consistent.
    fn open(&self) -> impl Future<Output = Result<Vec<Case>, Unavailable>> + Send;

    /// That of `project`, if there is one.
    fn find(
        &self,
        project: &ProjectId,
    ) -> impl Future<Output = Result<Option<Case>, Unavailable>> + Send;

    /// Keeps `case` as the next version of the one that was read: `case.version` is the version that it
    /// replaces, 0 for a new one. Returns it as it is kept.
    fn keep(&self, case: &Case) -> impl Future<Output = Result<Case, KeepError>> + Send;

    /// Forgets `case`, if it is still as it was read. Forgetting what is not there succeeds.
    fn close(&self, case: &Case) -> impl Future<Output = Result<(), KeepError>> + Send;
}

#[derive(Debug, thiserror::Error)]
pub enum KeepError {
    /// Somebody changed it at the same time, and acts on it.
    #[error("lost a race for the case")]
    LostRace,
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}
