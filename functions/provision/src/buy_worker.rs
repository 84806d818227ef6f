//! Buying a worker, and giving it back.
//!
//! The record comes first, with the reservation on it: nobody else can take the place that was
//! bought, and a machine without a record is nobody's. The machine's tag names the record.

use crate::handler::{Config, ProvisionError, World};
use contracts::provision::Saga;
use domain::{
    capacity::Capacity,
    fit::Demand,
    id::WorkerId,
    offering::{Offering, Offerings, Provider, Purchase, count_on_demand, plan_purchase},
    worker::{FIRST_PORT, Holder, Origin, Reservation, State, Worker},
};
use ports::{
    clock::Clock,
    fleet::Fleet,
    machines::{BuyError, Machine, Machines},
};

/// What is bought, and who is on it from the first moment.
pub(crate) struct Order<'a> {
    pub(crate) worker: &'a WorkerId,
    pub(crate) demand: Demand,
    pub(crate) holder: Option<&'a Saga>,
    /// Whether it is to be stopped once it is ready: then only what can be is bought.
    pub(crate) park: bool,
}

/// `BuyWorker`.
pub(crate) async fn for_project<F: Fleet, M: Machines, C, K: Clock>(
    world: &World<'_, F, M, C, K>,
    saga: &Saga,
) -> Result<(), ProvisionError> {
    let demand = Demand::of(saga.plan.plan(), world.config.architecture);
    let (worker, holder) = (&saga.new_worker_id, Some(saga));
    buy(world, &Order { worker, demand, holder, park: false }).await
}

pub(crate) async fn buy<F: Fleet, M: Machines, C, K: Clock>(
    world: &World<'_, F, M, C, K>,
    order: &Order<'_>,
) -> Result<(), ProvisionError> {
    let World { fleet, machines, .. } = world;
    let id = order.worker;
    for offering in plan(world, order).await? {
        // A purchase whose answer was lost is found by its tag. The record says what it was.
        if let Some(machine) = machines.find(id).await? {
            return record(world, id, &machine).await;
        }
        // What an earlier try wrote down and did not get must not be taken for what this one gets.
        fleet.forget_unbought(id).await?;
        fleet.ensure_recorded(&unbought(world, order, offering)).await?;
        let recorded = fleet.find(id).await?.filter(|it| it.state != State::Terminated);
        let Some(recorded) = recorded else { return Err(ProvisionError::GivenUp(id.clone())) };
        if recorded.machine_id.is_some() {
            // Bought before, and lost since: another machine under its name would hide that.
            return Ok(());
        }
        if let Some(machine) = bought(*machines, id, offering).await? {
            return record(world, id, &machine).await;
        }
    }
    fleet.forget_unbought(id).await?;
    Err(ProvisionError::NothingToBuy(format!("{:?}", order.demand.capacity)))
}

/// What to try, in this order.
async fn plan<'a, F: Fleet, M, C, K>(
    world: &World<'a, F, M, C, K>,
    order: &Order<'_>,
) -> Result<Vec<&'a Offering>, ProvisionError> {
    let Config { offerings: Offerings(offerings), architecture, .. } = world.config;
    // Who asks for no base need not read the whole fleet.
    let on_demand = if offerings.iter().any(|it| it.on_demand_base > 0) {
        let fleet = world.fleet.workers().await?;
        count_on_demand(fleet.iter().filter(|it| it.id != *order.worker))
    } else {
        0
    };
    let mut plan = plan_purchase(offerings, *architecture, order.demand.capacity, on_demand);
    plan.retain(|it| !order.park || it.parks());
    Ok(plan)
}

/// The machine, or `None` if this offering is not to be had.
async fn bought(
    machines: &impl Machines,
    worker: &WorkerId,
    offering: &Offering,
) -> Result<Option<Machine>, ProvisionError> {
    match machines.ensure_bought(worker, offering).await {
        Ok(machine) => Ok(Some(machine)),
        Err(BuyError::InsufficientCapacity { machine_type }) => {
            tracing::warn!(%machine_type, "insufficient capacity, trying the next offering");
            Ok(None)
        }
        Err(BuyError::Refused(reason)) => {
            // One provider's quota is no reason not to ask the other.
            tracing::error!(machine_type = %offering.machine_type, %reason, "purchase refused");
            Ok(None)
        }
        Err(BuyError::Unavailable(cause)) => Err(cause.into()),
    }
}

