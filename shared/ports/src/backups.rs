//! Archives of instances, kept where no worker can lose them.

use crate::Unavailable;
use domain::{
    backup::{BackupName, StoredBackup},
    id::ProjectId,
};

/// What is kept: all that may be asked for by who answers customers.
pub trait BackupLists {
    /// Every archive of `project` that can be fetched, in no order.
    fn list(
        &self,
        project: &ProjectId,
    ) -> impl Future<Output = Result<Vec<StoredBackup>, Unavailable>> + Send;
}

pub trait Backups: BackupLists {
    /// An address to which a worker may put the archive called `name`, once or more, for a while.
    /// It is a credential.
    async fn upload_link(&self, name: &BackupName) -> Result<String, Unavailable>;

    /// An address from which a worker may fetch it, for a while. It is a credential.
    async fn download_link(&self, name: &BackupName) -> Result<String, Unavailable>;

    /// The archive's size, if it is stored.
    async fn stored_bytes(&self, name: &BackupName) -> Result<Option<u64>, Unavailable>;

    /// From now on the archive cannot be fetched. Deleting what is not there succeeds.
    async fn delete(&self, name: &BackupName) -> Result<(), Unavailable>;

    /// Deletes everything that is kept of `project`, older versions too. Deleting what is not there
    /// succeeds.
    async fn erase(&self, project: &ProjectId) -> Result<(), Unavailable>;
}
