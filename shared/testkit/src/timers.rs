//! Timers that are set and never go off by themselves.

use crate::outage::Outage;
use jiff::Timestamp;
use ports::{Unavailable, timers::Timers};
use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
};

#[derive(Debug)]
pub struct FakeTimers<M> {
    set: Mutex<BTreeMap<String, (Timestamp, M)>>,
    pub outage: Outage,
}

impl<M> Default for FakeTimers<M> {
    fn default() -> Self {
        Self { set: Mutex::default(), outage: Outage::default() }
    }
}

impl<M: Clone> FakeTimers<M> {
    /// Those that are set, by their names.
    pub fn set_now(&self) -> BTreeMap<String, (Timestamp, M)> {
        self.set.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl<M: Clone> Timers<M> for FakeTimers<M> {
    async fn set(&self, name: &str, at: Timestamp, message: &M) -> Result<(), Unavailable> {
        self.outage.check("timers")?;
        let mut set = self.set.lock().unwrap_or_else(PoisonError::into_inner);
        set.insert(name.to_owned(), (at, message.clone()));
        Ok(())
    }

    async fn clear(&self, name: &str) -> Result<(), Unavailable> {
        self.outage.check("timers")?;
        self.set.lock().unwrap_or_else(PoisonError::into_inner).remove(name);
        Ok(())
    }
}
