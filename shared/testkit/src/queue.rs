//! A queue that keeps what was sent.

use crate::outage::Outage;
use ports::{Unavailable, queue::Queue};
use std::sync::{Mutex, PoisonError};

#[derive(Debug)]
pub struct FakeQueue<M> {
    sent: Mutex<Vec<M>>,
    pub outage: Outage,
}

impl<M> Default for FakeQueue<M> {
    fn default() -> Self {
        Self { sent: Mutex::default(), outage: Outage::default() }
    }
}

impl<M: Clone> FakeQueue<M> {
    /// Everything sent so far, oldest first.
    pub fn sent(&self) -> Vec<M> {
        self.sent.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl<M: Clone + Send + Sync> Queue<M> for FakeQueue<M> {
    async fn send(&self, message: &M) -> Result<(), Unavailable> {
        self.outage.check("queue")?;
        self.sent.lock().unwrap_or_else(PoisonError::into_inner).push(message.clone());
        Ok(())
    }
}
