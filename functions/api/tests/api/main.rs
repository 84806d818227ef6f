//! The whole API over fakes, through its real router.

mod access_token;
mod account;
mod bench;
mod chat;
mod checkout;
mod document;
mod doors;
mod golden;
mod google;
mod google_wire;
mod input;
mod intent;
mod invitation;
mod isolation;
mod key;
mod member;
mod model;
mod new_password;
mod plans;
mod project;
mod refresh;
mod session;
mod sessions;
mod telegram;
mod tenant;
