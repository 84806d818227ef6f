//! A place that grows, and shrinks again: at first to the larger of both plans, so that at no moment an
//! instance may use more than is reserved for it; to the new one when that is in force.

use crate::{
    claim::MAX_WRITES,
    handler::{PlaceError, World},
    project::{count_in, count_out},
};
use contracts::{
    provision::ReadyWorker,
    resize::{Saga, Widened},
};
use domain::{
    capacity::Capacity,
    plan::{Isolation, PlanId},
    worker::{Holder, Reservation, State, Worker},
};
use ports::{
    clock::Clock,
    fleet::{Fleet, ReserveError},
};

/// Where an instance is, and what it has there.
struct Place {
    worker: Worker,
    holder: Holder,
    held: Reservation,
}

/// `worker: None` if there is no room, or if one of the plans shares its worker and the other does not.
pub(crate) async fn widen<F: Fleet, P, C: Clock, R>(
    world: &World<'_, F, P, C, R>,
    saga: &Saga,
) -> Result<Widened, PlaceError> {
    if !is_shared_before_and_after(saga) {
        return Ok(Widened { worker: None });
    }
    count_in(world, saga.to, &saga.reservation_id).await?;
    let worker = grow(world, saga, saga.to.plan().limits).await?;
    // Asked after it has grown: whichever of an undo and this comes second, one of them sees the other.
    if world.fleet.is_given_up(&saga.widening()).await? {
        // One that was settled has its plan, and keeps it.
        let is_settled = find(world, saga).await?.is_some_and(|it| it.held.plan == saga.to);
        if !is_settled {
            narrow(world, saga).await?;
        }
        return Err(PlaceError::GivenUp);
    }
    if worker.is_none() {
        take_back_count(world, saga, saga.to).await?;
    }
    Ok(Widened { worker })
}

/// Who is alone has a whole worker, and neither more nor less can be reserved of it.
fn is_shared_before_and_after(saga: &Saga) -> bool {
    [saga.from, saga.to].iter().all(|it| it.plan().isolation == Isolation::Shared)
}

async fn grow<F: Fleet, P, C, R>(
    world: &World<'_, F, P, C, R>,
    saga: &Saga,
    limits: Capacity,
) -> Result<Option<ReadyWorker>, PlaceError> {
    for _ in 0..MAX_WRITES {
        let place = find(world, saga).await?.filter(|it| it.worker.state == State::Ready);
        let Place { worker, holder, held } = place.ok_or(PlaceError::NotPlaced)?;
        let wide = Reservation { demand: held.demand.max(limits), ..held.clone() };
        // Who is cordoned keeps what it runs, and gets no more.
        let is_more = wide != held;
        let has_room = worker.free.plus(held.demand).fits(wide.demand) && worker.admits();
        if is_more && !has_room {
            return Ok(None);
        }
        match world.fleet.resize(&worker.id, &holder, &held, &wide).await {
            Ok(()) => return Ok(ReadyWorker::at(&worker, &saga.reservation_id)),
            Err(ReserveError::LostRace) => (),
            Err(ReserveError::Unavailable(cause)) => return Err(cause.into()),
        }
    }
    Err(PlaceError::Contended(MAX_WRITES))
}

/// Undo of [`widen`].
///
/// The tombstone comes first: a widening that is still on its way finds it and takes itself back.
pub(crate) async fn narrow<F: Fleet, P, C, R>(
    world: &World<'_, F, P, C, R>,
    saga: &Saga,
) -> Result<(), PlaceError> {
    world.fleet.give_up(&saga.widening()).await?;
    if !is_shared_before_and_after(saga) {
        return Ok(());
    }
    shrink(world, saga, saga.from).await?;
    take_back_count(world, saga, saga.to).await
}

/// The instance has its new limits. What was reserved beyond them is free again.
pub(crate) async fn settle<F: Fleet, P, C, R>(
    world: &World<'_, F, P, C, R>,
    saga: &Saga,
) -> Result<(), PlaceError> {
    // It moves; or it was settled, and may have been changed again since.
    if saga.worker().is_none() || world.fleet.is_given_up(&saga.widening()).await? {
        return Ok(());
    }
    shrink(world, saga, saga.to).await?;
    take_back_count(world, saga, saga.from).await?;
    Ok(world.fleet.give_up(&saga.widening()).await?)
}

/// Never takes anything, so that it cannot fail for lack of room.
async fn shrink<F: Fleet, P, C, R>(
    world: &World<'_, F, P, C, R>,
    saga: &Saga,
    plan: PlanId,
) -> Result<(), PlaceError> {
    for _ in 0..MAX_WRITES {
        let place = find(world, saga).await?.filter(|it| it.worker.state == State::Ready);
        // What is gone, or settled with its worker, needs no less.
        let Some(Place { worker, holder, held }) = place else { return Ok(()) };
        let demand = held.demand.min(plan.plan().limits);
        let narrow = Reservation { demand, plan, ..held.clone() };
        match world.fleet.resize(&worker.id, &holder, &held, &narrow).await {
            Ok(()) => return Ok(()),
            Err(ReserveError::LostRace) => (),
            Err(ReserveError::Unavailable(cause)) => return Err(cause.into()),
        }
    }
    Err(PlaceError::Contended(MAX_WRITES))
}

/// The instance is not one of `plan`, unless both are the same.
async fn take_back_count<F: Fleet, P, C, R>(
    world: &World<'_, F, P, C, R>,
    saga: &Saga,
    plan: PlanId,
) -> Result<(), PlaceError> {
    if saga.from == saga.to {
        return Ok(());
    }
    count_out(world, plan, &saga.reservation_id).await
}

async fn find<F: Fleet, P, C, R>(
    world: &World<'_, F, P, C, R>,
    saga: &Saga,
) -> Result<Option<Place>, PlaceError> {
    let workers = world.fleet.workers().await?;
    let place = workers.into_iter().find_map(|worker| {
        let (holder, held) = worker.find_reservation(&saga.reservation_id)?;
        let (holder, held) = (holder.clone(), held.clone());
        Some(Place { worker, holder, held })
    });
    Ok(place)
}
