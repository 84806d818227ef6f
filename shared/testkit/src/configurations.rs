//! Configurations in memory.

use crate::{keys::FakeProviderKeys, outage::Outage};
use domain::{
    configuration::{Configuration, Failure},
    id::ProjectId,
    telegram::BotId,
};
use jiff::Timestamp;
use ports::{
    Unavailable,
    configurations::{Configurations, ReplaceError},
};
use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

/// Shares its keys with whoever keeps them, as the tables do.
#[derive(Debug, Default)]
pub struct FakeConfigurations {
    stored: Mutex<Stored>,
    pub keys: FakeProviderKeys,
    pub outage: Outage,
}

#[derive(Debug, Default)]
struct Stored {
    configurations: BTreeMap<ProjectId, Configuration>,
    bots: BTreeMap<BotId, ProjectId>,
}

impl FakeConfigurations {
    pub fn with_keys(keys: FakeProviderKeys) -> Self {
        Self { keys, ..Self::default() }
    }

    /// As if its owner had set all of it at once, whatever there was.
    pub fn put(&self, configuration: Configuration) {
        self.lock().configurations.insert(configuration.project_id.clone(), configuration);
    }

    /// Of a project that somebody has configured.
    pub fn of(&self, project: &ProjectId) -> Configuration {
        self.lock().configurations.get(project).cloned().expect("somebody has configured it")
    }

    pub(crate) fn forget(&self, project: &ProjectId) {
        self.lock().configurations.remove(project);
    }

    /// The project that `bot` speaks for.
    pub fn owner_of(&self, bot: &BotId) -> Option<ProjectId> {
        self.lock().bots.get(bot).cloned()
    }

    fn lock(&self) -> MutexGuard<'_, Stored> {
        self.stored.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn note(&self, project: &ProjectId, note: impl FnOnce(&mut Configuration)) {
        if let Some(configuration) = self.lock().configurations.get_mut(project) {
            note(configuration);
        }
    }
}

impl Configurations for FakeConfigurations {
    async fn find(&self, project: &ProjectId) -> Result<Option<Configuration>, Unavailable> {
        self.outage.check("configurations")?;
        Ok(self.lock().configurations.get(project).cloned())
    }

    async fn replace(
        &self,
        before: &Configuration,
        after: &Configuration,
    ) -> Result<(), ReplaceError> {
        self.outage.check("configurations")?;
        let (project, tenant) = (&after.project_id, &after.tenant_id);
        let mut stored = self.lock();
        if stored.configurations.get(project).map_or(0, |it| it.version) != before.version {
            return Err(ReplaceError::LostRace);
        }
        let (used, needed) = (before.keys(), after.keys());
        if needed.difference(&used).any(|key| !self.keys.has(tenant, key)) {
            return Err(ReplaceError::KeyGone);
        }
        let taken = after.bot().and_then(|it| stored.bots.get(it)).is_some_and(|it| it != project);
        if taken {
            return Err(ReplaceError::BotTaken);
        }
        stored.bots.retain(|_, it| it != project);
        stored.bots.extend(after.bot().map(|it| (it.clone(), project.clone())));
        for key in used.difference(&needed) {
            self.keys.mark(tenant, key, project, false);
        }
        for key in &needed {
            self.keys.mark(tenant, key, project, true);
        }
        let last = stored.configurations.get(project).unwrap_or(before);
        let (applied_version, applied_at) = (last.applied_version, last.applied_at);
        let failed = last.failed.clone();
        let next = Configuration { applied_version, applied_at, failed, ..after.clone() };
        stored.configurations.insert(project.clone(), next);
        Ok(())
    }

    async fn record_applied(
        &self,
        project: &ProjectId,
        version: u32,
        at: Timestamp,
    ) -> Result<(), Unavailable> {
        self.outage.check("configurations")?;
        self.note(project, |it| {
            if it.applied_version < version {
                (it.applied_version, it.applied_at) = (version, Some(at));
            }
        });
        Ok(())
    }

    async fn record_failed(
        &self,
        project: &ProjectId,
        failure: &Failure,
    ) -> Result<(), Unavailable> {
        self.outage.check("configurations")?;
        self.note(project, |it| {
            if it.failed.as_ref().is_none_or(|last| last.version <= failure.version) {
                it.failed = Some(failure.clone());
            }
        });
        Ok(())
    }
}
