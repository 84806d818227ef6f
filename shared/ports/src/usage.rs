//! What projects use of language models: an account for each month, and totals for each day and model.

use crate::Unavailable;
use domain::{
    id::ProjectId,
    model::{ModelId, ModelProvider},
    usage::{Account, Micros, Month, Tokens},
};
use jiff::civil::Date;

pub trait Usage {
    /// The account of `project` for `month`, strongly consistent. An empty one if nothing was spent yet.
    fn account(
        &self,
        project: &ProjectId,
        month: Month,
    ) -> impl Future<Output = Result<Account, Unavailable>> + Send;

    /// Keeps `account` as the next version of the one that was read: `account.version` is the version that
    /// it replaces.
    fn keep(
        &self,
        project: &ProjectId,
        month: Month,
        account: &Account,
    ) -> impl Future<Output = Result<(), KeepError>> + Send;

    /// Counts a call that has ended, and keeps `account` like [`Usage::keep`]: all or nothing. Idempotent on
    /// `used.call`: a call that is counted is not counted again, whatever `account` says.
    fn settle(
        &self,
        used: &Used,
        account: &Account,
    ) -> impl Future<Output = Result<(), SettleError>> + Send;

    /// What `project` used on each day of `month` of each model, in the order of days.
    fn days(
        &self,
        project: &ProjectId,
        month: Month,
    ) -> impl Future<Output = Result<Vec<DayUsage>, Unavailable>> + Send;

    /// What its owner lets `project` spend in a month. `None`: whatever it takes.
    fn cap(
        &self,
        project: &ProjectId,
    ) -> impl Future<Output = Result<Option<Micros>, Unavailable>> + Send;

    /// Repeating it changes nothing.
    fn set_cap(
        &self,
        project: &ProjectId,
        cap: Option<Micros>,
    ) -> impl Future<Output = Result<(), Unavailable>> + Send;
}

/// A call that has ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Used {
    /// Its id, which nothing else has.
    pub call: String,
    pub project: ProjectId,
    /// When it began.
    pub day: Date,
    pub month: Month,
    pub provider: ModelProvider,
    pub model: ModelId,
    pub tokens: Tokens,
    pub cost: Micros,
    /// Whether the provider did not say, or not to the end.
    pub is_estimated: bool,
}

/// All calls of a model on a day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DayUsage {
    pub day: Date,
    pub provider: ModelProvider,
    pub model: ModelId,
    pub calls: u64,
    /// Of them, those of which the provider did not say what they took.
    pub estimated: u64,
    pub tokens: Tokens,
    pub cost: Micros,
}

#[derive(Debug, thiserror::Error)]
pub enum KeepError {
    /// Another call changed it at the same time. Read again.
    #[error("lost a race for the account")]
    LostRace,
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

#[derive(Debug, thiserror::Error)]
pub enum SettleError {
    /// Another call changed the account at the same time. Read again.
    #[error("lost a race for the account")]
    LostRace,
    /// Nothing was changed.
    #[error("the call is counted already")]
    Counted,
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}
