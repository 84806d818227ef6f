//! What is done about a finding. Each repair looks again, or writes on a condition: between the finding
//! and now somebody may have done it, or found a use for it.

use crate::{orphans::Place, world::Ports};
use contracts::{
    routes::WakeUp,
    worker::{Exit, remove},
};
use domain::{
    id::{ReservationId, WorkerId},
    plan::PlanId,
    worker::{Event, Holder, State},
};
use jiff::Timestamp;
use ports::{
    Unavailable,
    bundles::Bundles,
    clock::Clock,
    commands::{CommandError, Commands},
    fleet::{Change as WorkerChange, Fleet},
    machines::{Machine, Machines, Power},
    queue::Queue,
    routes::{Change, RecordError, RouteLog},
};
use std::time::Duration;

/// A gateway may take a while to put its work down. What takes longer goes on without us, and the next
/// pass finds it done.
const PATIENCE: Duration = Duration::from_mins(1);

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Repair {
    ShowFailed(Change),
    /// Of our stage: others are not listed, and the provider would refuse.
    Terminate {
        machine_id: String,
    },
    MarkLost {
        worker: WorkerId,
        unchanged_since: Timestamp,
        only_if_gone: bool,
    },
    /// Of a worker whose drain nobody goes on with.
    EndDrain {
        worker: WorkerId,
        unchanged_since: Timestamp,
    },
    CountOut {
        plan: PlanId,
        reservation: ReservationId,
    },
    Withdraw {
        holder: Holder,
        attempt: u32,
        version: u32,
    },
    /// What runs in the place is removed first.
    Release {
        place: Place,
        removal: Option<Removal>,
    },
    Remove(Removal),
}

/// A container to be removed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Removal {
    pub(crate) node_id: String,
    pub(crate) holder: Holder,
    pub(crate) generation: u32,
}

