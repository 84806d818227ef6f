//! A fleet in memory, placed on by the decision that is deployed.
//!
//! The decision looks at every worker. Here it is shown one worker of each kind of free capacity, the
//! one with the lowest id: it could not choose another, and 5,000 projects take seconds.

use domain::{
    capacity::Capacity,
    consolidation::{Consolidation, plan_consolidation},
    fit::{Demand, choose_best},
    id::{ProjectId, WorkerId},
    offering::Offering,
    plan::PlanId,
    worker::{Holder, Origin, Reservation, State, Worker},
};
use jiff::Timestamp;
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// Nothing here depends on it.
const NOW: Timestamp = Timestamp::constant(1_795_000_000, 123_456_789);

/// Workers of one offering, and who is where.
pub(super) struct Fleet {
    offering: Offering,
    workers: BTreeMap<WorkerId, Worker>,
    /// Ids by free MiB and free CPU.
    by_free: BTreeMap<(u32, u32), BTreeSet<WorkerId>>,
    homes: HashMap<Holder, WorkerId>,
    bought: u32,
}

impl Fleet {
    pub(super) fn of(offering: Offering) -> Self {
        let (workers, by_free, homes) = Default::default();
        Self { offering, workers, by_free, homes, bought: 0 }
    }

    pub(super) fn workers(&self) -> impl Iterator<Item = &Worker> + Clone {
        self.workers.values()
    }

    pub(super) fn len(&self) -> usize {
        self.workers.len()
    }

    /// Finds a place for `project`, on a new worker if nobody has room. Returns where.
    ///
    /// `None` if not even an empty worker has room.
    pub(super) fn place(&mut self, project: &ProjectId, plan: PlanId) -> Option<WorkerId> {
        let demand = Demand::of(plan.plan(), self.offering.architecture);
        let chosen = choose_best(self.one_of_each_kind(), &demand).map(|it| it.id.clone());
        let worker = chosen.map_or_else(|| self.buy(), Some)?;
        let held = claim(project, plan, demand.on(self.workers.get(&worker)?));
        self.put(Holder::Project(project.clone()), held, &worker)?;
        Some(worker)
    }

    fn one_of_each_kind(&self) -> impl Iterator<Item = &Worker> {
        self.by_free.values().filter_map(|ids| self.workers.get(ids.first()?))
    }

    /// The project leaves. Returns the worker that it was on.
    pub(super) fn release(&mut self, project: &ProjectId) -> Option<WorkerId> {
        let (_, worker) = self.take(&Holder::Project(project.clone()))?;
        Some(worker)
    }

    /// What to empty next, if anything.
    pub(super) fn plan_consolidation(&self) -> Option<Consolidation> {
        plan_consolidation(self.workers(), |_| true)
    }

    /// Makes the moves of `plan`. `None` if one of them is not possible.
    pub(super) fn carry_out(&mut self, plan: &Consolidation) -> Option<()> {
        for it in &plan.moves {
            let (held, _) = self.take(&it.holder)?;
            self.put(it.holder.clone(), held, &it.to)?;
        }
        Some(())
    }

    pub(super) fn is_empty(&self, worker: &WorkerId) -> bool {
        self.workers.get(worker).is_some_and(|it| it.reservations.is_empty())
    }

    /// Gives a worker back.
    pub(super) fn give_back(&mut self, worker: &WorkerId) {
        if let Some(free) = self.workers.remove(worker).map(|it| it.free) {
            self.forget_kind(worker, free);
        }
    }

    fn buy(&mut self) -> Option<WorkerId> {
        self.bought += 1;
        let worker = new_worker(&self.offering, self.bought)?;
        let id = worker.id.clone();
        self.note_kind(&id, worker.free);
        self.workers.insert(id.clone(), worker);
        Some(id)
    }

    fn put(&mut self, holder: Holder, held: Reservation, to: &WorkerId) -> Option<()> {
        let worker = self.workers.get_mut(to)?;
        let before = worker.free;
        let (free, port) = (before.minus(held.demand)?, worker.free_port(0)?);
        worker.free = free;
        worker.reservations.insert(holder.clone(), Reservation { port, ..held });
        self.homes.insert(holder, to.clone());
        self.forget_kind(to, before);
        self.note_kind(to, free);
        Some(())
    }

