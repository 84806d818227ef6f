//! # Health check
//!
//! Waits until a launched instance's gateway has started and obeys its configuration, and warms
//! blanks.
//!
//! | | |
//! |---|---|
//! | Called by | `provision` saga, step `CheckHealth`; `blank` saga, step `WarmBlank` |
//! | Reads | nothing of ours: the saga says where the instance is |
//! | Writes | nothing of ours; the worker takes back the CPU that it lent for the boot |
//! | Idempotency key | project and generation: the worker refuses another one |
//! | Undo | none: what it changed goes with the container |
//! | Fails as | `Retryable` while the gateway boots or the worker is away, `Terminal` when the gateway ended |

mod handler;

pub use handler::{Call, HealthError, handle};
