//! What lies in the table `accounts`.

use domain::id::UserId;
use jiff::Timestamp;
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
    /// The linked Google account's name for its owner.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) google_subject: Option<String>,
    pub(super) created_at: Timestamp,
}

#[derive(Serialize, Deserialize)]
pub(super) struct CustomerItem {
    pub(super) customer: String,
}
