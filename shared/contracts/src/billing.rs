//! What the intake tells billing.

use serde::{Deserialize, Serialize};

/// A delivery is stored and waits to be applied.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeliveryStored {
    /// The sender's `webhook-id`.
    pub delivery_id: String,
}
