//! Somebody came to a host whose instance is asleep.

use domain::route::HostName;
use serde::{Deserialize, Serialize};

/// An edge says it once a minute for each host; it may come twice, and late.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wake {
    pub host: HostName,
}
