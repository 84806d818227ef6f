//! What the API tells the warm pool.

use serde::{Deserialize, Serialize};

/// Something may have changed: look. What has changed is read from where it is recorded.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Poke {}
