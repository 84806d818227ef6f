//! The stores against a DynamoDB that runs: only an engine can say what a conditional write does.

mod accounts;
mod configurations;
mod engine;
mod fleet;
mod heartbeats;
mod intents;
mod placements;
mod projects;
