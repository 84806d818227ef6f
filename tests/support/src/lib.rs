//! Stand-ins for the services that the product talks to but does not own.
//!
//! Each speaks as the real service documents itself, so that nothing in the product knows the
//! difference, and each has a few paths under `/_standin/` that the real one lacks: what a test
//! needs to look inside and to make things go wrong. They are libraries, so that a test can start
//! one in its own process, and binaries, so that a person can.

pub mod clock;
pub mod dodo;
pub mod google;
pub mod hetzner;
pub mod loopback;
pub mod mailbox;
pub mod model;
pub mod page;
pub mod random;
pub mod secret_file;
pub mod server;
pub mod telegram;
