//! What lies in the table `accounts`.

use domain::id::{TenantId, UserId};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize)]
pub(super) struct SignUpItem {
    pub(super) email: String,
    pub(super) password: String,
    pub(super) expires_at_s: i64,
}

#[derive(Serialize, Deserialize)]
pub(super) struct AddressItem {
    pub(super) user: UserId,
    pub(super) password: String,
}

#[derive(Serialize, Deserialize)]
pub(super) struct UserItem {
    pub(super) email: String,
    pub(super) created_at: Timestamp,
}

#[derive(Serialize, Deserialize)]
pub(super) struct SessionItem {
    pub(super) user: UserId,
    pub(super) tenant: TenantId,
    pub(super) expires_at_s: i64,
}

/// The end of the window is the end of the item, so that forgotten counts expire by themselves.
#[derive(Serialize, Deserialize)]
pub(super) struct TriesItem {
    pub(super) tries: u32,
    pub(super) expires_at_s: i64,
}

#[derive(Serialize, Deserialize)]
pub(super) struct CustomerItem {
    pub(super) customer: String,
}
