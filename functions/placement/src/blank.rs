//! A blank's place: wherever best fit puts an instance of its plan. Nothing is bought or woken for
//! one, and a worker that is kept for somebody alone gets none.

use crate::{
    claim::{Found, Search, Wish},
    handler::{PlaceError, World, release},
};
use contracts::{blank::Saga, provision::ReadyWorker};
use domain::{fit::Demand, worker::Holder};
use ports::{clock::Clock, fleet::Fleet, random::Random};

pub(crate) async fn reserve<F: Fleet, P, C: Clock, R: Random>(
    world: &World<'_, F, P, C, R>,
    saga: &Saga,
) -> Result<ReadyWorker, PlaceError> {
    let wish = Wish {
        holder: Holder::from(saga.blank_id.clone()),
        reservation_id: &saga.reservation_id,
        plan: saga.plan,
        demand: Demand::of(saga.plan.plan(), world.config.architecture)
            .within(world.fleet.regions()),
        takes_blank: false,
    };
    let found = Search::new(world, &wish).run().await?;
    if world.fleet.is_given_up(&saga.reservation_id).await? {
        release(world, &saga.reservation_id).await?;
        return Err(PlaceError::GivenUp);
    }
    let worker = match found {
        Found::Before(worker) | Found::Room(worker) => worker,
        Found::Blank { .. } | Found::Asleep(_) | Found::Nowhere => {
            return Err(PlaceError::NoRoomForBlank);
        }
    };
    let fresh = world.fleet.find(&worker.id).await?;
    let place = fresh.and_then(|it| ReadyWorker::at(&it, &saga.reservation_id));
    place.ok_or(PlaceError::NoRoomForBlank)
}
