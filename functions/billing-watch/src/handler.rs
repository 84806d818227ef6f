//! Which of the tasks it is.

use crate::{
    prices::{self, Priced},
    reconcile::{Report, reconcile},
    watch::{Round, round},
    world::{Watch, World},
};
use ports::{
    Unavailable,
    credits::{Credit, Credits},
    payments::PaymentsError,
};
use runtime::fault::{Classify, Fault};
use serde::{Deserialize, Serialize};

/// What it is asked for. `{}`, as the clock of five minutes says it, is a round of the watch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct Input {
    #[serde(default)]
    pub task: Task,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Task {
    #[default]
    Watch,
    Reconcile,
    /// Asks for every price now, instead of when it is an hour old.
    Prices,
    /// The suggested credits, for a person.
    Credits,
}

#[derive(Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Answer {
    Watched(Round),
    Reconciled(Report),
    Priced(Priced),
    Credits { credits: Vec<Credit> },
}

#[derive(Debug, thiserror::Error)]
pub enum WatchError {
    #[error("could not ask the payment provider")]
    Payments(#[from] PaymentsError),
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

/// The next run looks at everything anew.
impl Classify for WatchError {
    fn fault(&self) -> Fault {
        Fault::Retryable
    }
}

pub async fn handle<W: World>(watch: &Watch<'_, W>, input: Input) -> Result<Answer, WatchError> {
    Ok(match input.task {
        Task::Watch => Answer::Watched(round(watch).await?),
        Task::Reconcile => Answer::Reconciled(reconcile(watch).await?),
        Task::Prices => Answer::Priced(prices::renew_all(watch).await?),
        Task::Credits => Answer::Credits { credits: watch.credits.list().await? },
    })
}
