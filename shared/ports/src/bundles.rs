//! Configuration bundles on their way to a worker.

use crate::Unavailable;
use domain::worker::Holder;
use jiff::Timestamp;

pub trait Bundles {
    /// Stores `configuration` (the whole `openclaw.json`, secrets included) and returns a link by
    /// which it can be fetched for a few minutes. A repeat replaces it.
    ///
    /// `version` is 0 for what a launch brings, which is one at a time. What comes to an instance that
    /// runs has the version of its configuration: several may be under way, and none may be taken for
    /// another.
    async fn publish(
        &self,
        holder: &Holder,
        attempt: u32,
        version: u32,
        configuration: &str,
    ) -> Result<String, Unavailable>;

    /// Removes it. Removing what is not there succeeds.
    async fn withdraw(
        &self,
        holder: &Holder,
        attempt: u32,
        version: u32,
    ) -> Result<(), Unavailable>;

    /// Every bundle that is stored. Nobody can fetch one that is older than a few minutes: what is
    /// still here then was left over.
    async fn list(&self) -> Result<Vec<Bundle>, Unavailable>;
}

/// A bundle that is stored, by what [`Bundles::withdraw`] wants to know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bundle {
    pub holder: Holder,
    pub attempt: u32,
    pub version: u32,
    pub stored_at: Timestamp,
}
