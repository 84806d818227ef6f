//! The stores against a DynamoDB and an S3 that run: only an engine can say what a conditional write does,
//! and what a link opens.

mod access_tokens;
mod accounts;
mod audit;
mod backups;
mod cases;
mod chat_tickets;
mod configurations;
mod deletions;
mod engine;
mod erasure;
mod fleet;
mod heartbeats;
mod identities;
mod intents;
mod placements;
mod prices;
mod projects;
mod sessions;
mod subscriptions;
mod tenants;
mod throttles;
mod usage;
