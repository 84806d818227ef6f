//! # Sleep watch
//!
//! Has instances fall asleep that nobody uses, and wakes them: when somebody comes to their host or writes
//! to their bot, and ahead of their scheduled jobs. `domain::sleep` decides who falls asleep.
//!
//! | | |
//! |---|---|
//! | Called by | a schedule each minute; queue `wakes`, into which edges put the hosts that somebody came to |
//! | Reads | workers and their heartbeats; of those that may fall asleep the project, what pays for it, and whether it has arrived; of those that sleep the project, its configuration, and how much waits for its bot |
//! | Writes | what is remembered of each sleep; asks the gateway of who is to fall asleep whether anything is under way; starts the saga `halt`; makes a sleeping project pending and starts `provision` |
//! | Idempotency key | the version of what is remembered of a sleep, which one look alone writes; executions are named by project, attempt and number |
//! | Undo | none: a halt has its own. Who could not fall asleep is left alone for half an hour |
//! | Fails as | `Retryable`: the queue delivers again, and the next look does what this one has not |
//!
//! A sleep is kept in mind before the halt begins, so that none is forgotten; a wake makes the project
//! pending before its execution starts, and whoever finds it so starts that once more. Telegram keeps what
//! is written to a bot until somebody fetches it: here it is only counted, so no message is lost.

mod fall;
mod handler;
mod stir;
mod trigger;
mod wake;
mod world;

pub use handler::{WatchError, handle};
pub use trigger::Trigger;
pub use world::{Ports, World};
