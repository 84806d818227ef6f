//! # Billing
//!
//! Keeps what runs and what is paid for the same. A delivery, a timer and the watch only cause a look
//! at a subscription; what is to be done about it is decided by `domain::subscription`.
//!
//! | | |
//! |---|---|
//! | Called by | queue `billing`, one message a look, in the order of each subscription |
//! | Reads | the delivery, the project, the tenant's customer and owner; the payment provider |
//! | Writes | our record of the subscription, the project (paid, resumed), what became of the delivery, a timer, letters |
//! | Starts | `provision-{project}-{attempt}`, `halt-…`, `resize-…`, `erase-…`; the last two again, a few times, if they end without effect |
//! | Idempotency key | the version of the record, and behind it the project's state and the executions' names |
//! | Undo | none: money was taken; what cannot be applied is kept with its reason |
//! | Fails as | back to the queue while a store or the provider is away, then to the dead-letter queue |

mod act;
mod effect;
mod error;
mod events;
mod handler;
mod payer;
mod settle;
mod tries;
mod world;

pub use effect::{Effect, effect};
pub use error::BillingError;
pub use events::{Done, EVENTS, Group, is_known};
pub use handler::handle;
pub use world::{Billing, Machines, World};
