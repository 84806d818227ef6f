//! The whole API over fakes, through its real router.

mod account;
mod bench;
mod checkout;
mod document;
mod golden;
mod input;
mod intent;
mod isolation;
mod key;
mod model;
mod plans;
mod project;
mod session;
mod telegram;
