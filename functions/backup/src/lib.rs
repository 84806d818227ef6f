//! # Backup
//!
//! Has each instance that runs backed up once an hour, without stopping it, so that a worker which is lost
//! takes no more than that with it. Deletes what is too old to be kept.
//!
//! | | |
//! |---|---|
//! | Called by | a schedule, every fifteen minutes. It takes no input |
//! | Reads | all projects, then all workers |
//! | Writes | archives, by a link that the worker gets; the project's newest backup, if it is still the same instance and the backup later than the one known; deletes archives that are outdated |
//! | Idempotency key | an archive's name: project, attempt and the second in which it was begun |
//! | Undo | none: an archive that no record names is deleted when it is outdated |
//! | Fails as | `Retryable`, which nobody needs to obey: what one pass leaves undone, the next one does first |
//!
//! What can go wrong with one instance, and what becomes of it:
//!
//! * The worker's answer is lost, or the record cannot be written: the archive is there and nobody knows. The
//!   next pass names what *is* on record, so the worker does not answer that nothing has changed.
//! * The project is halted, moved or lost meanwhile: the worker refuses, or the record does. The archive of
//!   the halt is newer.
//! * A pass is late, or two run at once: the worker takes one copy at a time, and a record only goes on to a
//!   later one.

mod handler;
mod metric;
mod plan;
mod take;
mod world;

pub use handler::{BackupError, Round, handle};
pub use metric::ages;
pub use world::{Ports, World};
