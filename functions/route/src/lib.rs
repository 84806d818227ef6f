//! Records which host goes where, and waits until an edge serves it.
//!
//! | | |
//! |---|---|
//! | called by | the provisioning saga: `HoldingPage`, `Publish` and their undos |
//! | reads | what edges report to the ledger |
//! | writes | the route and its place in the log, in one transaction; a wake-up for the publisher |
//! | idempotency key | host, attempt and phase of the change |
//! | undo | the host shows the page "failed"; the attempt is closed, so a late do is refused |
//! | fails as | `Terminal` when a later attempt or the undo was first; else `Retryable` |

mod acknowledgement;
mod handler;

pub use handler::{RouteError, World, handle};
