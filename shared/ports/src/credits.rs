//! What customers might be credited, because something took longer than promised. A person decides.

use crate::Unavailable;
use domain::id::{ProjectId, TenantId};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// One provisioning that took too long.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Credit {
    pub project_id: ProjectId,
    pub tenant_id: TenantId,
    pub attempt: u32,
    pub subscription_id: String,
    pub paid_at: Timestamp,
    /// From the payment to the running instance.
    pub took_s: i64,
    /// As it was meant to be at that time.
    pub target_s: i64,
}

pub trait Credits {
    /// Keeps `credit`, once a project and attempt. `false` if it was known.
    async fn record(&self, credit: &Credit) -> Result<bool, Unavailable>;

    /// All of them, by project.
    async fn list(&self) -> Result<Vec<Credit>, Unavailable>;
}
