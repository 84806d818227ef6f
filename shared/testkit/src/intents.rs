//! Intents in memory.

use crate::outage::Outage;
use domain::{id::UserId, plan::PlanId};
use jiff::Timestamp;
use ports::{Unavailable, intents::Intents};
use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
};

#[derive(Debug, Default)]
pub struct FakeIntents {
    recorded: Mutex<BTreeMap<UserId, (PlanId, Timestamp)>>,
    pub outage: Outage,
}

impl Intents for FakeIntents {
    async fn record(
        &self,
        user: &UserId,
        plan: PlanId,
        until: Timestamp,
    ) -> Result<(), Unavailable> {
        self.outage.check("intents")?;
        let mut recorded = self.recorded.lock().unwrap_or_else(PoisonError::into_inner);
        recorded.insert(user.clone(), (plan, until));
        Ok(())
    }

    async fn wanted(&self, now: Timestamp) -> Result<Vec<PlanId>, Unavailable> {
        self.outage.check("intents")?;
        let recorded = self.recorded.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(recorded.values().filter(|(_, until)| *until > now).map(|(plan, _)| *plan).collect())
    }
}
