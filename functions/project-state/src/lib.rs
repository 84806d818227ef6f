//! # Project state
//!
//! Moves a project along its life on behalf of a saga.
//!
//! | | |
//! |---|---|
//! | Called by | `provision` saga, steps `Begin`, `Finish` and their undos |
//! | Reads, writes | the project |
//! | Idempotency key | project and attempt; an attempt that is over is refused |
//! | Undo | `UndoBegin` puts the project into `error` with a reason for its owner, `UndoFinish` takes `running` back |
//! | Fails as | `Retryable` when the store is away or a race was lost, `Terminal` when the project is elsewhere by now |

mod handler;
mod reason;

pub use handler::{Step, StepError, handle};
