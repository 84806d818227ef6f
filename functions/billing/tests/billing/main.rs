//! What a look at a subscription does, once and again, and with a fault at any of its effects.

mod anew;
mod bench;
mod deletion;
mod faults;
mod lifetime;
mod payers;
mod paying;
mod tries;
