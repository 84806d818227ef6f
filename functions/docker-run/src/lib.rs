//! # Docker run
//!
//! Launches a project's container on its worker, and removes it.
//!
//! | | |
//! |---|---|
//! | Called by | `provision` saga, steps `Launch` / `UndoLaunch` |
//! | Reads | the project and its sealed secrets |
//! | Writes | the configuration bundle, for minutes; container, network and volume on the worker |
//! | Idempotency key | project and generation (the saga's attempt); the worker refuses lower ones |
//! | Undo | removes what this generation made and leaves a tombstone on the worker |
//! | Fails as | `Retryable` while the worker is away or busy, `Terminal` when it refuses for good |

mod configuration;
mod handler;

pub use configuration::{Platform, Secrets, render};
pub use handler::{Config, LaunchError, Step, World, handle};
