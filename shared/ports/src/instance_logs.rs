//! What instances have printed, on its way from a worker to whoever asked.

use crate::Unavailable;
use domain::id::{LogsId, ProjectId};

/// One reading. The project is part of its name: whoever may not have the one finds not the other.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct LogsName {
    pub project: ProjectId,
    pub id: LogsId,
}

pub trait InstanceLogs {
    /// An address to which a worker may put the text called `name`, once or more, for a while. It is a
    /// credential. What is there is deleted after a day.
    fn upload_link(
        &self,
        name: &LogsName,
    ) -> impl Future<Output = Result<String, Unavailable>> + Send;

    /// The text, if it is there still. What is no text in it is replaced.
    fn read(
        &self,
        name: &LogsName,
    ) -> impl Future<Output = Result<Option<String>, Unavailable>> + Send;
}
