//! A blank that has booted can be claimed from now on.

use crate::handler::PoolError;
use contracts::blank::Saga;
use ports::fleet::{Fleet, RecordError};

/// `StockBlank`. Repeatable. Its undo is the reservation's: a blank without one cannot be claimed.
pub(crate) async fn stock(fleet: &impl Fleet, saga: &Saga) -> Result<(), PoolError> {
    let worker = saga.worker.as_ref().ok_or(PoolError::Nowhere)?;
    match fleet.record_warm(&worker.worker_id, &saga.blank_id).await {
        Ok(()) => Ok(()),
        Err(RecordError::Refused) => Err(PoolError::BlankGone(saga.blank_id.clone())),
        Err(RecordError::Unavailable(cause)) => Err(cause.into()),
    }
}
