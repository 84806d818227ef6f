//! # Placement
//!
//! Chooses the worker for a project and claims its capacity.
//!
//! | | |
//! |---|---|
//! | Called by | `provision` saga, steps `Reserve` / `UndoReserve` |
//! | Reads | the workers of the pool, strongly consistent |
//! | Writes | one worker: its free capacity, a port and the reservation, in one conditional update |
//! | Idempotency key | [`domain::id::ReservationId`], minted once by the saga |
//! | Undo | leaves a tombstone, then releases wherever the reservation is; safe at any time, any number of times |
//! | Fails as | `Retryable` when the store is away or contended, `Terminal` when the reservation was given up. A full fleet is no failure: it answers `worker_id: null`, and the saga buys |

mod best_fit;
mod handler;

pub use handler::{MAX_ATTEMPTS, PlaceError, Step, handle};
