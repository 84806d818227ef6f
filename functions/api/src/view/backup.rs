//! Backups, as clients see them.

use domain::backup::StoredBackup;
use serde::Serialize;
use utoipa::ToSchema;

#[derive(Serialize, ToSchema)]
pub(crate) struct BackupView {
    id: String,
    #[schema(format = "date-time")]
    taken_at: String,
    /// Compressed.
    bytes: u64,
}

impl BackupView {
    pub(crate) fn of(id: String, backup: &StoredBackup) -> Self {
        Self { id, taken_at: backup.stored_at.to_string(), bytes: backup.bytes }
    }
}

#[derive(ToSchema)]
#[expect(dead_code, reason = "describes what `input` reads field by field")]
pub(crate) struct RestoreBody {
    /// Of the list of backups.
    backup_id: Option<String>,
    /// Instead: the newest backup that was there by then.
    #[schema(format = "date-time")]
    time: Option<String>,
}

/// What proves that whoever deletes knows what.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes what `input` reads field by field")]
pub(crate) struct DeletionBody {
    /// The project's.
    name: String,
}
