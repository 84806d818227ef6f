//! The stores against a DynamoDB that runs: only an engine can say what a conditional write does.

mod access_tokens;
mod accounts;
mod chat_tickets;
mod configurations;
mod engine;
mod fleet;
mod heartbeats;
mod identities;
mod intents;
mod placements;
mod projects;
mod sessions;
mod subscriptions;
mod tenants;
mod throttles;
