//! # Billing
//!
//! Applies stored webhook deliveries: a subscription that is active gets its project provisioned.
//!
//! | | |
//! |---|---|
//! | Called by | queue `billing`, one message a delivery |
//! | Reads | the delivery, the project |
//! | Writes | the project (paid), what became of the delivery |
//! | Starts | `provision-{project}-{attempt}` |
//! | Idempotency key | the delivery's id, and behind it the project's state and the execution's name |
//! | Undo | none: money was taken; what cannot be applied is kept with its reason |
//! | Fails as | back to the queue while a store is away, then to the dead-letter queue |

mod effect;
mod handler;

pub use handler::{BillingError, handle};
