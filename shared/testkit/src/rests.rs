//! What is remembered of sleeps, in memory.

use crate::outage::Outage;
use domain::{id::ProjectId, sleep::Rest};
use ports::{
    Unavailable,
    rests::{KeepError, Rests},
};
use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

#[derive(Debug, Default)]
pub struct FakeRests {
    stored: Mutex<BTreeMap<ProjectId, Rest>>,
    pub outage: Outage,
}

impl FakeRests {
    /// What is kept of `project`.
    pub fn of(&self, project: &ProjectId) -> Option<Rest> {
        self.lock().get(project).cloned()
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<ProjectId, Rest>> {
        self.stored.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Rests for FakeRests {
    async fn all(&self) -> Result<Vec<Rest>, Unavailable> {
        self.outage.check("rests")?;
        Ok(self.lock().values().cloned().collect())
    }

    async fn find(&self, project: &ProjectId) -> Result<Option<Rest>, Unavailable> {
        self.outage.check("rests")?;
        Ok(self.of(project))
    }

    async fn keep(&self, rest: &Rest) -> Result<Rest, KeepError> {
        self.outage.check("rests")?;
        let mut stored = self.lock();
        let version = stored.get(&rest.project).map_or(0, |it| it.version);
        if version != rest.version {
            return Err(KeepError::LostRace);
        }
        let kept = rest.clone().at_version(version + 1);
        stored.insert(kept.project.clone(), kept.clone());
        Ok(kept)
    }

    async fn forget(&self, rest: &Rest) -> Result<(), KeepError> {
        self.outage.check("rests")?;
        let mut stored = self.lock();
        match stored.get(&rest.project).map(|it| it.version) {
            Some(version) if version != rest.version => Err(KeepError::LostRace),
            _ => {
                stored.remove(&rest.project);
                Ok(())
            }
        }
    }
}
