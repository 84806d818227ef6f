//! A store of logs in memory. Who gets an address uploads at once.

use crate::outage::Outage;
use ports::{
    Unavailable,
    instance_logs::{InstanceLogs, LogsName},
};
use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

/// What every instance has printed.
pub const TEXT: &str = "2026-11-21T20:00:00Z the gateway has started\n";

#[derive(Debug, Default)]
pub struct FakeInstanceLogs {
    stored: Mutex<BTreeMap<LogsName, String>>,
    pub outage: Outage,
}

impl FakeInstanceLogs {
    fn stored(&self) -> MutexGuard<'_, BTreeMap<LogsName, String>> {
        self.stored.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn put(&self, name: LogsName, text: &str) {
        self.stored().insert(name, text.to_owned());
    }

    /// All that is there expires.
    pub fn expire(&self) {
        self.stored().clear();
    }

    pub fn names(&self) -> Vec<LogsName> {
        self.stored().keys().cloned().collect()
    }
}

impl InstanceLogs for FakeInstanceLogs {
    async fn upload_link(&self, name: &LogsName) -> Result<String, Unavailable> {
        self.outage.check("logs")?;
        self.put(name.clone(), TEXT);
        Ok(format!("https://logs.test/{}/{}?put", name.project, name.id))
    }

    async fn read(&self, name: &LogsName) -> Result<Option<String>, Unavailable> {
        self.outage.check("logs")?;
        Ok(self.stored().get(name).cloned())
    }
}
