//! What owners set for their projects, version by version.

use crate::Unavailable;
use domain::{
    configuration::{Configuration, Failure},
    id::ProjectId,
};
use jiff::Timestamp;

pub trait Configurations {
    /// Strongly consistent. `None` for a project that nobody has configured.
    fn find(
        &self,
        project: &ProjectId,
    ) -> impl Future<Output = Result<Option<Configuration>, Unavailable>> + Send;

    /// Writes `after`, if `before` is still the newest version; all or nothing with what follows.
    ///
    /// The keys that `after` names know from then on that the project uses them, and those that only
    /// `before` named forget it. The bot of `after` is the project's and no other's, and that of
    /// `before` is free again. What was applied and what failed is not written: see below.
    fn replace(
        &self,
        before: &Configuration,
        after: &Configuration,
    ) -> impl Future<Output = Result<(), ReplaceError>> + Send;

    /// Notes that `version` was seen in force. An older one than was noted before, and a project that
    /// has no configuration, change nothing.
    fn record_applied(
        &self,
        project: &ProjectId,
        version: u32,
        at: Timestamp,
    ) -> impl Future<Output = Result<(), Unavailable>> + Send;

    /// Notes why `failure.version` is not in force. An older one than was noted before, and a project
    /// that has no configuration, change nothing.
    fn record_failed(
        &self,
        project: &ProjectId,
        failure: &Failure,
    ) -> impl Future<Output = Result<(), Unavailable>> + Send;
}

#[derive(Debug, thiserror::Error)]
pub enum ReplaceError {
    /// Somebody changed it at the same time. Read again.
    #[error("lost a race for the project's configuration")]
    LostRace,
    /// It was deleted meanwhile.
    #[error("a key that the configuration names is gone")]
    KeyGone,
    /// One bot speaks for one project: two gateways would take each other's messages.
    #[error("the bot speaks for another project")]
    BotTaken,
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}
