//! The edge's agent: keeps nginx in step with the table of routes.
//!
//! | | |
//! |---|---|
//! | started by | the machine's init, beside nginx |
//! | reads | the head each second, and chunks when they changed; its own last known good table |
//! | writes | `tenant-ports.conf`, nginx's shared dictionary, its report in the ledger; who came to a host that is asleep, into queue `wakes` |
//! | idempotency key | the stamp of a table: it applies only what supersedes what it has |
//! | fails as | nothing: whatever is wrong, it goes on serving what it has and tries again |

mod agent;
pub mod config;
mod file;
mod nginx;
mod readable;
mod source;

pub use agent::{Agent, Settings};
