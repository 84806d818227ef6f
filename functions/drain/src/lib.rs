//! # Drain
//!
//! Gives empty workers back, or stops them and keeps them for the warm pool.
//!
//! | | |
//! |---|---|
//! | Called by | `drain` saga, steps `DrainWorker` / `UndoDrainWorker` and `GiveBack`; `grow` saga, step `ParkSpare` |
//! | Reads | the worker, its machine |
//! | Writes | the worker's state; stops or terminates the machine |
//! | Idempotency key | the worker and the moment since which it is idle; the state says how far it came |
//! | Undo | a worker whose machine still runs serves again; a machine that is gone stays gone |
//! | Fails as | `Retryable` while a store or the provider is away, or the machine has not stopped yet; `Terminal` if the worker was taken from under the drain. That somebody was placed there meanwhile is no failure: the worker stays |

mod drain_worker;
mod give_back;
mod handler;

pub use handler::{Call, DrainError, World, handle};
