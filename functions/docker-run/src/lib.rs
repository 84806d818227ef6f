//! # Docker run
//!
//! Launches a project's container on its worker, or has the project take a warm blank over; launches
//! blanks; removes both. Brings what an owner sets to an instance that runs. Stops an instance with its
//! data in a backup, gives it the limits of another plan, and starts it again. Has its worker bring what it has printed, and
//! run a command of an operator's in it.
//!
//! | | |
//! |---|---|
//! | Called by | `provision` saga, steps `Launch` / `UndoLaunch`; `blank` saga, steps `LaunchBlank` / `UndoLaunchBlank`; `configure` saga, step `Configure`; `halt` saga, steps `Archive` / `UndoArchive` / `Remove`; `resize` saga, steps `ApplyLimits` / `UndoApplyLimits`; `restartlogs` saga, step `RestartInstanceReadLogs`; `exec` saga, step `RunCommand` |
//! | Reads | the project, its sealed secrets, its configuration and the keys which that names; for a restart, where it is |
//! | Writes | the configuration bundle, for minutes; container, network and volume on the worker; a backup, or what was printed, by a link that the worker gets |
//! | Idempotency key | project and generation (the saga's attempt); the worker refuses lower ones; for a configuration its version, for a halt and a change of limits their number, alike; for a restart the moment at which it was asked forcommand of an operator's its number, which the worker runs once |
//! | Undo | removes what this generation made and leaves a tombstone on the worker; a configuration is replaced by the next one; what was stopped starts again; limits go back; a restart needs none |
//! | Fails as | `Retryable` while the worker is away or busy, `Terminal` when it refuses for good |

mod configuration;
mod configure;
mod handler;
mod inspect;
mod launch;
mod resize;
mod rest;
mod restart;
mod secrets;

pub use configuration::{Platform, Secrets, Settings, render, render_blank};
pub use handler::{Answer, Call, Config, LaunchError, Ports, World, handle};
