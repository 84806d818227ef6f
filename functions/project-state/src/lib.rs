//! # Project state
//!
//! Moves a project along its life on behalf of a saga, and notes what its instance has taken over.
//!
//! | | |
//! |---|---|
//! | Called by | `provision` saga, steps `Begin`, `Finish` and their undos; `configure` saga, step `RecordApplied` and the undo of `Configure` |
//! | Reads, writes | the project; its configuration; starts `configure` for one that came while it was launched |
//! | Idempotency key | project and attempt; an attempt that is over is refused; for a configuration its version |
//! | Undo | `UndoBegin` puts the project into `error` with a reason for its owner, `UndoFinish` takes `running` back, `UndoConfigure` tells the owner |
//! | Fails as | `Retryable` when the store is away or a race was lost, `Terminal` when the project is elsewhere by now |

mod configuration;
mod handler;
mod reason;

pub use handler::{Call, StepError, World, handle};
