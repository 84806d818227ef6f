//! Tables. `keys` is the only place with key strings in it.

pub mod accounts;
pub mod deliveries;
pub mod fleet;
pub mod keys;
pub mod projects;
pub mod routes;
mod table;
