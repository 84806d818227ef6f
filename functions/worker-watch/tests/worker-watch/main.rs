//! Looks over fakes: what is found silent, what is lost, and what becomes of everything on it.

mod bench;
mod looking;
mod losing;
mod noticing;
mod replacing;
