//! # Import
//!
//! Takes in what a customer brings along: the state directory of an OpenClaw that ran elsewhere.
//!
//! | | |
//! |---|---|
//! | Called by | `import` saga, steps `CheckArchive` and `TakeOver` |
//! | Reads | the upload, 128 MiB at most; the project |
//! | Writes | one of the project's backups; what its next attempt starts from, or an execution of `halt` |
//! | Idempotency key | the backup's name: project, attempt and the second in which the import was ordered |
//! | Undo | none: what was checked is a backup like others, and is deleted when it is outdated |
//! | Fails as | `Retryable`; that an archive is refused is an outcome, which its owner reads |
//!
//! It runs in 512 MiB of scratch disk: the upload, and what it becomes, which is held to the rest of it.

mod archive;
mod handler;
mod version;

pub use archive::{Failure, Limits, normalise};
pub use handler::{Answer, Call, ImportError, World, handle};
pub use version::{NotAVersion, Version};
