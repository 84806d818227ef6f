//! Configuration bundles on their way to a worker.

use crate::Unavailable;
use domain::id::ProjectId;

pub trait Bundles {
    /// Stores `configuration` (the whole `openclaw.json`, secrets included) and returns a link by
    /// which it can be fetched for a few minutes. A repeat replaces it.
    async fn publish(
        &self,
        project: &ProjectId,
        attempt: u32,
        configuration: &str,
    ) -> Result<String, Unavailable>;

    /// Removes it. Removing what is not there succeeds.
    async fn withdraw(&self, project: &ProjectId, attempt: u32) -> Result<(), Unavailable>;
}
