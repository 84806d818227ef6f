//! A copy of the fleet to try things out on.

use super::Sight;
use domain::{
    capacity::Capacity,
    consolidation::Consolidation,
    fit::{Demand, choose_best},
    id::{BlankId, WorkerId},
    offering::{Architecture, Offering},
    plan::PlanId,
    worker::{Holder, Origin, Reservation, State, Worker},
};
use jiff::Timestamp;
use std::collections::BTreeSet;

#[derive(Clone, Debug)]
pub(super) struct Room {
    workers: Vec<Worker>,
    architecture: Architecture,
    regions: BTreeSet<String>,
    now: Timestamp,
}

impl Room {
    pub(super) fn of<'a>(workers: impl IntoIterator<Item = &'a Worker>, sight: &Sight<'_>) -> Self {
        let workers = workers.into_iter().cloned().collect();
        Self {
            workers,
            architecture: sight.config.architecture,
            regions: sight.regions.clone(),
            now: sight.now,
        }
    }

    /// Takes the worker for one that is ready.
    pub(super) fn wake(&mut self, worker: &WorkerId) {
        if let Some(worker) = self.workers.iter_mut().find(|it| it.id == *worker) {
            worker.state = State::Ready;
        }
    }

    /// Adds a worker as if it had been bought, and were ready.
    pub(super) fn buy(&mut self, id: WorkerId, offering: &Offering, sight: &Sight<'_>) {
        let Offering { provider, machine_type, purchase, architecture, .. } = offering.clone();
        let region = sight.config.region.clone();
        self.workers.push(Worker {
            id,
            state: State::Ready,
            cordon: None,
            origin: Origin { provider, machine_type, purchase, architecture, region },
            total: offering.capacity(),
            free: offering.capacity(),
            machine_id: None,
            node_id: None,
            address: None,
            reservations: [].into(),
            changed_at: self.now,
        });
    }

    /// Where placement would put one more instance of `plan`.
    pub(super) fn choose(&self, plan: PlanId) -> Option<&Worker> {
        choose_best(&self.workers, &self.demand(plan))
    }

    pub(super) fn demand(&self, plan: PlanId) -> Demand {
        Demand::of(plan.plan(), self.architecture).within(&self.regions)
    }

    /// Puts a blank where placement would. `false`: there is no room.
    pub(super) fn put(&mut self, plan: PlanId, blank: &BlankId) -> bool {
        self.try_put(plan, blank).is_some()
    }

    fn try_put(&mut self, plan: PlanId, blank: &BlankId) -> Option<()> {
        let (id, since, demand) = (self.choose(plan)?.id.clone(), self.now, self.demand(plan));
        let worker = self.workers.iter_mut().find(|it| it.id == id)?;
        let (demand, port) = (demand.on(worker), worker.free_port(0)?);
        let claim = Reservation {
            id: blank.reservation(),
            demand,
            port,
            plan,
            since,
            warm: false,
            blank: None,
        };
        worker.free = worker.free.minus(demand)?;
        worker.reservations.insert(Holder::from(blank.clone()), claim);
        Some(())
    }

    /// Those of `plans` that find no room, if an instance of each is put where placement would.
    pub(super) fn lacking(&self, plans: &[PlanId]) -> Vec<PlanId> {
        let mut room = self.clone();
        let mut lacking = plans.to_vec();
        let mut number = 0;
        lacking.retain(|plan| {
            number += 1;
            // Nobody ever gets this name: it only has to be unlike the others in this room.
            let stand_in = BlankId::new(&format!("--{number}"));
            !stand_in.is_ok_and(|it| room.put(*plan, &it))
        });
        lacking
    }

    pub(super) fn remove(&mut self, worker: &WorkerId, blank: &BlankId) {
        let worker = self.workers.iter_mut().find(|it| it.id == *worker);
        if let Some(worker) = worker
            && let Some(held) = worker.reservations.remove(&Holder::from(blank.clone()))
        {
            worker.free = worker.free.plus(held.demand);
        }
    }

    pub(super) fn without(&self, worker: &WorkerId) -> Self {
        let mut room = self.clone();
        room.workers.retain(|it| it.id != *worker);
        room
    }

    /// The room once `plan` has been carried out and its worker is gone. `None`: it does not fit.
    pub(super) fn after(&self, plan: &Consolidation) -> Option<Self> {
        let emptied = self.workers.iter().find(|it| it.id == plan.worker)?;
        let mut room = self.without(&plan.worker);
        for it in &plan.moves {
            let held = emptied.reservations.get(&it.holder)?;
            let to = room.workers.iter_mut().find(|worker| worker.id == it.to)?;
            let port = to.free_port(0)?;
            to.free = to.free.minus(held.demand)?;
            to.reservations.insert(it.holder.clone(), Reservation { port, ..held.clone() });
        }
        Some(room)
    }

    /// Whether nothing is on the worker, or about to be.
    pub(super) fn is_empty(&self, worker: &WorkerId) -> bool {
        let worker = self.workers.iter().find(|it| it.id == *worker);
        worker.is_some_and(|it| it.reserved() == Capacity::default())
    }
}
