//! Copies the log of route changes to Parameter Store. The only writer there.
//!
//! | | |
//! |---|---|
//! | called by | queue `routes.fifo`, one batch at a time; a message only says that the log has grown |
//! | reads | route log, position and lease in the ledger; its own last head and chunks |
//! | writes | chunks, then the head, then how far it came into the lease |
//! | idempotency key | sequence: a wake-up for what is published already changes nothing |
//! | undo | none: an undone route is one more change in the log |
//! | fails as | `Retryable`, except a table that outgrew its format or a ledger that fell behind |
//!
//! Two publishers at once do no harm. Each take-over raises the epoch, chunks are read by version,
//! and edges refuse what does not grow: the later publisher wins and the earlier one finds out.

mod handler;
mod plan;
mod round;
mod table;

pub use handler::{PublishError, World, publish};
pub use table::{TableError, fold, folds};
