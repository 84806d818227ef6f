//! # Provision
//!
//! Buys a worker when none has room, starts one that is stopped, and waits until it can run
//! instances. Does the same ahead of demand, for the warm pool.
//!
//! | | |
//! |---|---|
//! | Called by | `provision` saga, steps `BuyWorker` / `UndoBuyWorker` and `AwaitWorker`; `grow` saga, steps `GetSpare` / `UndoGetSpare` and `AwaitSpare` |
//! | Reads | the worker, its machine; the fleet, if an offering waits for an on-demand base |
//! | Writes | the worker, with the project's reservation on it from the first moment; a machine |
//! | Idempotency key | [`domain::id::WorkerId`], minted once by the saga; it is the machine's token and tag |
//! | Undo | releases the reservation; gives the machine back unless somebody else is on it by now |
//! | Fails as | `Retryable` while the provider or the machine is not there yet, `Terminal` when no offering can be bought |

mod await_worker;
mod buy_worker;
mod handler;
mod patience;
mod spare;

pub use handler::{Call, Config, ProvisionError, World, handle};
