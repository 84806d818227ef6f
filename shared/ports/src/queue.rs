//! A queue that delivers at least once.

use crate::Unavailable;
use std::time::Duration;

pub trait Queue<M> {
    /// Durable once this returns. A repeated send may deliver twice: consumers are idempotent.
    fn send(&self, message: &M) -> impl Future<Output = Result<(), Unavailable>> + Send;
}

/// A queue that can keep a single message back. Queues that keep an order cannot.
pub trait DelayedQueue<M>: Queue<M> {
    /// Like [`Queue::send`]; nobody gets the message before `delay` is over. At most 15 minutes, in
    /// whole seconds.
    fn send_after(
        &self,
        delay: Duration,
        message: &M,
    ) -> impl Future<Output = Result<(), Unavailable>> + Send;
}
