//! Buying a worker, and giving it back.
//!
//! The record comes first, with the reservation on it: nobody else can take the place that was
//! bought, and a machine without a record is nobody's. The machine's tag names the record.

use crate::{
    handler::{Config, ProvisionError},
    offering::{Offering, plan_purchase},
};
use contracts::provision::Saga;
use domain::worker::{FIRST_PORT, Reservation, State, Worker};
use ports::{
    fleet::Fleet,
    machines::{BuyError, Machine, Machines},
};

/// `BuyWorker`.
pub(crate) async fn buy(
    fleet: &impl Fleet,
    machines: &impl Machines,
    config: &Config,
    saga: &Saga,
) -> Result<(), ProvisionError> {
    let id = &saga.new_worker_id;
    for offering in plan_purchase(&config.offerings, saga.plan.plan().limits) {
        // A purchase whose answer was lost is found by its tag. The record says what it was.
        if let Some(machine) = machines.find(id).await? {
            return record(fleet, machines, saga, &machine).await;
        }
        // What an earlier try wrote down and did not get must not be taken for what this one gets.
        fleet.forget_unbought(id).await?;
        fleet.ensure_recorded(&blank(saga, offering)).await?;
        if fleet.find(id).await?.is_none_or(|it| it.state == State::Terminated) {
            return Err(ProvisionError::GivenUp(id.clone()));
        }
        if let Some(machine) = bought(machines, saga, offering).await? {
            return record(fleet, machines, saga, &machine).await;
        }
    }
    fleet.forget_unbought(id).await?;
    Err(ProvisionError::NothingToBuy(format!("{:?}", saga.plan)))
}

/// The machine, or `None` if this offering is not to be had.
async fn bought(
    machines: &impl Machines,
    saga: &Saga,
    offering: &Offering,
) -> Result<Option<Machine>, ProvisionError> {
    match machines.ensure_bought(&saga.new_worker_id, &offering.machine_type).await {
        Ok(machine) => Ok(Some(machine)),
        Err(BuyError::InsufficientCapacity { machine_type }) => {
            tracing::warn!(%machine_type, "insufficient capacity, trying the next offering");
            Ok(None)
        }
        Err(BuyError::Refused(reason)) => Err(ProvisionError::NothingToBuy(reason)),
        Err(BuyError::Unavailable(cause)) => Err(cause.into()),
    }
}

/// Writes the machine into the record, unless the undo was faster: then it goes back at once.
async fn record(
    fleet: &impl Fleet,
    machines: &impl Machines,
    saga: &Saga,
    machine: &Machine,
) -> Result<(), ProvisionError> {
    let id = &saga.new_worker_id;
    if let Err(error) = fleet.record_machine(id, &machine.id).await {
        let error = ProvisionError::recording(id, error);
        if matches!(error, ProvisionError::GivenUp(_)) {
            machines.terminate(&machine.id).await?;
        }
        return Err(error);
    }
    Ok(())
}

/// `UndoBuyWorker`.
pub(crate) async fn give_back(
    fleet: &impl Fleet,
    machines: &impl Machines,
    saga: &Saga,
) -> Result<(), ProvisionError> {
    let id = &saga.new_worker_id;
    // The worker of an earlier attempt's purchase may be serving others; it is not this saga's.
    if saga.reserve.as_ref().is_some_and(|it| it.worker_id.is_some()) {
        return Ok(());
    }
    fleet.give_up(&saga.reservation_id).await?;
    fleet.release(id, &saga.project_id, &saga.reservation_id).await?;
    // A tombstone for a purchase that is still on its way: it finds a record that admits nothing.
    fleet.ensure_recorded(&tombstone(saga)).await?;
    if !fleet.retire_if_empty(id).await? {
        return Ok(());
    }
    if let Some(machine) = machines.find(id).await? {
        machines.terminate(&machine.id).await?;
    }
    Ok(())
}

/// A worker that is about to be bought for this saga.
fn blank(saga: &Saga, offering: &Offering) -> Worker {
    let demand = saga.plan.plan().limits;
    let reservation = Reservation { id: saga.reservation_id.clone(), demand, port: FIRST_PORT };
    Worker {
        id: saga.new_worker_id.clone(),
        state: State::Provisioning,
        cordoned: false,
        total: offering.capacity(),
        free: offering.capacity().minus(demand).unwrap_or_default(),
        machine_id: None,
        address: None,
        reservations: [(saga.project_id.clone(), reservation)].into(),
    }
}

fn tombstone(saga: &Saga) -> Worker {
    Worker {
        id: saga.new_worker_id.clone(),
        state: State::Terminated,
        cordoned: false,
        total: domain::capacity::Capacity::default(),
        free: domain::capacity::Capacity::default(),
        machine_id: None,
        address: None,
        reservations: [].into(),
    }
}
