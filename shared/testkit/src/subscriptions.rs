//! Records of subscriptions in memory.

use crate::outage::Outage;
use domain::{id::ProjectId, subscription::Record};
use ports::{
    Unavailable,
    subscriptions::{RecordError, Subscriptions},
};
use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

#[derive(Debug, Default)]
pub struct FakeSubscriptions {
    stored: Mutex<Stored>,
    pub outage: Outage,
}

#[derive(Debug, Default)]
struct Stored {
    records: BTreeMap<String, Record>,
    payments: BTreeMap<String, String>,
}

impl FakeSubscriptions {
    /// Keeps `record` whatever is there.
    pub fn put(&self, record: Record) {
        self.lock().records.insert(record.seen.id.clone(), record);
    }

    fn lock(&self) -> MutexGuard<'_, Stored> {
        self.stored.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Subscriptions for FakeSubscriptions {
    async fn find(&self, id: &str) -> Result<Option<Record>, Unavailable> {
        self.outage.check("subscriptions")?;
        Ok(self.lock().records.get(id).cloned())
    }

    async fn of_project(&self, project: &ProjectId) -> Result<Vec<Record>, Unavailable> {
        self.outage.check("subscriptions")?;
        let stored = self.lock();
        let theirs = stored.records.values().filter(|it| it.project.as_ref() == Some(project));
        Ok(theirs.cloned().collect())
    }

    async fn record(&self, record: &Record) -> Result<Record, RecordError> {
        self.outage.check("subscriptions")?;
        let mut stored = self.lock();
        let version = stored.records.get(&record.seen.id).map_or(0, |it| it.version);
        if version != record.version {
            return Err(RecordError::LostRace);
        }
        let kept = Record { version: version + 1, ..record.clone() };
        stored.records.insert(kept.seen.id.clone(), kept.clone());
        Ok(kept)
    }

    async fn find_by_payment(&self, payment: &str) -> Result<Option<String>, Unavailable> {
        self.outage.check("subscriptions")?;
        Ok(self.lock().payments.get(payment).cloned())
    }

    async fn link_payment(&self, payment: &str, subscription: &str) -> Result<(), Unavailable> {
        self.outage.check("subscriptions")?;
        self.lock().payments.insert(payment.to_owned(), subscription.to_owned());
        Ok(())
    }
}
