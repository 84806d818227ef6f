//! What is kept beside a project's own record.

use crate::Unavailable;
use domain::id::ProjectId;

pub trait Erasure {
    /// Deletes the project's configuration, its sealed secrets and its checkout. What its configuration
    /// claims has to be given back before. Deleting what is not there succeeds.
    fn forget(&self, project: &ProjectId) -> impl Future<Output = Result<(), Unavailable>> + Send;
}
