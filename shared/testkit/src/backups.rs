//! A store of backups in memory. Who gets an address uploads at once.

use crate::outage::Outage;
use domain::{backup::BackupName, id::ProjectId};
use ports::{Unavailable, backups::Backups};
use std::{
    cell::{Cell, RefCell},
    collections::BTreeMap,
};

/// Of every archive; see [`crate::commands::FakeCommands`].
pub const BYTES: u64 = 4096;

#[derive(Debug, Default)]
pub struct FakeBackups {
    /// Sizes, by project, attempt and number.
    pub stored: RefCell<BTreeMap<(ProjectId, u32, u32), u64>>,
    /// What is uploaded arrives with this size.
    pub arrives_as: Cell<Option<u64>>,
    pub outage: Outage,
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