#[derive(Debug, thiserror::Error)]
pub(crate) enum RepairError {
    #[error("the worker did not remove it ({exit:?}): {reason}")]
    NotRemoved { exit: Exit, reason: String },
    #[error("`{0}` took no command in this pass")]
    Away(String),
    #[error("could not reach the worker")]
    Command(#[from] CommandError),
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

impl Repair {
    /// The worker that it sends a command to.
    pub(crate) fn node_id(&self) -> Option<&str> {
        match self {
            Self::Remove(removal) | Self::Release { removal: Some(removal), .. } => {
                Some(&removal.node_id)
            }
            Self::Release { removal: None, .. }
            | Self::ShowFailed(_)
            | Self::Terminate { .. }
            | Self::MarkLost { .. }
            | Self::EndDrain { .. }
            | Self::CountOut { .. }
            | Self::Withdraw { .. } => None,
        }
    }
}

/// `false`: there was nothing left to repair.
pub(crate) async fn repair(world: &impl Ports, repair: &Repair) -> Result<bool, RepairError> {
    match repair {
        Repair::ShowFailed(change) => Ok(show_failed(world, change).await?),
        Repair::Terminate { machine_id } => {
            world.machines().terminate(machine_id).await?;
            Ok(true)
        }
        Repair::MarkLost { worker, unchanged_since, only_if_gone } => {
            Ok(mark_lost(world, worker, *unchanged_since, *only_if_gone).await?)
        }
        Repair::EndDrain { worker, unchanged_since } => {
            Ok(end_drain(world, worker, *unchanged_since).await?)
        }
        Repair::CountOut { plan, reservation } => {
            Ok(count_out(world, *plan, reservation).await.map(|()| true)?)
        }
        Repair::Withdraw { holder, attempt, version } => {
            world.bundles().withdraw(holder, *attempt, *version).await?;
            Ok(true)
        }
        Repair::Release { place, removal } => release(world, place, removal.as_ref()).await,
        Repair::Remove(removal) => ensure_removed(world, removal).await.map(|()| true),
    }
}

async fn show_failed(world: &impl Ports, change: &Change) -> Result<bool, Unavailable> {
    match world.routes().record(change).await {
        Ok(at) => {
            world.wake_ups().send(&WakeUp { sequence: at.sequence }).await?;
            Ok(true)
        }
        // A later attempt has the host by now.
        Err(RecordError::Fenced { .. }) => Ok(false),
        Err(RecordError::Unavailable(cause)) => Err(cause),
    }
}

/// The provider is asked a second time before a worker is lost on its word alone.
async fn mark_lost(
    world: &impl Ports,
    worker: &WorkerId,
    unchanged_since: Timestamp,
    only_if_gone: bool,
) -> Result<bool, Unavailable> {
    if only_if_gone && world.machines().find(worker).await?.is_some() {
        return Ok(false);
    }
    let change = WorkerChange::by(Event::Lost, world.clock().now());
    world.fleet().change(worker, &change.if_unchanged_since(unchanged_since)).await
}

/// The record follows the machine: one that runs serves again, and the warm pool drains it anew if it is
/// still not needed; one that is off is kept, or given back if it costs the same when it is.
async fn end_drain(
    world: &impl Ports,
    worker: &WorkerId,
    unchanged_since: Timestamp,
) -> Result<bool, Unavailable> {
    let Some(found) = world.fleet().find(worker).await? else { return Ok(false) };
    let is_as_found = found.state == State::Draining && found.changed_at == unchanged_since;
    // Without a machine it is lost, which is another finding.
    let machine = world.machines().find(worker).await?.filter(|_| is_as_found);
    let Some(Machine { id, state, .. }) = machine else { return Ok(false) };
    let event = match state {
        Power::Running => Event::DrainCancelled,
        Power::Stopped if found.origin.provider.parks(found.origin.purchase) => Event::Stopped,
        Power::Stopped => {
            world.machines().terminate(&id).await?;
            Event::Emptied
        }
        // The next pass knows where to.
        Power::Starting | Power::Stopping => return Ok(false),
    };
    let change = WorkerChange::by(event, world.clock().now()).if_unchanged_since(unchanged_since);
    world.fleet().change(worker, &change).await
}

/// The tombstone is for a claim that is still on its way, as in [`release`].
async fn count_out(
    world: &impl Ports,
    plan: PlanId,
    reservation: &ReservationId,
) -> Result<(), Unavailable> {
    world.fleet().give_up(reservation).await?;
    world.fleet().count_out(plan, reservation).await
}

/// The tombstone is for a claim that is still on its way: it finds it, and gives itself back.
async fn release(
    world: &impl Ports,
    place: &Place,
    removal: Option<&Removal>,
) -> Result<bool, RepairError> {
    let Place { worker, holder, reservation, plan } = place;
    let fleet = world.fleet();
    let held = fleet.find(worker).await?.and_then(|mut it| it.reservations.remove(holder));
    // Gone, or a blank that somebody has taken over since.
    if held.is_none_or(|it| it.id != *reservation) {
        return Ok(false);
    }
    fleet.give_up(reservation).await?;
    if let Some(removal) = removal {
        ensure_removed(world, removal).await?;
    }
    fleet.release(worker, holder, reservation, world.clock().now()).await?;
    // Plans that are sold without a limit were never counted, which is success too.
    fleet.count_out(*plan, reservation).await?;
    Ok(true)
}

async fn ensure_removed(world: &impl Ports, removal: &Removal) -> Result<(), RepairError> {
    let argv = remove(&removal.holder, removal.generation);
    let finished = world.commands().run(&removal.node_id, &argv, PATIENCE).await?;
    match Exit::from(finished.exit_code) {
        // Fenced: a later generation has the container, and the place.
        Exit::Done | Exit::Fenced => Ok(()),
        exit => Err(RepairError::NotRemoved { exit, reason: finished.stderr }),
    }
}
