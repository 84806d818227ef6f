//! An audit in memory.

use crate::outage::Outage;
use domain::id::ProjectId;
use ports::{
    Unavailable,
    audit::{Audit, Entry},
};
use std::{cell::RefCell, collections::BTreeMap};

#[derive(Debug, Default)]
pub struct FakeAudit {
    pub entries: RefCell<BTreeMap<(u64, ProjectId), Entry>>,
    pub outage: Outage,
}

impl FakeAudit {
    fn key(entry: &Entry) -> (u64, ProjectId) {
        (entry.number, entry.project_id.clone())
    }
}

impl Audit for FakeAudit {
    async fn record(&self, entry: &Entry) -> Result<(), Unavailable> {
        self.outage.check("audit")?;
        let mut entries = self.entries.borrow_mut();
        entries.entry(Self::key(entry)).or_insert_with(|| entry.clone());
        Ok(())
    }

    async fn conclude(&self, entry: &Entry) -> Result<(), Unavailable> {
        self.outage.check("audit")?;
        self.entries.borrow_mut().insert(Self::key(entry), entry.clone());
        Ok(())
    }

    async fn list(&self) -> Result<Vec<Entry>, Unavailable> {
        self.outage.check("audit")?;
        Ok(self.entries.borrow().values().cloned().collect())
    }
}
