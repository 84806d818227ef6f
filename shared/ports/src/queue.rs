//! A queue that delivers at least once.

use crate::Unavailable;
use std::time::Duration;

pub trait Queue<M> {
    /// Durable once this returns. A repeated send may deliver twice: consumers are idempotent.
    fn send(&self, message: &M) -> impl Future<Output = Result<(), Unavailable>> + Send;
}

/// Sends `message` `times` times: the first is kept back for `apart`, and each for so much longer than the
/// one before. What runs by a clock of minutes looks more often so.
pub async fn send_spread<M>(
    queue: &impl DelayedQueue<M>,
    times: u32,
    apart: Duration,
    message: &M,
) -> Result<(), Unavailable> {
    for further in 1..=times {
        queue.send_after(apart * further, message).await?;
    }
    Ok(())
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
