//! A store of backups in memory. Who gets an address uploads at once.

use crate::outage::Outage;
use domain::{
    backup::{BackupName, StoredBackup},
    id::ProjectId,
};
use jiff::Timestamp;
use ports::{
    Unavailable,
    backups::{BackupLists, Backups},
};
use std::{
    cell::{Cell, RefCell},
    collections::BTreeMap,
    future::ready,
    sync::{Mutex, PoisonError},
};

/// Of every archive; see [`crate::commands::FakeCommands`].
pub const BYTES: u64 = 4096;

#[derive(Debug, Default)]
pub struct FakeBackups {
    /// Sizes, by project, attempt and number.
    pub stored: RefCell<BTreeMap<(ProjectId, u32, u32), u64>>,
    /// What is uploaded arrives with this size.
    pub arrives_as: Cell<Option<u64>>,
    /// When what is listed was stored, if not in the second that its number is.
    pub stored_at: RefCell<BTreeMap<(ProjectId, u32, u32), Timestamp>>,
    pub outage: Outage,
}

/// What is kept of all projects, for who may only look.
#[derive(Debug, Default)]
pub struct FakeBackupLists {
    kept: Mutex<Vec<StoredBackup>>,
    pub outage: Outage,
}

impl FakeBackupLists {
    pub fn keep(&self, backup: StoredBackup) {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner).push(backup);
    }
}

impl BackupLists for FakeBackupLists {
    async fn list(&self, project: &ProjectId) -> Result<Vec<StoredBackup>, Unavailable> {
        self.outage.check("backups")?;
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(kept.iter().filter(|it| it.name.project == *project).cloned().collect())
    }
}

impl FakeBackups {
    fn listed(&self, project: &ProjectId) -> Result<Vec<StoredBackup>, Unavailable> {
        self.outage.check("backups")?;
        let (stored, times) = (self.stored.borrow(), self.stored_at.borrow());
        let ours = stored.iter().filter(|((of, _, _), _)| of == project);
        let listed = ours.map(|(key, bytes)| {
            let (project, attempt, number) = key.clone();
            let second = Timestamp::from_second(number.into()).unwrap_or_default();
            let stored_at = times.get(key).copied().unwrap_or(second);
            let name = BackupName { project, attempt, number };
            StoredBackup { name, bytes: *bytes, stored_at }
        });
        Ok(listed.collect())
    }
}

impl BackupLists for FakeBackups {
    fn list(
        &self,
        project: &ProjectId,
    ) -> impl Future<Output = Result<Vec<StoredBackup>, Unavailable>> + Send {
        ready(self.listed(project))
    }
}

impl Backups for FakeBackups {
    async fn upload_link(&self, name: &BackupName) -> Result<String, Unavailable> {
        self.outage.check("backups")?;
        let arrives = self.arrives_as.get().unwrap_or(BYTES);
        self.stored.borrow_mut().insert(key(name), arrives);
        Ok(format!("https://backups.test/{}?put", path(name)))
    }

    async fn download_link(&self, name: &BackupName) -> Result<String, Unavailable> {
        self.outage.check("backups")?;
        Ok(format!("https://backups.test/{}?get", path(name)))
    }

    async fn stored_bytes(&self, name: &BackupName) -> Result<Option<u64>, Unavailable> {
        self.outage.check("backups")?;
        Ok(self.stored.borrow().get(&key(name)).copied())
    }

    async fn delete(&self, name: &BackupName) -> Result<(), Unavailable> {
        self.outage.check("backups")?;
        self.stored.borrow_mut().remove(&key(name));
        Ok(())
    }

    async fn erase(&self, project: &ProjectId) -> Result<(), Unavailable> {
        self.outage.check("backups")?;
        self.stored.borrow_mut().retain(|(of, _, _), _| of != project);
        Ok(())
    }
}

fn key(name: &BackupName) -> (ProjectId, u32, u32) {
    (name.project.clone(), name.attempt, name.number)
}

fn path(name: &BackupName) -> String {
    format!("{}/{}-{}", name.project, name.attempt, name.number)
}
