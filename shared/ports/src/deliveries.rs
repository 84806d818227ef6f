//! Webhook deliveries, each kept once.

use crate::Unavailable;
use jiff::Timestamp;

pub trait Deliveries {
    /// Stores a delivery unless its id is known. Durable once this returns.
    ///
    /// `false`: it was stored before. Its body may differ then, since a sender may render the state
    /// at the time of delivery: the first one stays.
    async fn record(&self, delivery: &Delivery) -> Result<bool, Unavailable>;

    async fn find(&self, id: &str) -> Result<Option<Delivery>, Unavailable>;

    /// Notes what became of it. The last note wins.
    async fn record_outcome(&self, id: &str, outcome: &str) -> Result<(), Unavailable>;
}

/// One webhook as received.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivery {
    /// The sender's `webhook-id`: the same in all its attempts.
    pub id: String,
    pub received_at: Timestamp,
    /// As signed.
    pub body: String,
}
