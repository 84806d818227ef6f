//! # Worker watch
//!
//! Finds workers that are lost, within 45 seconds of their last sign of life, and settles what was on
//! them: who was backed up goes on elsewhere. Empties those that their provider is about to take away.
//!
//! | | |
//! |---|---|
//! | Called by | a schedule each minute, which asks queue `watch` for five more looks, ten seconds apart; that queue; EC2's events about machines |
//! | Reads | workers and their heartbeats; the provider, about those that are silent; the projects on lost ones, and whether they are being halted |
//! | Writes | workers (cordoned, admitting again, lost, terminated), reservations, projects and their routes; gives machines back |
//! | Starts | `provision-{project}-{attempt}` of who goes on, `drain-{worker}-moves-…` of who is about to go |
//! | Idempotency key | none is needed: a look acts on what it finds, and finds what the one before left undone |
//! | Undo | none: a machine that is gone does not come back. A cordon for silence is lifted by the look that hears of the worker again, any other by an operator |
//! | Fails as | `Retryable`, which nobody needs to obey: the next look comes anyway |
//!
//! Nothing is settled on one source's word. A worker that is silent while its provider says that it
//! runs may be cut off and still serve: it is cordoned and an alarm is raised. It is lost once it is
//! silent *and* its machine is gone, stopped or on its way there; or once the provider says that in an
//! event and again when asked.
//!
//! A project that was backed up begins its next attempt from the newest backup, and its owner is told from
//! when that is once it runs. Without a backup its owner sees the page "failed" and the reason, and can
//! start again. What a halt is about to bring to safety is left to the halt, for as long as it takes.

mod fate;
mod handler;
mod look;
mod settle;
mod trigger;
mod verdict;
mod world;

pub use handler::{WatchError, handle};
pub use trigger::{Look, MachineEvent, Trigger};
pub use world::{Ports, World};
