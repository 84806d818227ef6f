//! # Drain
//!
//! Empties workers by moving their instances away, and gives empty ones back, or stops them and keeps
//! them for the warm pool.
//!
//! | | |
//! |---|---|
//! | Called by | `drain` saga, steps `MoveInstances`, `DrainWorker` / `UndoDrainWorker` and `GiveBack`; `grow` saga, step `ParkSpare` |
//! | Reads | the worker, the projects on it and whether they have arrived, its machine |
//! | Writes | the worker's state; stops or terminates the machine |
//! | Starts | `halt-{project}-{attempt}-{number}`, with the purpose to move |
//! | Idempotency key | the worker and the moment since which it is idle; the state says how far it came; of a move, the halt's name |
//! | Undo | a worker whose machine still runs serves again; a machine that is gone stays gone; who has moved stays there |
//! | Fails as | `Retryable` while a store or the provider is away, somebody is still on the worker, or the machine has not stopped yet; `Terminal` if the worker was taken from under the drain. That somebody was placed there meanwhile is no failure: the worker stays |

mod drain_worker;
mod give_back;
mod handler;
mod move_instances;
mod moves;

pub use handler::{Answer, Call, DrainError, World, handle};
