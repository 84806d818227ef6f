//! Tables. `keys` is the only place with key strings in it.

pub mod access_tokens;
pub mod accounts;
mod bytes;
mod census;
pub mod chat_tickets;
pub mod configurations;
mod cordon;
mod count;
pub mod credits;
pub mod deliveries;
pub mod erasure;
pub mod fleet;
pub mod heartbeats;
pub mod intents;
pub mod keys;
pub mod placements;
pub mod projects;
pub mod provider_keys;
mod reservation;
pub mod routes;
pub mod sessions;
pub mod subscriptions;
mod table;
pub mod tenants;
pub mod throttles;
mod transaction;
mod worker_item;
