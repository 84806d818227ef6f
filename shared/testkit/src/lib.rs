//! Fakes of every port, in memory, with faults on demand.

pub mod accounts;
pub mod bundles;
pub mod clock;
pub mod commands;
pub mod configurations;
pub mod deliveries;
pub mod fleet;
pub mod heartbeats;
pub mod intents;
pub mod keys;
pub mod logs;
pub mod machines;
pub mod mail;
pub mod make;
pub mod outage;
pub mod payments;
pub mod placements;
pub mod projects;
pub mod provider_check;
pub mod queue;
pub mod random;
pub mod routes;
pub mod sagas;
pub mod vault;