/// Writes the machine into the record, unless the undo was faster: then it goes back at once.
async fn record<F: Fleet, M: Machines, C, K>(
    world: &World<'_, F, M, C, K>,
    id: &WorkerId,
    machine: &Machine,
) -> Result<(), ProvisionError> {
    if let Err(error) = world.fleet.record_machine(id, machine).await {
        let error = ProvisionError::recording(id, error);
        if matches!(error, ProvisionError::GivenUp(_)) {
            world.machines.terminate(&machine.id).await?;
        }
        return Err(error);
    }
    Ok(())
}

/// `UndoBuyWorker`.
pub(crate) async fn give_back<F: Fleet, M: Machines, C, K: Clock>(
    world: &World<'_, F, M, C, K>,
    saga: &Saga,
) -> Result<(), ProvisionError> {
    let (fleet, id) = (world.fleet, &saga.new_worker_id);
    fleet.give_up(&saga.reservation_id).await?;
    let holder = Holder::from(saga.project_id.clone());
    fleet.release(id, &holder, &saga.reservation_id, world.clock.now()).await?;
    retire(world, id).await
}

/// Takes the worker out of the fleet and gives its machine back, unless somebody is on it by now.
pub(crate) async fn retire<F: Fleet, M: Machines, C, K: Clock>(
    world: &World<'_, F, M, C, K>,
    id: &WorkerId,
) -> Result<(), ProvisionError> {
    let World { fleet, machines, .. } = world;
    // A tombstone for a purchase that is still on its way: it finds a record that admits nothing.
    fleet.ensure_recorded(&tombstone(world, id)).await?;
    if !fleet.retire_if_empty(id).await? {
        return Ok(());
    }
    if let Some(machine) = machines.find(id).await? {
        machines.terminate(&machine.id).await?;
    }
    Ok(())
}

/// A worker that is about to be bought.
fn unbought<F, M, C, K: Clock>(
    world: &World<'_, F, M, C, K>,
    order: &Order<'_>,
    offering: &Offering,
) -> Worker {
    let now = world.clock.now();
    let mut worker = Worker {
        id: order.worker.clone(),
        state: State::Provisioning,
        cordon: None,
        origin: Origin {
            provider: offering.provider,
            machine_type: offering.machine_type.clone(),
            purchase: offering.purchase,
            architecture: offering.architecture,
            // Until it is known where it was bought.
            region: world.config.region.clone(),
        },
        total: offering.capacity(),
        free: offering.capacity(),
        machine_id: None,
        node_id: None,
        address: None,
        reservations: [].into(),
        changed_at: now,
    };
    if let Some(saga) = order.holder {
        let demand = order.demand.on(&worker);
        let (id, plan) = (saga.reservation_id.clone(), saga.plan);
        let reservation = Reservation {
            id,
            demand,
            port: FIRST_PORT,
            plan,
            since: now,
            warm: false,
            blank: None,
        };
        worker.free = worker.total.minus(demand).unwrap_or_default();
        worker.reservations.insert(saga.project_id.clone().into(), reservation);
    }
    worker
}

fn tombstone<F, M, C, K: Clock>(world: &World<'_, F, M, C, K>, id: &WorkerId) -> Worker {
    let nothing = Capacity::default();
    Worker {
        id: id.clone(),
        state: State::Terminated,
        cordon: None,
        origin: Origin {
            // Nothing was bought, and nobody asks what.
            provider: Provider::Ec2,
            machine_type: String::new(),
            purchase: Purchase::OnDemand,
            architecture: world.config.architecture,
            region: world.config.region.clone(),
        },
        total: nothing,
        free: nothing,
        machine_id: None,
        node_id: None,
        address: None,
        reservations: [].into(),
        changed_at: world.clock.now(),
    }
}
