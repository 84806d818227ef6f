//! A project's place: a blank that is warm, else room, else a worker to be started, else nowhere.

use crate::{
    claim::{Found, Search, Wish},
    explain::explain,
    handler::{PlaceError, World, release as give_back},
};
use contracts::provision::{Reserved, Saga};
use domain::{
    fit::Demand,
    id::ReservationId,
    plan::PlanId,
    worker::{Holder, State, Worker},
};
use ports::{
    clock::Clock,
    fleet::Fleet,
    placements::{Outcome, Placements},
    random::Random,
};

pub(crate) async fn reserve<F: Fleet, P: Placements, C: Clock, R: Random>(
    world: &World<'_, F, P, C, R>,
    saga: &Saga,
) -> Result<Reserved, PlaceError> {
    count_in(world, saga.plan, &saga.reservation_id).await?;
    let wish = Wish {
        holder: Holder::from(saga.project_id.clone()),
        reservation_id: &saga.reservation_id,
        plan: saga.plan,
        demand: Demand::of(saga.plan.plan(), world.config.architecture)
            .within(world.fleet.regions()),
        // What starts from a backup has to have it before its first start.
        takes_blank: saga.restore.is_none(),
    };
    let mut search = Search::new(world, &wish);
    let found = search.run().await?;
    // Asked after the claim: whichever of an undo and this comes second, one of them sees the other.
    if world.fleet.is_given_up(&saga.reservation_id).await? {
        release(world, saga).await?;
        return Err(PlaceError::GivenUp);
    }
    let (reserved, outcome) = answer(saga, found);
    let decision = explain(saga, &wish.demand, outcome, &search, world.clock.now());
    world.placements.record(&decision).await?;
    Ok(reserved)
}

/// Undo of [`reserve`].
pub(crate) async fn release<F: Fleet, P, C: Clock, R>(
    world: &World<'_, F, P, C, R>,
    saga: &Saga,
) -> Result<(), PlaceError> {
    give_back(world, &saga.reservation_id).await?;
    count_out(world, saga.plan, &saga.reservation_id).await
}

/// Counted before it is placed: who is over the maximum has taken nothing yet.
pub(crate) async fn count_in<F: Fleet, P, C: Clock, R>(
    world: &World<'_, F, P, C, R>,
    plan: PlanId,
    reservation: &ReservationId,
) -> Result<(), PlaceError> {
    let Some(&maximum) = world.config.maximum_instances.get(&plan) else { return Ok(()) };
    let at = world.clock.now();
    if world.fleet.count_in(plan, reservation, maximum, at).await? {
        Ok(())
    } else {
        Err(PlaceError::SoldOut { maximum })
    }
}

/// Undo of [`count_in`].
pub(crate) async fn count_out<F: Fleet, P, C, R>(
    world: &World<'_, F, P, C, R>,
    plan: PlanId,
    reservation: &ReservationId,
) -> Result<(), PlaceError> {
    if world.config.maximum_instances.contains_key(&plan) {
        world.fleet.count_out(plan, reservation).await?;
    }
    Ok(())
}

fn answer(saga: &Saga, found: Found) -> (Reserved, Outcome) {
    let at = |worker: &Worker| worker.id.clone();
    let outcome = match found {
        Found::Before(worker) => {
            let held = worker.held_by(&saga.project_id);
            match held.and_then(|it| it.blank.clone()) {
                Some(blank_id) => Outcome::Claimed { worker_id: at(&worker), blank_id },
                None if worker.state == State::Starting => {
                    Outcome::Woken { worker_id: at(&worker) }
                }
                None => Outcome::Placed { worker_id: at(&worker) },
            }
        }
        Found::Blank { worker, blank } => {
            Outcome::Claimed { worker_id: at(&worker), blank_id: blank }
        }
        Found::Room(worker) => Outcome::Placed { worker_id: at(&worker) },
        Found::Asleep(worker) => Outcome::Woken { worker_id: at(&worker) },
        Found::Nowhere => Outcome::NoRoom,
    };
    let (worker_id, blank_id) = match &outcome {
        Outcome::Claimed { worker_id, blank_id } => (Some(worker_id), Some(blank_id)),
        Outcome::Placed { worker_id } | Outcome::Woken { worker_id } => (Some(worker_id), None),
        Outcome::NoRoom => (None, None),
    };
    let woken = matches!(outcome, Outcome::Woken { .. });
    let (worker_id, blank_id) = (worker_id.cloned(), blank_id.cloned());
    (Reserved { worker_id, blank_id, woken }, outcome)
}
