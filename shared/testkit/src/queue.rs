//! A queue that keeps what was sent.

use crate::outage::Outage;
use ports::{
    Unavailable,
    queue::{DelayedQueue, Queue},
};
use std::{
    sync::{Mutex, PoisonError},
    time::Duration,
};

#[derive(Debug)]
pub struct FakeQueue<M> {
    sent: Mutex<Vec<(Duration, M)>>,
    pub outage: Outage,
}

impl<M> Default for FakeQueue<M> {
    fn default() -> Self {
        Self { sent: Mutex::default(), outage: Outage::default() }
    }
}

impl<M: Clone> FakeQueue<M> {
    /// Everything sent so far, oldest first, however long it is kept back.
    pub fn sent(&self) -> Vec<M> {
        self.sent_after().into_iter().map(|(_, message)| message).collect()
    }

    /// The same with how long each is kept back.
    pub fn sent_after(&self) -> Vec<(Duration, M)> {
        self.sent.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl<M: Clone + Send + Sync> Queue<M> for FakeQueue<M> {
    async fn send(&self, message: &M) -> Result<(), Unavailable> {
        self.send_after(Duration::ZERO, message).await
    }
}

impl<M: Clone + Send + Sync> DelayedQueue<M> for FakeQueue<M> {
    async fn send_after(&self, delay: Duration, message: &M) -> Result<(), Unavailable> {
        self.outage.check("queue")?;
        let mut sent = self.sent.lock().unwrap_or_else(PoisonError::into_inner);
        sent.push((delay, message.clone()));
        Ok(())
    }
}
