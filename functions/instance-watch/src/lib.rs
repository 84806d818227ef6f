//! # Instance watch
//!
//! Finds instances that are ill by what their workers say of them, and has them treated: started again,
//! launched anew elsewhere, and in the end given up with a reason. `domain::health` decides.
//!
//! | | |
//! |---|---|
//! | Called by | a schedule each minute, which asks queue `instances` for five more looks, ten seconds apart; that queue |
//! | Reads | workers and their heartbeats; cases; the projects of instances that are ill |
//! | Writes | cases; starts the sagas `restart` and `halt`; what is given up: project and route; letters to owners |
//! | Idempotency key | the version of a case. What is decided is kept in it as owed before it is done, and each duty may be done twice: executions are named by project, attempt and moment |
//! | Undo | none: who is well again needs none, and what was started has undos of its own |
//! | Fails as | `Retryable`, which nobody needs to obey: the next look finds what is owed |
//!
//! Of an instance that is well nothing is read but its worker's heartbeat, and nothing is written. A worker
//! that is silent, or has no Docker, says nothing of its instances: that is `worker-watch`'s. If most of a
//! worker's instances do not answer at once, it is the worker that does not reach them: they are left alone
//! and somebody is woken.

mod act;
mod handler;
mod look;
mod survey;
mod trigger;
mod words;
mod world;

pub use handler::{WatchError, handle};
pub use trigger::{Another, Trigger};
pub use world::{Ports, World};
