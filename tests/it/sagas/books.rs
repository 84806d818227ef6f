//! Everything that costs money or memory, to be compared before and after.

use crate::world::World;
use domain::{
    id::WorkerId,
    worker::{Cordon, Holder, State, Worker},
};
use ports::machines::{Machine, Power};
use std::collections::BTreeMap;
use testkit::make;

/// What there is of workers, machines and containers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Books {
    workers: BTreeMap<WorkerId, (State, Option<Cordon>, Vec<Holder>)>,
    machines: BTreeMap<WorkerId, Power>,
    containers: BTreeMap<(String, String), u32>,
}

impl Books {
    /// Who was taken out of the fleet does not count.
    pub(super) fn of(world: &World) -> Self {
        let workers = world.fleet.workers.borrow();
        let standing = workers.values().filter(|it| it.state != State::Terminated);
        let line = |it: &Worker| (it.state, it.cordon, it.reservations.keys().cloned().collect());
        Self {
            workers: standing.map(|it| (it.id.clone(), line(it))).collect(),
            machines: machines(world),
            containers: world.commands.containers.borrow().clone(),
        }
    }
}

fn machines(world: &World) -> BTreeMap<WorkerId, Power> {
    world.machines.alive.borrow().iter().map(|(id, it)| (id.clone(), it.state)).collect()
}

/// A worker called `there` with room for two Standard projects, and its machine.
pub(super) fn add_worker(world: &World, state: State) -> WorkerId {
    let worker = Worker { state, ..make::worker("there", 4_096) };
    let id = worker.id.clone();
    let stands_still = matches!(state, State::WarmStopped | State::Starting);
    let machine = Machine {
        id: "i-there".to_owned(),
        worker: Some(id.clone()),
        provider: worker.origin.provider,
        machine_type: worker.origin.machine_type.clone(),
        region: worker.origin.region.clone(),
        state: if stands_still { Power::Stopped } else { Power::Running },
        node_id: Some("i-there".to_owned()),
        address: worker.address,
        bought_at: worker.changed_at,
    };
    world.machines.alive.borrow_mut().insert(id.clone(), machine);
    world.fleet.workers.borrow_mut().insert(id.clone(), worker);
    id
}

impl World {
    pub(super) fn worker(&self, id: &WorkerId) -> Worker {
        self.fleet.workers.borrow()[id].clone()
    }

    /// Whether the machine of this worker runs; `None` if it has none.
    pub(super) fn power(&self, id: &WorkerId) -> Option<Power> {
        self.machines.alive.borrow().get(id).map(|it| it.state)
    }
}
