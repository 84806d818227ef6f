//! Looks over fakes: what is found ill, what is done for it, and what becomes of it.

mod acting;
mod bench;
mod faults;
mod lives;
