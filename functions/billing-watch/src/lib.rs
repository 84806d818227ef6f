//! # Billing watch
//!
//! Looks for what no delivery tells: who has paid and has nothing, what was decided and not done, and,
//! each night, whether our books and the payment provider's say the same. It does nothing about it
//! itself: it makes billing look, and wakes somebody. Beside that it keeps the prices that customers are
//! shown no older than an hour, as long as the provider answers.
//!
//! | | |
//! |---|---|
//! | Called by | a schedule every five minutes (`{}`), another each night (`{"task":"reconcile"}`), `scripts/ops` |
//! | Reads | all projects, the records of their subscriptions, histories of provisionings; the provider's subscriptions, refunds, disputes and prices |
//! | Writes | looks, lost refunds and disputes into queue `billing`; suggested credits; prices |
//! | Idempotency key | none needed: a look changes nothing by itself; a credit is named by its project and attempt, a price by its plan and hour |
//! | Undo | none |
//! | Fails as | any error fails the run; the next one looks anew, and it rings if none succeeds |

mod credit;
mod handler;
mod losses;
mod prices;
mod reconcile;
mod watch;
mod world;

pub use handler::{Answer, Input, Task, WatchError, handle};
pub use prices::Priced;
pub use reconcile::Report;
pub use watch::Round;
pub use world::{Watch, World};
