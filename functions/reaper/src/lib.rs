//! # Reaper
//!
//! Finds what nobody owns any more, in the cloud and in our own records, and removes it.
//!
//! | | |
//! |---|---|
//! | Called by | a schedule, every five minutes. It takes no input |
//! | Reads | machines, heartbeats, bundles and routes; then workers, and each project that something is reserved for |
//! | Writes | machines given back; workers marked lost, which `worker-watch` settles; drains ended; reservations released and counts taken back; containers and bundles removed; routes closed |
//! | Idempotency key | none is needed: every repair is conditional on what was found, or can be repeated |
//! | Undo | none: what it removes is nobody's. So it removes little at a time, and stops itself when it would be much: see `limits` |
//! | Fails as | `Retryable`, which nobody needs to obey: the next pass finds again what this one could not repair |
//!
//! The cloud is listed *before* the records that own it. Whatever is made meanwhile is then in the
//! records and not in the list, and is left alone; the other way round it would look like nobody's.
//! What was undone meanwhile is in the list and not in the records: it is removed a second time, which
//! changes nothing.
//!
//! Deliberately absent: a ready worker without a machine (`worker-watch` looks every 10 seconds, and has
//! a second source); sagas that never end.

mod handler;
mod limits;
mod orphans;
mod repair;
mod snapshot;
mod world;

pub use handler::{ReapError, handle};
pub use limits::Limits;
pub use world::{Ports, World};
