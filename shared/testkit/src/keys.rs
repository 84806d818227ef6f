//! Customers' own keys in memory.

use crate::outage::Outage;
use domain::id::{KeyId, ProjectId, TenantId};
use ports::{
    Unavailable,
    keys::{ProviderKey, ProviderKeys},
};
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// A clone is the same store: [`crate::configurations::FakeConfigurations`] writes in it too, as in the
/// table.
#[derive(Clone, Debug, Default)]
pub struct FakeProviderKeys {
    stored: Arc<Mutex<BTreeMap<(TenantId, KeyId), ProviderKey>>>,
    pub outage: Arc<Outage>,
}

impl FakeProviderKeys {
    fn lock(&self) -> MutexGuard<'_, BTreeMap<(TenantId, KeyId), ProviderKey>> {
        self.stored.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Has the key know whether `project` uses it. `false` if there is no such key.
    pub fn mark(&self, tenant: &TenantId, id: &KeyId, project: &ProjectId, uses: bool) -> bool {
        let mut stored = self.lock();
        let Some(key) = stored.get_mut(&(tenant.clone(), id.clone())) else { return false };
        key.projects.retain(|it| it != project);
        if uses {
            key.projects.push(project.clone());
            key.projects.sort();
        }
        true
    }

    /// Whether there is such a key.
    pub fn has(&self, tenant: &TenantId, id: &KeyId) -> bool {
        self.lock().contains_key(&(tenant.clone(), id.clone()))
    }
}

impl ProviderKeys for FakeProviderKeys {
    async fn create(&self, key: &ProviderKey) -> Result<bool, Unavailable> {
        self.outage.check("keys")?;
        let mut stored = self.lock();
        let at = (key.tenant.clone(), key.id.clone());
        let new = !stored.contains_key(&at);
        stored.entry(at).or_insert_with(|| key.clone());
        Ok(new)
    }

    async fn find(
        &self,
        tenant: &TenantId,
        id: &KeyId,
    ) -> Result<Option<ProviderKey>, Unavailable> {
        self.outage.check("keys")?;
        Ok(self.lock().get(&(tenant.clone(), id.clone())).cloned())
    }

    async fn list(&self, tenant: &TenantId) -> Result<Vec<ProviderKey>, Unavailable> {
        self.outage.check("keys")?;
        let stored = self.lock();
        let mut keys: Vec<_> = stored.values().filter(|it| it.tenant == *tenant).cloned().collect();
        keys.sort_by(|a, b| (a.created_at, &a.id).cmp(&(b.created_at, &b.id)));
        Ok(keys)
    }

    async fn replace(
        &self,
        tenant: &TenantId,
        id: &KeyId,
        sealed: &[u8],
        last4: &str,
    ) -> Result<bool, Unavailable> {
        self.outage.check("keys")?;
        let mut stored = self.lock();
        let Some(key) = stored.get_mut(&(tenant.clone(), id.clone())) else { return Ok(false) };
        key.sealed = sealed.to_vec();
        last4.clone_into(&mut key.last4);
        Ok(true)
    }

    async fn delete(&self, tenant: &TenantId, id: &KeyId) -> Result<bool, Unavailable> {
        self.outage.check("keys")?;
        let mut stored = self.lock();
        let at = (tenant.clone(), id.clone());
        if stored.get(&at).is_some_and(|it| !it.projects.is_empty()) {
            return Ok(false);
        }
        stored.remove(&at);
        Ok(true)
    }
}
