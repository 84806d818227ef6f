//! # Erase
//!
//! Deletes everything that is kept of a project but its own record.
//!
//! | | |
//! |---|---|
//! | Called by | `erase` saga, step `EraseData` |
//! | Reads | the project, its configuration |
//! | Writes | nothing; deletes all its backups, its configuration with what that claims, its sealed secrets, its checkout |
//! | Idempotency key | the project: what is gone stays gone |
//! | Undo | none: the project is `deleting` before, and nothing else may come of it |
//! | Fails as | `Terminal` for a project that is not being deleted; else `Retryable` |

mod handler;

pub use handler::{Call, EraseError, World, handle};
