//! # Docker run
//!
//! Launches a project's container on its worker, or has the project take a warm blank over; launches
//! blanks; removes both.
//!
//! | | |
//! |---|---|
//! | Called by | `provision` saga, steps `Launch` / `UndoLaunch`; `blank` saga, steps `LaunchBlank` / `UndoLaunchBlank` |
//! | Reads | the project and its sealed secrets |
//! | Writes | the configuration bundle, for minutes; container, network and volume on the worker |
//! | Idempotency key | project and generation (the saga's attempt); the worker refuses lower ones |
//! | Undo | removes what this generation made and leaves a tombstone on the worker |
//! | Fails as | `Retryable` while the worker is away or busy, `Terminal` when it refuses for good |

mod configuration;
mod handler;
mod launch;

pub use configuration::{Platform, Secrets, render, render_blank};
pub use handler::{Call, Config, LaunchError, World, handle};
