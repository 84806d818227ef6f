//! # Model meter
//!
//! Stands between instances and the providers of language models: opens the key that no container has, passes
//! the answer on as it comes, and counts what the call took.
//!
//! | | |
//! |---|---|
//! | Called by | instances, at the function's own address: `POST /{project}/{provider}/…`, with the project's model key |
//! | Reads | the project, its sealed secrets, its configuration, its tenant's keys to providers; its owner's cap |
//! | Writes | the project's account of the month, the call, the totals of the day |
//! | Idempotency key | the id of the invocation: a call is held once and counted once |
//! | Undo | none: a hold is settled or released when the call ends, and expires if the function was killed |
//! | Fails as | an answer in the shape of the provider's own errors. 429 with `Retry-After` for every limit, never 402: an OpenClaw that sees a 402 locks the provider out for ten minutes |
//!
//! The address names the project, so that one lookup finds whose key it has to be; by itself it opens
//! nothing. The key is sealed, not only hashed, because `docker-run` writes it into each `openclaw.json`
//! anew. It works while the project's instance is on, and ends with the project's secrets.
//!
//! Locally the engine hands answers over whole: the same function, and the same bytes, only later.

mod admit;
mod call;
mod dialect;
mod handler;
mod pass_on;
mod refusal;
mod spend;
mod stream;
mod world;

pub use handler::handle;
pub use world::{PATIENCE, Ports, Settings, World};
