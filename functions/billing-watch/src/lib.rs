//! # Billing watch
//!
//! Looks for what no delivery tells: who has paid and has nothing, what was decided and not done, and,
//! each night, whether our books and the payment provider's say the same. It does nothing about it
//! itself: it makes billing look, and wakes somebody.
//!
//! | | |
//! |---|---|
//! | Called by | a schedule every five minutes (`{}`), another each night (`{"task":"reconcile"}`), `scripts/ops` |
//! | Reads | all projects, the records of their subscriptions, histories of provisionings; the provider's subscriptions |
//! | Writes | looks into queue `billing`; suggested credits |
//! | Idempotency key | none needed: a look changes nothing by itself; a credit is named by its project and attempt |
//! | Undo | none |
//! | Fails as | any error fails the run; the next one looks anew, and it rings if none succeeds |

mod credit;
mod handler;
mod reconcile;
mod watch;
mod world;

pub use handler::{Answer, Input, Task, WatchError, handle};
pub use reconcile::Report;
pub use watch::Round;
pub use world::World;
