//! The whole API over fakes, through its real router.

mod account;
mod bench;
mod chat;
mod checkout;
mod document;
mod golden;
mod google;
mod google_wire;
mod input;
mod intent;
mod isolation;
mod new_password;
mod plans;
mod project;
mod refresh;
mod session;
mod sessions;
