//! The wire: what functions, workers, the edge and outside services say to each other.

pub mod billing;
pub mod mail;
pub mod problem;
pub mod provision;
pub mod routes;
pub mod webhook;
pub mod worker;
