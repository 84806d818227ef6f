//! The system from outside: a customer's journey through it, the demo that shows the journey, and
//! the bench that measures it.
//!
//! Nothing in here knows a table, a queue or a function. What a customer cannot do, this client
//! cannot do; only [`executions`] looks behind the curtain, to say which worker a project is on, and
//! the bench: at one function in [`bench::yardstick`], and at the ledger where it counts webhooks.

pub mod bench;
pub mod checkout_form;
pub mod client;
pub mod demo;
pub mod dodo;
pub mod environment;
pub mod executions;
pub mod failure;
pub mod journey;
pub mod watch;
pub mod wire;
