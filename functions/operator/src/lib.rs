//! # Operator
//!
//! What an operator asks about the fleet and its instances, and wants of them; and the audit of what was
//! done inside of instances.
//!
//! | | |
//! |---|---|
//! | Called by | people, with `scripts/ops`; whoever may invoke the function may do all of this; `exec` saga, steps `RecordCommand` / `UndoRecordCommand` and `RecordOutcome` |
//! | Reads | workers; the decisions about a project's placements; projects; what instances have printed; the audit |
//! | Writes | whether a worker is cordoned; the audit |
//! | Starts | `drain-{worker}-{since when it is empty}`, or `drain-{worker}-moves-{minute}` for one that is not; `logs-{project}-{id}`, `exec-{project}-{number}` |
//! | Idempotency key | the worker, and behind it the execution's name; of a command in an instance its number, which who orders it mints; everything can be repeated |
//! | Undo | `uncordon` takes `cordon` back. A drain is called off by `uncordon`, until its machine is given back: who has moved by then stays where they are |
//! | Fails as | `Retryable` when a store is away. What cannot be done is no failure: it is answered as `refused`, by field and with the reason |

mod answer;
mod command;
mod drain;
mod handler;
mod inspect;
mod record;

pub use answer::{Answer, Occupant, WorkerRow};
pub use command::{Command, Refusal};
pub use handler::{OperatorError, Ports, World, handle};
pub use record::Step;
