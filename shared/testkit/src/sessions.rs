//! Sessions in memory.

use crate::outage::Outage;
use domain::id::{SessionId, TenantId, UserId};
use ports::{
    Unavailable,
    sessions::{Refresh, Rotation, Session, Sessions},
};
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// By user and id, as in the table.
pub(crate) type Stored = BTreeMap<(UserId, SessionId), Session>;

#[derive(Debug, Default)]
pub struct FakeSessions {
    pub(crate) stored: Arc<Mutex<Stored>>,
    pub outage: Outage,
    /// Answers that get lost on their way back: the change was made, and nobody hears of it.
    pub lost_answers: Outage,
}

impl FakeSessions {
    fn reach(&self) -> Result<MutexGuard<'_, Stored>, Unavailable> {
        self.outage.check("sessions")?;
        Ok(self.stored.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

fn key(user: &UserId, id: &SessionId) -> (UserId, SessionId) {
    (user.clone(), id.clone())
}

impl Sessions for FakeSessions {
    async fn record(&self, session: &Session) -> Result<(), Unavailable> {
        self.reach()?.insert(key(&session.user, &session.id), session.clone());
        self.lost_answers.check("sessions")
    }

    async fn find(&self, user: &UserId, id: &SessionId) -> Result<Option<Session>, Unavailable> {
        Ok(self.reach()?.get(&key(user, id)).cloned())
    }

    async fn list(&self, user: &UserId) -> Result<Vec<Session>, Unavailable> {
        Ok(self.reach()?.values().filter(|it| it.user == *user).cloned().collect())
    }

    async fn rotate(
        &self,
        user: &UserId,
        id: &SessionId,
        rotation: &Rotation,
    ) -> Result<bool, Unavailable> {
        let mut stored = self.reach()?;
        let session =
            stored.get_mut(&key(user, id)).filter(|it| it.refresh.current == rotation.from);
        let Some(session) = session else {
            return Ok(false);
        };
        session.refresh = Refresh {
            current: rotation.to.clone(),
            previous: Some(rotation.from.clone()),
            rotated_at: rotation.at,
        };
        session.tenant = rotation.tenant.clone();
        session.last_used_at = rotation.at;
        session.expires_at = rotation.expires_at;
        self.lost_answers.check("sessions")?;
        Ok(true)
    }

    async fn switch_tenant(
        &self,
        user: &UserId,
        id: &SessionId,
        tenant: &TenantId,
    ) -> Result<bool, Unavailable> {
        let mut stored = self.reach()?;
        let session = stored.get_mut(&key(user, id));
        Ok(session.map(|it| it.tenant = tenant.clone()).is_some())
    }

    async fn revoke(&self, user: &UserId, id: &SessionId) -> Result<(), Unavailable> {
        self.reach()?.remove(&key(user, id));
        self.lost_answers.check("sessions")
    }
}
