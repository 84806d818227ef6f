//! The steps. What they want of a host is decided in `change`; all of them record it alike.

use crate::{
    acknowledgement::{self, Answer},
    change::{held, page_of, serving, serving_again, withdrawn},
};
use contracts::{
    erase::Saga as EraseSaga,
    halt::Saga as HaltSaga,
    provision::Saga,
    routes::{Position, Recorded, WakeUp},
};
use domain::{project::State, route::HostName};
use jiff::SignedDuration;
use ports::{
    Unavailable,
    clock::Clock,
    projects::Projects,
    queue::Queue,
    routes::{Change, EdgeReports, RecordError, RouteLog},
};
use runtime::fault::{Classify, Fault};
use serde::Deserialize;
use std::time::Duration;

/// What a state machine sends.
#[derive(Clone, Debug, Deserialize)]
#[serde(tag = "step", content = "saga")]
pub enum Call {
    HoldingPage(Saga),
    UndoHoldingPage(Saga),
    Publish(Saga),
    UndoPublish(Saga),
    SuspendedPage(HaltSaga),
    UndoSuspendedPage(HaltSaga),
    RemoveRoute(EraseSaga),
}

/// Several times what a change takes to reach an edge, and well below the function's timeout.
const PATIENCE: SignedDuration = SignedDuration::from_secs(8);
const POLL_INTERVAL: Duration = Duration::from_millis(200);

/// What the steps work with.
#[derive(Debug)]
pub struct World<'a, Ledger, Wakes, Records, Time> {
    pub ledger: &'a Ledger,
    pub wake_ups: &'a Wakes,
    pub projects: &'a Records,
    pub clock: &'a Time,
}

impl<L, W, P, C> Clone for World<'_, L, W, P, C> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<L, W, P, C> Copy for World<'_, L, W, P, C> {}

/// Carries out one step. An undo that finds the host gone on without it leaves it alone: `None`.
pub async fn handle<L, W, P, C>(
    world: World<'_, L, W, P, C>,
    call: &Call,
) -> Result<Option<Recorded>, RouteError>
where
    L: RouteLog + EdgeReports,
    W: Queue<WakeUp>,
    P: Projects,
    C: Clock,
{
    match call {
        Call::HoldingPage(saga) => show(world, &held(saga)).await.map(Some),
        Call::Publish(saga) => {
            let at = record(world, &serving(saga).ok_or(RouteError::NoWorker)?).await?;
            let acknowledged = await_edge(world, at).await?;
            Ok(Some(Recorded { sequence: at.sequence, acknowledged: Some(acknowledged) }))
        }
        // Both want the same: the attempt is over, whatever it did.
        Call::UndoHoldingPage(Saga { host, project_id, attempt, .. })
        | Call::UndoPublish(Saga { host, project_id, attempt, .. }) => {
            let closed = Change::closed(host.clone(), project_id.clone(), *attempt);
            unless_gone_on(show(world, &closed).await)
        }
        Call::SuspendedPage(saga) => show(world, &page_of(saga)).await.map(Some),
        Call::UndoSuspendedPage(saga) => {
            if is_halting(world, saga).await? {
                unless_gone_on(show(world, &serving_again(saga)).await)
            } else {
                Ok(None)
            }
        }
        Call::RemoveRoute(saga) => show(world, &withdrawn(saga)).await.map(Some),
    }
}

/// What was halted for good does not serve again, though its saga fails after that.
async fn is_halting<L, W, P: Projects, C>(
    world: World<'_, L, W, P, C>,
    saga: &HaltSaga,
) -> Result<bool, Unavailable> {
    let found = world.projects.find(&saga.project_id).await?;
    let ours = found.filter(|it| (it.attempt, it.halts) == (saga.attempt, saga.number));
    Ok(ours.is_some_and(|it| it.state == State::Halting))
}

async fn show<L: RouteLog, W: Queue<WakeUp>, P, C>(
    world: World<'_, L, W, P, C>,
    change: &Change,
) -> Result<Recorded, RouteError> {
    let at = record(world, change).await?;
    Ok(Recorded { sequence: at.sequence, acknowledged: None })
}

fn unless_gone_on(undone: Result<Recorded, RouteError>) -> Result<Option<Recorded>, RouteError> {
    match undone {
        Err(RouteError::Fenced(_)) => Ok(None),
        undone => undone.map(Some),
    }
}

async fn record<L: RouteLog, W: Queue<WakeUp>, P, C>(
    world: World<'_, L, W, P, C>,
    change: &Change,
) -> Result<Position, RouteError> {
    let position = world.ledger.record(change).await?;
    // On a retry too: the first try may have died between the two.
    world.wake_ups.send(&WakeUp { sequence: position.sequence }).await?;
    Ok(position)
}

/// Whether an edge serves the change at `at`; an error if edges live but stay behind.
async fn await_edge<L: EdgeReports, W, P, C: Clock>(
    world: World<'_, L, W, P, C>,
    at: Position,
) -> Result<bool, RouteError> {
    let deadline = world.clock.now() + PATIENCE;
    loop {
        let now = world.clock.now();
        match acknowledgement::of(&world.ledger.reports().await?, at, now) {
            Answer::Serves => return Ok(true),
            // Without an edge nobody can see that the route is missing, and whichever edge starts
            // will read it: a saga that failed here would take down a good instance.
            Answer::NobodyThere => return Ok(false),
            Answer::Behind if now < deadline => world.clock.sleep(POLL_INTERVAL).await,
            Answer::Behind => return Err(RouteError::Unacknowledged(at.sequence)),
        }
    }
}

#[derive(Debug, thiserror::Error)]
pub enum RouteError {
    #[error("host `{0}` has gone on without this attempt")]
    Fenced(HostName),
    #[error("the saga has no worker to publish")]
    NoWorker,
    #[error("no edge serves change {0} yet")]
    Unacknowledged(u64),
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

impl From<RecordError> for RouteError {
    fn from(error: RecordError) -> Self {
        match error {
            RecordError::Fenced { host, .. } => Self::Fenced(host),
            RecordError::Unavailable(cause) => Self::Unavailable(cause),
        }
    }
}

impl Classify for RouteError {
    fn fault(&self) -> Fault {
        match self {
            Self::Fenced(_) | Self::NoWorker => Fault::Terminal,
            Self::Unacknowledged(_) | Self::Unavailable(_) => Fault::Retryable,
        }
    }
}
