//! # Operator
//!
//! What an operator asks about the fleet and wants of it.
//!
//! | | |
//! |---|---|
//! | Called by | people, with `scripts/ops`; whoever may invoke the function may do all of this |
//! | Reads | workers; the decisions about a project's placements |
//! | Writes | whether a worker is cordoned |
//! | Starts | `drain-{worker}-{since when it is empty}`, or `drain-{worker}-moves-{minute}` for one that is not |
//! | Idempotency key | the worker, and behind it the execution's name; every command can be repeated |
//! | Undo | `uncordon` takes `cordon` back. A drain is called off by `uncordon`, until its machine is given back: who has moved by then stays where they are |
//! | Fails as | `Retryable` when a store is away. What cannot be done is no failure: it is answered as `refused`, by field and with the reason |

mod answer;
mod command;
mod drain;
mod handler;

pub use answer::{Answer, Occupant, WorkerRow};
pub use command::{Command, Refusal};
pub use handler::{OperatorError, World, handle};
