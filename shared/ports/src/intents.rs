//! Who looks as if they were about to buy. A hint: nothing is promised, nothing is owed.

use crate::Unavailable;
use domain::{id::UserId, plan::PlanId};
use jiff::Timestamp;

pub trait Intents {
    /// `user` may want an instance of `plan` until `until`. The last word of a user counts.
    fn record(
        &self,
        user: &UserId,
        plan: PlanId,
        until: Timestamp,
    ) -> impl Future<Output = Result<(), Unavailable>> + Send;

    /// The plans that somebody wants at `now`, one a user.
    fn wanted(
        &self,
        now: Timestamp,
    ) -> impl Future<Output = Result<Vec<PlanId>, Unavailable>> + Send;
}
