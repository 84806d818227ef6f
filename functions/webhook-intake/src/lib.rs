//! # Webhook intake
//!
//! Takes what Dodo Payments sends: verifies, stores once, answers. Everything else happens behind
//! the queue.
//!
//! | | |
//! |---|---|
//! | Called by | API Gateway, `POST /webhooks/dodo` |
//! | Reads | nothing |
//! | Writes | the delivery, then a message in queue `billing` |
//! | Idempotency key | the `webhook-id` header: the same in all attempts of a delivery |
//! | Undo | none |
//! | Fails as | 4xx for what must not be sent again unchanged, 5xx for what should: intake refuses, it does not retry |

mod body;
mod handler;
mod secret;
mod signature;

pub use body::as_signed;
pub use handler::{MAX_BODY_BYTES, handle};
pub use secret::{Secrets, WeakSecret};
