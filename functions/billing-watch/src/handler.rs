//! Which of the tasks it is.

use crate::{
    reconcile::{Report, reconcile},
    watch::{Round, watch},
    world::World,
};
use contracts::billing::Message;
use ports::{
    Unavailable,
    census::Census,
    clock::Clock,
    credits::{Credit, Credits},
    payments::{Payments, PaymentsError},
    queue::Queue,
    sagas::Sagas,
    subscriptions::Subscriptions,
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
    /// The suggested credits, for a person.
    Credits,
}

#[derive(Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Answer {
    Watched(Round),
    Reconciled(Report),
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

pub async fn handle<N, U, Y, S, Q, R, C>(
    world: &World<'_, N, U, Y, S, Q, R, C>,
    input: Input,
) -> Result<Answer, WatchError>
where
    N: Census,
    U: Subscriptions,
    Y: Payments,
    S: Sagas,
    Q: Queue<Message>,
    R: Credits,
    C: Clock,
{
    Ok(match input.task {
        Task::Watch => Answer::Watched(watch(world).await?),
        Task::Reconcile => Answer::Reconciled(reconcile(world).await?),
        Task::Credits => Answer::Credits { credits: world.credits.list().await? },
    })
}
