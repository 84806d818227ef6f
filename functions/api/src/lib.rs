//! # API
//!
//! What customers, and the site that they use, can ask for.
//!
//! | | |
//! |---|---|
//! | Called by | API Gateway, `ANY /api/{proxy+}` |
//! | Reads, writes | accounts; projects, their configurations and customers' own keys; intents; the mail queue; the warm pool's queue; executions of provisioning and of configuring; the payment provider; providers of models, when a key is to be checked |
//! | Idempotency key | projects: the header `Idempotency-Key`; keys: the same; retries: the attempt; configurations: their version; checkouts: the project; sign-ups need none, each is another letter |
//! | Undo | none; whatever a lost answer leaves behind is found again by the repeat, or expires |
//! | Fails as | problem documents (RFC 9457); 503 with `Retry-After` when something behind it is away |
//!
//! Everybody is somebody: each request carries a token, the token names a session, and the session
//! is read from the table every time, so that a revoked one ends at once. There are no cookies, so
//! there is nothing to forge across sites; the site is of the same origin, so there is no CORS.

mod account;
mod checkout;
mod configure;
mod health;
mod input;
mod intent;
mod key;
mod model;
mod openapi;
mod password;
mod plans;
mod project;
mod random;
mod refusal;
mod router;
mod session;
mod steps;
mod telegram;
mod view;
mod world;

pub use openapi::document;
pub use plans::PriceBoard;
pub use router::router;
pub use session::{KeyError, Keys};
pub use world::{Api, Settings, World};
