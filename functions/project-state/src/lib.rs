//! # Project state
//!
//! Moves a project along its life on behalf of a saga, notes what its instance has taken over, and
//! starts what comes next.
//!
//! | | |
//! |---|---|
//! | Called by | `provision` saga, steps `Begin`, `Finish` and their undos; `configure` saga, step `RecordApplied` and the undo of `Configure`; `halt` saga, steps `BeginHalt` with its undo, `FinishHalt`, `Continue`; `resize` saga, steps `FinishResize` with its undo, `MoveInstead`; `erase` saga, steps `BeginErase`, `FinishErase` |
//! | Reads, writes | the project; its configuration; starts `configure` for one that came while it was launched, or halted for nothing, `provision` for a project that moves, `halt` for one that has to |
//! | Idempotency key | project and attempt; an attempt that is over is refused; within one, a halt's number, a plan's cause; for a configuration its version |
//! | Undo | `UndoBegin` puts the project into `error` with a reason for its owner, `UndoFinish` takes `running` back, `UndoConfigure` tells the owner, `UndoBeginHalt` and `UndoFinishResize` put back what was. What was halted or erased is not undone. An undo that finds the project elsewhere leaves it alone |
//! | Fails as | `Retryable` when the store is away or a race was lost, `Terminal` when the project is elsewhere by now |

mod configuration;
mod halt;
mod handler;
mod reason;
mod resize;

pub use handler::{Call, StepError, World, handle};
