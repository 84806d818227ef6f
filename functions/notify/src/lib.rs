//! # Notify
//!
//! Writes to people: the letters that the API, billing and the watch over instances
//! leave in the queue, the good news at the end of
//! a provisioning, and the receipt at the end of an erasure.
//!
//! | | |
//! |---|---|
//! | Called by | queue `mail`, one message a letter; `provision` saga, step `Notify`; `erase` saga, step `Receipt` |
//! | Reads | the project; the address of the tenant's owner |
//! | Writes | mail |
//! | Idempotency key | none: SES takes no key. A repeat after a lost answer sends the same mail again; every letter is harmless to get twice, and a link that was used says so |
//! | Undo | none: mail cannot be unsent. The saga goes on to its end if this fails |
//! | Fails as | `Retryable` while the provider is away, `Terminal` when it refuses; letters go back to their queue and then to the dead-letter queue |

mod handler;
mod health;
mod letters;
mod receipt;
mod subscription;
mod trigger;

pub use handler::{Call, NotifyError, Origins, announce, deliver};
pub use trigger::Trigger;
