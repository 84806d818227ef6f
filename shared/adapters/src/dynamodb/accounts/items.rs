//! What lies in the table `accounts`.

use domain::id::{TenantId, UserId};
use jiff::Timestamp;
use ports::identity_provider::Identity;
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize)]
pub(super) struct SignUpItem {
    pub(super) email: String,
    pub(super) password: String,
    pub(super) expires_at_s: i64,
}

#[derive(Serialize, Deserialize)]
pub(super) struct ResetItem {
    pub(super) email: String,
    pub(super) generation: u64,
    pub(super) expires_at_s: i64,
}

#[derive(Serialize, Deserialize)]
pub(super) struct AddressItem {
    pub(super) user: UserId,
}

#[derive(Serialize, Deserialize)]
pub(super) struct UserItem {
    pub(super) email: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) password: Option<String>,
    /// Beside the password, so that both are read and written at once.
    #[serde(default)]
    pub(super) generation: u64,
    /// Who the user is at Google, if that is linked: both or neither.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) google_issuer: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) google_subject: Option<String>,
    pub(super) created_at: Timestamp,
}

impl UserItem {
    pub(super) fn identity(self) -> Option<Identity> {
        Some(Identity { issuer: self.google_issuer?, subject: self.google_subject? })
    }
}

/// The way from an identity to its user.
#[derive(Serialize, Deserialize)]
pub(super) struct IdentityItem {
    pub(super) user: UserId,
    pub(super) linked_at: Timestamp,
}

#[derive(Serialize, Deserialize)]
pub(super) struct PendingItem {
    pub(super) nonce: String,
    pub(super) verifier: String,
    pub(super) return_to: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) link_user: Option<UserId>,
    pub(super) expires_at_s: i64,
}

#[derive(Serialize, Deserialize)]
pub(super) struct CustomerItem {
    pub(super) customer: String,
}

#[derive(Serialize, Deserialize)]
pub(super) struct CustomersTenantItem {
    pub(super) tenant: TenantId,
}
