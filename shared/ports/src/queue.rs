//! A queue that delivers at least once.

use crate::Unavailable;

pub trait Queue<M> {
    /// Durable once this returns. A repeated send may deliver twice: consumers are idempotent.
    fn send(&self, message: &M) -> impl Future<Output = Result<(), Unavailable>> + Send;
}