    fn take(&mut self, holder: &Holder) -> Option<(Reservation, WorkerId)> {
        let home = self.homes.remove(holder)?;
        let worker = self.workers.get_mut(&home)?;
        let held = worker.reservations.remove(holder)?;
        let (before, free) = (worker.free, worker.free.plus(held.demand));
        worker.free = free;
        self.forget_kind(&home, before);
        self.note_kind(&home, free);
        Some((held, home))
    }

    fn note_kind(&mut self, worker: &WorkerId, free: Capacity) {
        self.by_free.entry(kind(free)).or_default().insert(worker.clone());
    }

    fn forget_kind(&mut self, worker: &WorkerId, free: Capacity) {
        if let Some(ids) = self.by_free.get_mut(&kind(free)) {
            ids.remove(worker);
            if ids.is_empty() {
                self.by_free.remove(&kind(free));
            }
        }
    }
}

fn kind(free: Capacity) -> (u32, u32) {
    (free.memory_mib, free.cpu_millis)
}

/// What `project` holds once it has a port.
pub(super) fn claim(project: &ProjectId, plan: PlanId, demand: Capacity) -> Reservation {
    let id = project.reservation(1);
    Reservation { id, demand, port: 0, plan, since: NOW, warm: false, blank: None }
}

/// Puts `project` on `worker`. `None` if it does not fit.
pub(super) fn load(worker: &mut Worker, project: &ProjectId, plan: PlanId) -> Option<()> {
    let held = claim(project, plan, plan.plan().limits);
    let port = worker.free_port(0)?;
    worker.free = worker.free.minus(held.demand)?;
    let holder = Holder::Project(project.clone());
    worker.reservations.insert(holder, Reservation { port, ..held });
    Some(())
}

/// The worker of this number, as it is when it has just booted.
pub(super) fn new_worker(offering: &Offering, number: u32) -> Option<Worker> {
    let id = WorkerId::new(&format!("{number:010}-1")).ok()?;
    let origin = Origin {
        provider: offering.provider,
        machine_type: offering.machine_type.clone(),
        purchase: offering.purchase,
        architecture: offering.architecture,
        region: "us-east-1".to_owned(),
    };
    Some(Worker {
        state: State::Ready,
        cordon: None,
        origin,
        total: offering.capacity(),
        free: offering.capacity(),
        machine_id: Some(format!("i-{number:017x}")),
        node_id: Some(format!("i-{number:017x}")),
        address: Some(std::net::Ipv4Addr::from((10 << 24) + number)),
        reservations: BTreeMap::new(),
        changed_at: NOW,
        id,
    })
}

/// The project of this number.
pub(super) fn project(number: u32) -> Option<ProjectId> {
    ProjectId::new(&format!("{number:010}")).ok()
}

#[cfg(test)]
mod tests {
    use super::{super::machine::of_gib, *};
    use proptest::{collection::vec, prelude::*};

    fn plan(is_pro: bool) -> PlanId {
        if is_pro { PlanId::Pro } else { PlanId::Standard }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]

        #[test]
        fn one_of_each_kind_stands_for_all(steps in vec((any::<bool>(), any::<bool>(), 0_usize..40), 0..80)) {
            let mut fleet = Fleet::of(of_gib(16).unwrap().offering);
            let mut present = Vec::new();
            for (number, (arrives, is_pro, at)) in (0..).zip(steps) {
                if arrives || present.is_empty() {
                    let demand = Demand::of(plan(is_pro).plan(), fleet.offering.architecture);
                    let by_all = choose_best(fleet.workers(), &demand).map(|it| it.id.clone());
                    let project = project(number).unwrap();
                    let chosen = fleet.place(&project, plan(is_pro)).unwrap();
                    prop_assert!(by_all.is_none_or(|it| it == chosen));
                    present.push(project);
                } else {
                    let index = at % present.len();
                    let left = fleet.release(&present.swap_remove(index)).unwrap();
                    if fleet.is_empty(&left) {
                        fleet.give_back(&left);
                    }
                }
                while let Some(plan) = fleet.plan_consolidation().filter(|_| at == 0) {
                    fleet.carry_out(&plan).unwrap();
                    prop_assert!(fleet.is_empty(&plan.worker));
                    fleet.give_back(&plan.worker);
                }
                let kinds: usize = fleet.by_free.values().map(BTreeSet::len).sum();
                prop_assert_eq!(kinds, fleet.len());
                for worker in fleet.workers() {
                    prop_assert_eq!(worker.free.plus(worker.reserved()), worker.total);
                }
            }
        }
    }
}
