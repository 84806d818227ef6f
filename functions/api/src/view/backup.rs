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
    backup_id: String,
}
