//! # API
//!
//! What customers, and the site that they use, can ask for.
//!
//! | | |
//! |---|---|
//! | Called by | API Gateway, `ANY /api/{proxy+}`; of that, `/api/edge/` by the edge alone |
//! | Reads, writes | accounts, sessions, counts of tries, tenants; projects, their configurations and customers' own keys; subscriptions (read); chat tickets; intents; the mail queue; the warm pool's queue; billing's queue; backups (their list); executions of provisioning, of halting, of restarting, of deleting, of configuring and of reading logs, and what these brought; the payment provider; Google; the providers of models |
//! | Idempotency key | projects: the header `Idempotency-Key`; keys: the same; retries and starts: the attempt; stops and restores: the halt's number; restarts: the moment; configurations: their version; checkouts: the project; changes of a plan: a turn, and what the subscription is on; sign-ups need none, each is another letter |
//! | Undo | none; whatever a lost answer leaves behind is found again by the repeat, or expires |
//! | Fails as | problem documents (RFC 9457); 503 with `Retry-After` when something behind it is away |
//!
//! Everybody is somebody: each request carries a token, the token names a session, and the session
//! is read from the table every time, so that a revoked one ends at once. The one cookie prolongs a
//! session and does nothing else; what other sites' pages send is refused by its origin. The site is
//! of the same origin, so there is no CORS.

mod access_key;
mod access_token;
mod account;
mod backup;
mod caller;
mod cancellation;
mod chat;
mod checkout;
mod configure;
mod cookie;
mod deletion;
mod device;
mod edge;
mod front_door;
mod google;
mod health;
mod import;
mod input;
mod intent;
mod invitation;
mod jwt;
mod key;
mod life;
mod logs;
mod me;
mod member;
mod model;
mod new_password;
mod openapi;
mod origin;
mod password;
mod payment;
mod plan_change;
mod plans;
mod portal;
mod project;
mod random;
mod refresh;
mod refusal;
mod router;
mod session;
mod sessions;
mod sign_in;
mod sleep;
mod steps;
mod subscription;
mod telegram;
mod tenant;
mod throttle;
mod turn;
mod usage;
mod view;
mod world;

pub use edge::{EdgeKey, WeakEdgeKey};
pub use front_door::{FrontDoor, WeakSecret};
pub use jwt::{KeyError, Keys};
pub use openapi::document;
pub use router::router;
pub use world::{Api, Settings, World};
