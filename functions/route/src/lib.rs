//! Records which host goes where, and waits until an edge serves it.
//!
//! | | |
//! |---|---|
//! | called by | the provisioning saga: `HoldingPage`, `Publish` and their undos; the halt: `SuspendedPage` and its undo; the erasure: `RemoveRoute` |
//! | reads | what edges report to the ledger; for an undone halt the project |
//! | writes | the route and its place in the log, in one transaction; a wake-up for the publisher |
//! | idempotency key | host, attempt and phase of the change, and the number of a halt |
//! | undo | the host shows the page "failed"; the attempt is closed, so a late do is refused. Of a halt: the instance's own address again, unless the project was halted for good; a removal is not undone |
//! | fails as | `Terminal` when a later attempt or the undo was first; else `Retryable` |

mod acknowledgement;
mod change;
mod handler;

pub use handler::{Call, RouteError, World, handle};
