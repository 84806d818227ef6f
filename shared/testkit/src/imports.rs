//! A store of what customers bring along, in memory.

use crate::outage::Outage;
use domain::{backup::BackupName, id::ProjectId};
use ports::{
    Unavailable,
    imports::{Fetched, ImportLinks, ImportName, Imports},
};
use std::{
    collections::BTreeMap,
    fs,
    path::Path,
    sync::{Mutex, MutexGuard, PoisonError},
};

#[derive(Debug, Default)]
pub struct FakeImports {
    uploads: Mutex<BTreeMap<ImportName, Vec<u8>>>,
    kept: Mutex<BTreeMap<(ProjectId, u32, u32), Vec<u8>>>,
    pub outage: Outage,
}

impl FakeImports {
    /// A customer has uploaded `archive`.
    pub fn put(&self, name: ImportName, archive: Vec<u8>) {
        locked(&self.uploads).insert(name, archive);
    }

    /// Every backup that was made, by project, attempt and number.
    pub fn kept(&self) -> BTreeMap<(ProjectId, u32, u32), Vec<u8>> {
        locked(&self.kept).clone()
    }
}

fn locked<T>(it: &Mutex<T>) -> MutexGuard<'_, T> {
    it.lock().unwrap_or_else(PoisonError::into_inner)
}

impl ImportLinks for FakeImports {
    async fn upload_link(&self, name: &ImportName, bytes: u64) -> Result<String, Unavailable> {
        self.outage.check("imports")?;
        Ok(format!("https://imports.test/{}/{}?put={bytes}", name.project, name.id))
    }
}

impl Imports for FakeImports {
    async fn fetch(
        &self,
        name: &ImportName,
        max_bytes: u64,
        to: &Path,
    ) -> Result<Fetched, Unavailable> {
        self.outage.check("imports")?;
        let Some(archive) = locked(&self.uploads).get(name).cloned() else {
            return Ok(Fetched::Missing);
        };
        if archive.len() as u64 > max_bytes {
            return Ok(Fetched::TooLarge(archive.len() as u64));
        }
        fs::write(to, archive).expect("a test may write");
        Ok(Fetched::Here)
    }

    async fn keep(
        &self,
        backup: &BackupName,
        from: &Path,
        _: &[u8; 32],
    ) -> Result<(), Unavailable> {
        self.outage.check("imports")?;
        let key = (backup.project.clone(), backup.attempt, backup.number);
        locked(&self.kept).insert(key, fs::read(from).expect("a test may read"));
        Ok(())
    }
}
