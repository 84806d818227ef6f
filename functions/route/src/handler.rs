//! The steps. What they want of a host is decided by [`change`]; all of them record it alike.

use crate::acknowledgement::{self, Answer};
use contracts::{
    provision::{Call, Saga},
    routes::{Position, Recorded, Step, WakeUp},
};
use domain::route::{HostName, Page, Target};
use jiff::SignedDuration;
use ports::{
    Unavailable,
    clock::Clock,
    queue::Queue,
    routes::{Change, EdgeReports, Phase, RecordError, RouteLog},
};
use runtime::fault::{Classify, Fault};
use std::time::Duration;

/// Several times what a change takes to reach an edge, and well below the function's timeout.
const PATIENCE: SignedDuration = SignedDuration::from_secs(8);
const POLL_INTERVAL: Duration = Duration::from_millis(200);

/// What the steps work with.
#[derive(Debug)]
pub struct World<'a, Ledger, Wakes, Time> {
    pub ledger: &'a Ledger,
    pub wake_ups: &'a Wakes,
    pub clock: &'a Time,
}

impl<L, W, C> Clone for World<'_, L, W, C> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<L, W, C> Copy for World<'_, L, W, C> {}

/// Carries out one step. An undo that finds a later attempt's route leaves it alone: `None`.
pub async fn handle<L, W, C>(
    world: World<'_, L, W, C>,
    call: &Call<Step>,
) -> Result<Option<Recorded>, RouteError>
where
    L: RouteLog + EdgeReports,
    W: Queue<WakeUp>,
    C: Clock,
{
    let change = change(call.step, &call.saga)?;
    match (call.step, record(world, &change).await) {
        (Step::HoldingPage, recorded) => Ok(Some(without_waiting(recorded?))),
        (Step::Publish, recorded) => {
            let at = recorded?;
            let acknowledged = await_edge(world, at).await?;
            Ok(Some(Recorded { sequence: at.sequence, acknowledged: Some(acknowledged) }))
        }
        (Step::UndoHoldingPage | Step::UndoPublish, Err(RouteError::Fenced(_))) => Ok(None),
        (Step::UndoHoldingPage | Step::UndoPublish, recorded) => {
            Ok(Some(without_waiting(recorded?)))
        }
    }
}

/// What `step` wants of the host. Both undos want the same: the attempt is over, whatever it did.
fn change(step: Step, saga: &Saga) -> Result<Change, RouteError> {
    let (phase, target) = match step {
        Step::HoldingPage => (Phase::Holding, Target::Page(Page::Provisioning)),
        Step::Publish => {
            let worker = saga.worker.as_ref().ok_or(RouteError::NoWorker)?;
            let (address, port) = (worker.address, worker.port);
            (Phase::Serving, Target::Upstream { address, port })
        }
        Step::UndoHoldingPage | Step::UndoPublish => (Phase::Closed, Target::Page(Page::Failed)),
    };
    Ok(Change {
        host: saga.host.clone(),
        project_id: saga.project_id.clone(),
        attempt: saga.attempt,
        phase,
        target: Some(target),
    })
}

async fn record<L, W, C>(world: World<'_, L, W, C>, change: &Change) -> Result<Position, RouteError>
where
    L: RouteLog,
    W: Queue<WakeUp>,
{
    let position = world.ledger.record(change).await?;
    // On a retry too: the first try may have died between the two.
    world.wake_ups.send(&WakeUp { sequence: position.sequence }).await?;
    Ok(position)
}

fn without_waiting(at: Position) -> Recorded {
    Recorded { sequence: at.sequence, acknowledged: None }
}

/// Whether an edge serves the change at `at`; an error if edges live but stay behind.
async fn await_edge<L, W, C>(world: World<'_, L, W, C>, at: Position) -> Result<bool, RouteError>
where
    L: EdgeReports,
    C: Clock,
{
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
