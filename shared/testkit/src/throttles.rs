//! Counts in memory.

use crate::outage::Outage;
use jiff::Timestamp;
use ports::{
    Unavailable,
    throttles::{Throttle, Throttles, Tries},
};
use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

#[derive(Debug, Default)]
pub struct FakeThrottles {
    tries: Mutex<BTreeMap<String, Tries>>,
    pub outage: Outage,
}

impl FakeThrottles {
    /// How often each thing was tried.
    pub fn counts(&self) -> BTreeMap<String, u32> {
        let tries = self.tries.lock().unwrap_or_else(PoisonError::into_inner);
        tries.iter().map(|(key, it)| (key.clone(), it.count)).collect()
    }

    fn reach(&self) -> Result<MutexGuard<'_, BTreeMap<String, Tries>>, Unavailable> {
        self.outage.check("throttles")?;
        Ok(self.tries.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Throttles for FakeThrottles {
    async fn count_try(&self, throttle: &Throttle, now: Timestamp) -> Result<Tries, Unavailable> {
        let mut tries = self.reach()?;
        let fresh = Tries { count: 0, until: now + throttle.window };
        let tries = tries.entry(throttle.key.clone()).or_insert(fresh);
        if tries.until <= now {
            *tries = fresh;
        }
        tries.count += 1;
        Ok(*tries)
    }

    async fn forget_tries(&self, throttle: &Throttle) -> Result<(), Unavailable> {
        self.reach()?.remove(&throttle.key);
        Ok(())
    }
}
