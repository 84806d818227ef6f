//! Tables. `keys` is the only place with key strings in it.

pub mod accounts;
mod bytes;
pub mod configurations;
pub mod deliveries;
pub mod fleet;
pub mod heartbeats;
pub mod intents;
pub mod keys;
pub mod placements;
pub mod projects;
pub mod provider_keys;
mod reservation;
pub mod routes;
mod table;
mod worker_item;
