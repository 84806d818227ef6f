//! [`Queue`] on SQS.

use crate::aws;
use aws_sdk_sqs::Client;
use contracts::ordered::Ordered;
use ports::{
    Unavailable,
    queue::{DelayedQueue, Queue},
};
use serde::Serialize;
use std::{marker::PhantomData, time::Duration};

/// A standard queue of JSON messages.
#[derive(Debug)]
pub struct SqsQueue<M> {
    client: Client,
    url: String,
    messages: PhantomData<fn(M)>,
}

impl<M> SqsQueue<M> {
    pub async fn connect(url: String) -> Self {
        Self { client: Client::new(&aws::config().await), url, messages: PhantomData }
    }
}

impl<M: Serialize + Sync> Queue<M> for SqsQueue<M> {
    async fn send(&self, message: &M) -> Result<(), Unavailable> {
        self.send_after(Duration::ZERO, message).await
    }
}

impl<M: Serialize + Sync> DelayedQueue<M> for SqsQueue<M> {
    async fn send_after(&self, delay: Duration, message: &M) -> Result<(), Unavailable> {
        let body = serde_json::to_string(message).map_err(|it| Unavailable::new("queue", it))?;
        let delay_s = i32::try_from(delay.as_secs()).map_err(|it| Unavailable::new("queue", it))?;
        self.client
            .send_message()
            .queue_url(&self.url)
            .message_body(body)
            // Without a delay the queue's own holds.
            .set_delay_seconds((delay_s > 0).then_some(delay_s))
            .send()
            .await
            .map(|_| ())
            .map_err(|it| Unavailable::new("queue", it))
    }
}

/// A queue of JSON messages that keeps the order within each group.
#[derive(Debug)]
pub struct SqsFifoQueue<M> {
    client: Client,
    url: String,
    messages: PhantomData<fn(M)>,
}

impl<M> SqsFifoQueue<M> {
    pub async fn connect(url: String) -> Self {
        Self { client: Client::new(&aws::config().await), url, messages: PhantomData }
    }
}

impl<M: Ordered + Serialize + Sync> Queue<M> for SqsFifoQueue<M> {
    async fn send(&self, message: &M) -> Result<(), Unavailable> {
        let body = serde_json::to_string(message).map_err(|it| Unavailable::new("queue", it))?;
        self.client
            .send_message()
            .queue_url(&self.url)
            .message_body(body)
            .message_group_id(message.group())
            .message_deduplication_id(message.deduplication())
            .send()
            .await
            .map(|_| ())
            .map_err(|it| Unavailable::new("queue", it))
    }
}
