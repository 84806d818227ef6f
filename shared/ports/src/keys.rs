//! Customers' own keys to providers of models.

use crate::Unavailable;
use domain::{
    id::{KeyId, ProjectId, TenantId, UserId},
    model::ModelProvider,
};
use jiff::Timestamp;

/// A key that somebody keeps with us, within one tenant. What is in the clear of it is its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProviderKey {
    pub id: KeyId,
    pub tenant: TenantId,
    pub user: UserId,
    pub provider: ModelProvider,
    /// Its owner's name for it.
    pub label: String,
    pub last4: String,
    /// The key, encrypted for its tenant. See [`crate::vault::Vault`].
    pub sealed: Vec<u8>,
    pub created_at: Timestamp,
    /// Whose configurations name it. Kept by [`crate::configurations::Configurations`].
    pub projects: Vec<ProjectId>,
}

/// Keys are found within their tenant only: nobody comes to another one's by its id.
pub trait ProviderKeys {
    /// Stores a new key. `false` if there is one of this id, which stays as it is.
    fn create(&self, key: &ProviderKey) -> impl Future<Output = Result<bool, Unavailable>> + Send;

    /// Strongly consistent.
    fn find(
        &self,
        tenant: &TenantId,
        id: &KeyId,
    ) -> impl Future<Output = Result<Option<ProviderKey>, Unavailable>> + Send;

    /// All keys of `tenant`, whoever's, oldest first.
    fn list(
        &self,
        tenant: &TenantId,
    ) -> impl Future<Output = Result<Vec<ProviderKey>, Unavailable>> + Send;

    /// Puts another secret in its place. `false` if there is no such key. A repeat changes nothing.
    fn replace(
        &self,
        tenant: &TenantId,
        id: &KeyId,
        sealed: &[u8],
        last4: &str,
    ) -> impl Future<Output = Result<bool, Unavailable>> + Send;

    /// Deletes it, unless a project's configuration names it: then `false`, and it stays. What is
    /// not there is deleted.
    fn delete(
        &self,
        tenant: &TenantId,
        id: &KeyId,
    ) -> impl Future<Output = Result<bool, Unavailable>> + Send;
}
