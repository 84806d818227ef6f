//! A batch of queue messages, each handled on its own.

use crate::fault::chain;
use aws_lambda_events::event::sqs::{BatchItemFailure, SqsBatchResponse, SqsEvent, SqsMessage};
use serde::de::DeserializeOwned;
use std::error::Error;

/// Handles every message of `batch`; those that fail go back to the queue, the others do not.
///
/// A message that cannot be read fails too: after its last attempt it lies in the dead-letter queue
/// where somebody sees it, which dropping it would prevent.
pub async fn each<M, E>(
    batch: SqsEvent,
    mut handle: impl AsyncFnMut(M) -> Result<(), E>,
) -> SqsBatchResponse
where
    M: DeserializeOwned,
    E: Error,
{
    let mut failed = Vec::new();
    for message in batch.records {
        if let Err(reason) = one(&message, &mut handle).await {
            let message_id = message.message_id.unwrap_or_default();
            tracing::error!(message.id = %message_id, %reason, "message goes back to its queue");
            let mut failure = BatchItemFailure::default();
            failure.item_identifier = message_id;
            failed.push(failure);
        }
    }
    let mut response = SqsBatchResponse::default();
    response.batch_item_failures = failed;
    response
}

async fn one<M, E>(
    message: &SqsMessage,
    handle: &mut impl AsyncFnMut(M) -> Result<(), E>,
) -> Result<(), String>
where
    M: DeserializeOwned,
    E: Error,
{
    let body = message.body.as_deref().unwrap_or_default();
    let parsed = serde_json::from_str(body).map_err(|it| format!("unreadable message: {it}"))?;
    handle(parsed).await.map_err(|it| chain(&it))
}
