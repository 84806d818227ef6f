//! # Placement
//!
//! Chooses the worker for an instance, and claims, changes and gives back its capacity there.
//!
//! | | |
//! |---|---|
//! | Called by | `provision` saga, steps `Reserve` / `UndoReserve`; `blank` saga, steps `ReserveBlank` / `UndoReserveBlank`; `halt` saga, steps `Locate` and `Release`; `resize` saga, steps `Widen` / `UndoWiden` and `Settle`; `logs` and `exec` sagas, step `FindInstance` |
//! | Reads | the workers of the pool, all its parts, strongly consistent |
//! | Writes | one worker: its free capacity, a port and the reservation, in one conditional update; the decision with its alternatives; the count of a plan that is limited |
//! | Idempotency key | [`domain::id::ReservationId`], minted once by the saga |
//! | Undo | leaves a tombstone, then releases wherever the reservation is, or narrows it; safe at any time, any number of times |
//! | Fails as | `Retryable` when the store is away or contended, `Terminal` when the reservation was given up, the plan is sold out, a blank finds no room, or an instance is not where it could be resized. For a project a full fleet is no failure: it answers `worker_id: null`, and the saga buys; nor is a full worker for one that grows: it answers `worker: null`, and the instance moves |

mod blank;
mod claim;
mod explain;
mod halt;
mod handler;
mod inspect;
mod project;
mod resize;

pub use claim::MAX_WRITES;
pub use handler::{Call, Config, PlaceError, World, handle};
