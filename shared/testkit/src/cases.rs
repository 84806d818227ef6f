//! Cases in memory.

use crate::outage::Outage;
use domain::{health::Case, id::ProjectId};
use ports::{
    Unavailable,
    cases::{Cases, KeepError},
};
use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

#[derive(Debug, Default)]
pub struct FakeCases {
    stored: Mutex<BTreeMap<ProjectId, Case>>,
    pub outage: Outage,
}

impl FakeCases {
    /// Keeps `case` whatever is there.
    pub fn put(&self, case: Case) {
        self.lock().insert(case.project.clone(), case);
    }

    /// What is kept of `project`.
    pub fn of(&self, project: &ProjectId) -> Option<Case> {
        self.lock().get(project).cloned()
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<ProjectId, Case>> {
        self.stored.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Cases for FakeCases {
    async fn open(&self) -> Result<Vec<Case>, Unavailable> {
        self.outage.check("cases")?;
        Ok(self.lock().values().cloned().collect())
    }

    async fn find(&self, project: &ProjectId) -> Result<Option<Case>, Unavailable> {
        self.outage.check("cases")?;
        Ok(self.of(project))
    }

    async fn keep(&self, case: &Case) -> Result<Case, KeepError> {
        self.outage.check("cases")?;
        let mut stored = self.lock();
        let version = stored.get(&case.project).map_or(0, |it| it.version);
        if version != case.version {
            return Err(KeepError::LostRace);
        }
        let kept = case.clone().at_version(version + 1);
        stored.insert(kept.project.clone(), kept.clone());
        Ok(kept)
    }

    async fn close(&self, case: &Case) -> Result<(), KeepError> {
        self.outage.check("cases")?;
        let mut stored = self.lock();
        match stored.get(&case.project).map(|it| it.version) {
            Some(version) if version != case.version => Err(KeepError::LostRace),
            _ => {
                stored.remove(&case.project);
                Ok(())
            }
        }
    }
}
