//! What we remember of subscriptions.

use crate::Unavailable;
use domain::{id::ProjectId, subscription::Record};

pub trait Subscriptions {
    /// The record of the subscription called `id`. Strongly consistent.
    fn find(&self, id: &str) -> impl Future<Output = Result<Option<Record>, Unavailable>> + Send;

    /// Every subscription that ever paid for `project`, in no order.
    fn of_project(
        &self,
        project: &ProjectId,
    ) -> impl Future<Output = Result<Vec<Record>, Unavailable>> + Send;

    /// Keeps `record` as the next version of the one that was read: `record.version` is the version
    /// that it replaces, 0 for a new one. Returns it as it is kept.
    fn record(&self, record: &Record) -> impl Future<Output = Result<Record, RecordError>> + Send;

    /// Which subscription `payment` was for, if anybody said so.
    fn find_by_payment(
        &self,
        payment: &str,
    ) -> impl Future<Output = Result<Option<String>, Unavailable>> + Send;

    /// Remembers that `payment` was for `subscription`. Repeating is success.
    fn link_payment(
        &self,
        payment: &str,
        subscription: &str,
    ) -> impl Future<Output = Result<(), Unavailable>> + Send;
}

#[derive(Debug, thiserror::Error)]
pub enum RecordError {
    /// Somebody changed it at the same time. Read again.
    #[error("lost a race for the subscription")]
    LostRace,
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}
