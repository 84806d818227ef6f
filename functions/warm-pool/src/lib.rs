//! # Warm pool
//!
//! Keeps instances and workers in stock, so that nobody waits for a boot: blank instances that a
//! project takes over in a second, room on workers that run, and workers that are stopped and start in
//! half a minute. What nobody needs any more is given back, and a worker whose few tenants find room
//! elsewhere is emptied for that.
//!
//! | | |
//! |---|---|
//! | Called by | a schedule, each minute; queue `warm`, one poke for each customer who looks as if they were about to buy; `provision` saga, step `TopUp`; `blank` saga, step `StockBlank` |
//! | Reads | the workers of the pool, the intents, the failures of `blank` |
//! | Writes | one reservation: a blank that is ready, or retired; removes the retired from its worker; cordons the worker that is emptied |
//! | Starts | `blank-{blank}`, `grow-{worker}`, `drain-{worker}-{idle since}`, `drain-{worker}-moves-{hour}` |
//! | Idempotency key | the executions' names. Ids are derived from the minute: who looks twice at the same fleet asks for the same things twice |
//! | Undo | none: what is too much is given back by a later look |
//! | Fails as | `Retryable` while something is away, `Terminal` when the blank that became ready is not there any more |
//!
//! Several looks may run at once. Around the turn of a minute two of them may both ask for the same
//! thing; the next looks give the second one back.

mod backoff;
mod config;
mod handler;
mod input;
mod mint;
mod plan;
mod retire;
mod stock;
mod target;

pub use config::{BadWarmPool, Config, WarmPool};
pub use handler::{PoolError, World, handle};
pub use input::{BadInput, Input};
