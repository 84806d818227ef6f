//! Prices in memory.

use crate::outage::Outage;
use domain::plan::PlanId;
use ports::{
    Unavailable,
    prices::{Listed, Prices},
};
use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

#[derive(Debug, Default)]
pub struct FakePrices {
    kept: Mutex<BTreeMap<PlanId, Listed>>,
    pub outage: Outage,
}

impl FakePrices {
    /// Keeps `listed` whatever is there.
    pub fn put(&self, listed: Listed) {
        self.lock().insert(listed.plan, listed);
    }

    /// What is kept of `plan`, to be looked at: no outage hides it.
    pub fn of(&self, plan: PlanId) -> Option<Listed> {
        self.lock().get(&plan).cloned()
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<PlanId, Listed>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Prices for FakePrices {
    async fn list(&self) -> Result<Vec<Listed>, Unavailable> {
        self.outage.check("prices")?;
        Ok(self.lock().values().cloned().collect())
    }

    async fn record(&self, listed: &Listed) -> Result<(), Unavailable> {
        self.outage.check("prices")?;
        let mut kept = self.lock();
        if kept.get(&listed.plan).is_none_or(|it| it.as_of <= listed.as_of) {
            kept.insert(listed.plan, listed.clone());
        }
        Ok(())
    }
}
