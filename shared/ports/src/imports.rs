//! Archives that customers bring along, from their upload to one of our backups.

use crate::Unavailable;
use domain::{
    backup::BackupName,
    id::{ImportId, ProjectId},
};
use std::path::Path;

/// One upload. The project is part of its name: whoever may not have the one finds not the other.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ImportName {
    pub project: ProjectId,
    pub id: ImportId,
}

/// All that may be asked for by who answers customers.
pub trait ImportLinks {
    /// An address to which a customer may put an archive of exactly `bytes`, once or more, for a while. It is
    /// a credential. What is there is deleted after a day.
    fn upload_link(
        &self,
        name: &ImportName,
        bytes: u64,
    ) -> impl Future<Output = Result<String, Unavailable>> + Send;
}

/// What came of fetching an upload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fetched {
    Here,
    Missing,
    /// It has so many bytes, and nothing was fetched.
    TooLarge(u64),
}

pub trait Imports {
    /// Writes the upload into the file at `to`, if it has no more than `max_bytes`.
    async fn fetch(
        &self,
        name: &ImportName,
        max_bytes: u64,
        to: &Path,
    ) -> Result<Fetched, Unavailable>;

    /// Stores the file at `from` as a backup, if its SHA-256 is `sha256`. Repeating it with the same file
    /// changes nothing.
    async fn keep(
        &self,
        backup: &BackupName,
        from: &Path,
        sha256: &[u8; 32],
    ) -> Result<(), Unavailable>;
}
