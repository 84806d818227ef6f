//! Access tokens in memory.

use crate::outage::Outage;
use domain::id::{AccessTokenId, TenantId, UserId};
use jiff::Timestamp;
use ports::{
    Unavailable,
    access_tokens::{AccessToken, AccessTokens},
};
use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

#[derive(Debug, Default)]
pub struct FakeAccessTokens {
    stored: Mutex<BTreeMap<(UserId, AccessTokenId), AccessToken>>,
    /// How often a use was written.
    uses: Mutex<u32>,
    pub outage: Outage,
    /// Of writes that were made, and whose answers get lost on the way.
    pub lost_answers: Outage,
}

impl FakeAccessTokens {
    /// Every token there is.
    pub fn tokens(&self) -> Vec<AccessToken> {
        self.lock().values().cloned().collect()
    }

    /// How often a use was written.
    pub fn recorded_uses(&self) -> u32 {
        *self.uses.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<(UserId, AccessTokenId), AccessToken>> {
        self.stored.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl AccessTokens for FakeAccessTokens {
    async fn record(&self, token: &AccessToken) -> Result<(), Unavailable> {
        self.outage.check("access tokens")?;
        let key = (token.user.clone(), token.id.clone());
        self.lock().entry(key).or_insert_with(|| token.clone());
        self.lost_answers.check("access tokens")
    }

    async fn find(
        &self,
        user: &UserId,
        id: &AccessTokenId,
    ) -> Result<Option<AccessToken>, Unavailable> {
        self.outage.check("access tokens")?;
        Ok(self.lock().get(&(user.clone(), id.clone())).cloned())
    }

    async fn list(
        &self,
        tenant: &TenantId,
        user: &UserId,
    ) -> Result<Vec<AccessToken>, Unavailable> {
        self.outage.check("access tokens")?;
        let here = |it: &&AccessToken| it.user == *user && it.tenant == *tenant;
        Ok(self.lock().values().filter(here).cloned().collect())
    }

    async fn revoke(
        &self,
        tenant: &TenantId,
        user: &UserId,
        id: &AccessTokenId,
    ) -> Result<bool, Unavailable> {
        self.outage.check("access tokens")?;
        let key = (user.clone(), id.clone());
        let is_here = self.lock().get(&key).is_some_and(|it| it.tenant == *tenant);
        if is_here {
            self.lock().remove(&key);
        }
        self.lost_answers.check("access tokens")?;
        Ok(is_here)
    }

    async fn record_use(
        &self,
        user: &UserId,
        id: &AccessTokenId,
        at: Timestamp,
    ) -> Result<(), Unavailable> {
        self.outage.check("access tokens")?;
        if let Some(token) = self.lock().get_mut(&(user.clone(), id.clone()))
            && token.is_use_worth_recording(at)
        {
            token.last_used_at = Some(at);
            *self.uses.lock().unwrap_or_else(PoisonError::into_inner) += 1;
        }
        Ok(())
    }
}
