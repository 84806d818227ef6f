//! A fleet in memory.

use crate::outage::Outage;
use domain::{
    id::{BlankId, ProjectId, ReservationId, WorkerId},
    plan::PlanId,
    worker::{Cordon, Event, Holder, Reservation, State, Worker},
};
use jiff::Timestamp;
use ports::{
    Unavailable,
    fleet::{Change, Counted, Fleet, RecordError, ReserveError},
    machines::Machine,
};
use std::{
    cell::{Cell, RefCell},
    collections::{BTreeMap, BTreeSet},
    net::Ipv4Addr,
};

#[derive(Debug, Default)]
pub struct FakeFleet {
    pub workers: RefCell<BTreeMap<WorkerId, Worker>>,
    pub given_up: RefCell<BTreeSet<ReservationId>>,
    pub counted: RefCell<BTreeMap<PlanId, BTreeMap<ReservationId, Timestamp>>>,
    /// The next so many reservations find that somebody else took everything.
    pub lost_races: RefCell<Vec<WorkerId>>,
    /// The next so many claims of a blank find that somebody else has it.
    pub lost_blanks: Cell<u32>,
    /// Conditional writes that tried to take capacity.
    pub tries: Cell<u32>,
    /// Where workers may be; none named: anywhere.
    pub regions: BTreeSet<String>,
    pub outage: Outage,
    /// Writes to a worker that take effect though their answer is lost.
    pub lost_answers: Outage,
}

impl FakeFleet {
    pub fn of(workers: impl IntoIterator<Item = Worker>) -> Self {
        let workers = workers.into_iter().map(|it| (it.id.clone(), it)).collect();
        Self { workers: RefCell::new(workers), ..Self::default() }
    }

    /// Checks that free and reserved make up the total on every worker, and that no port is held
    /// twice.
    pub fn assert_balanced(&self) {
        for worker in self.workers.borrow().values() {
            let sum = worker.free.plus(worker.reserved());
            assert_eq!(sum, worker.total, "{}", worker.id);
            let ports: BTreeSet<_> = worker.reservations.values().map(|it| it.port).collect();
            assert_eq!(ports.len(), worker.reservations.len(), "{}", worker.id);
        }
    }

    /// What `holder` has, and where.
    pub fn held_by(&self, holder: &Holder) -> Vec<(WorkerId, Reservation)> {
        let workers = self.workers.borrow();
        let held = workers.values().filter_map(|it| {
            it.reservations.get(holder).map(|reservation| (it.id.clone(), reservation.clone()))
        });
        held.collect()
    }

    fn with<T>(
        &self,
        worker: &WorkerId,
        change: impl FnOnce(&mut Worker) -> T,
    ) -> Result<Option<T>, Unavailable> {
        self.outage.check("fleet")?;
        let changed = self.workers.borrow_mut().get_mut(worker).map(change);
        self.lost_answers.check("fleet")?;
        Ok(changed)
    }

    fn steal(&self) {
        if let Some(stolen) = self.lost_races.borrow_mut().pop()
            && let Some(stolen) = self.workers.borrow_mut().get_mut(&stolen)
        {
            stolen.total.memory_mib -= stolen.free.memory_mib;
            stolen.free.memory_mib = 0;
        }
    }

    /// Somebody else claims the blank: its place is a project's from now on.
    fn steal_blank(&self, worker: &WorkerId, blank: &Holder) {
        let Some(left) = self.lost_blanks.get().checked_sub(1) else { return };
        self.lost_blanks.set(left);
        if let Some(worker) = self.workers.borrow_mut().get_mut(worker)
            && let Some(held) = worker.reservations.remove(blank)
        {
            let thief = ProjectId::new(&format!("thief-{left}")).expect("the body is plain");
            let claim = Reservation { id: thief.reservation(1), warm: false, ..held };
            worker.reservations.insert(Holder::from(thief), claim);
        }
    }

    fn take(
        &self,
        worker: &WorkerId,
        holder: &Holder,
        claim: &Reservation,
        from: State,
        to: State,
    ) -> Result<Reservation, ReserveError> {
        self.outage.check("fleet")?;
        self.tries.set(self.tries.get() + 1);
        self.steal();
        let reserved = self.with(worker, |worker| {
            if let Some(held) = worker.reservations.get(holder) {
                return (held.id == claim.id).then(|| held.clone());
            }
            let taken = worker.reservations.values().any(|it| it.port == claim.port);
            if taken || worker.state != from || worker.is_cordoned() {
                return None;
            }
            worker.free = worker.free.minus(claim.demand)?;
            worker.state = to;
            worker.changed_at = claim.since;
            worker.reservations.insert(holder.clone(), claim.clone());
            Some(claim.clone())
        })?;
        reserved.flatten().ok_or(ReserveError::LostRace)
    }
}

impl Fleet for FakeFleet {
    async fn workers(&self) -> Result<Vec<Worker>, Unavailable> {
        self.outage.check("fleet")?;
        let workers = self.workers.borrow();
        Ok(workers.values().filter(|it| it.state != State::Terminated).cloned().collect())
    }

    fn parts(&self) -> u32 {
        1
    }

    fn regions(&self) -> &BTreeSet<String> {
        &self.regions
    }

    async fn part(&self, _part: u32) -> Result<Vec<Worker>, Unavailable> {
        self.workers().await
    }

    async fn find(&self, worker: &WorkerId) -> Result<Option<Worker>, Unavailable> {
        self.with(worker, |it| it.clone())
    }

    async fn reserve(
        &self,
        worker: &WorkerId,
        holder: &Holder,
        claim: &Reservation,
    ) -> Result<Reservation, ReserveError> {
        self.take(worker, holder, claim, State::Ready, State::Ready)
    }

    async fn reserve_and_wake(
        &self,
        worker: &WorkerId,
        holder: &Holder,
        claim: &Reservation,
    ) -> Result<Reservation, ReserveError> {
        self.take(worker, holder, claim, State::WarmStopped, State::Starting)
    }

    async fn claim_blank(
        &self,
        worker: &WorkerId,
        blank: &BlankId,
        held: &Reservation,
        project: &ProjectId,
        claim: &Reservation,
    ) -> Result<Reservation, ReserveError> {
        self.outage.check("fleet")?;
        self.tries.set(self.tries.get() + 1);
        let (blank, project) = (Holder::from(blank.clone()), Holder::from(project.clone()));
        self.steal_blank(worker, &blank);
        let claimed = self.with(worker, |worker| {
            if let Some(mine) = worker.reservations.get(&project) {
                return (mine.id == claim.id).then(|| mine.clone());
            }
            let there = worker.reservations.get(&blank) == Some(held);
            if !there || !held.warm || !worker.admits() {
                return None;
            }
            worker.reservations.remove(&blank);
            worker.reservations.insert(project.clone(), claim.clone());
            worker.changed_at = claim.since;
            Some(claim.clone())
        })?;
        claimed.flatten().ok_or(ReserveError::LostRace)
    }

    async fn record_warm(&self, worker: &WorkerId, blank: &BlankId) -> Result<(), RecordError> {
        let recorded = self.with(worker, |worker| {
            let held = worker.reservations.get_mut(&Holder::from(blank.clone()));
            held.map(|it| it.warm = true).ok_or(RecordError::Refused)
        })?;
        recorded.unwrap_or(Err(RecordError::Refused))
    }

    async fn resize(
        &self,
        worker: &WorkerId,
        holder: &Holder,
        held: &Reservation,
        resized: &Reservation,
    ) -> Result<(), ReserveError> {
        self.tries.set(self.tries.get() + 1);
        self.steal();
        let made = self.with(worker, |worker| {
            let found = worker.reservations.get_mut(holder)?;
            if found == resized {
                return Some(());
            }
            if found != held || worker.state != State::Ready {
                return None;
            }
            worker.free = worker.free.plus(held.demand).minus(resized.demand)?;
            *found = resized.clone();
            Some(())
        })?;
        made.flatten().ok_or(ReserveError::LostRace)
    }

    async fn release(
        &self,
        worker: &WorkerId,
        holder: &Holder,
        reservation: &ReservationId,
        at: Timestamp,
    ) -> Result<(), Unavailable> {
        self.with(worker, |worker| {
            if worker.reservations.get(holder).is_some_and(|it| it.id == *reservation)
                && let Some(held) = worker.reservations.remove(holder)
            {
                worker.free = worker.free.plus(held.demand);
                worker.changed_at = at;
            }
        })
        .map(|_| ())
    }

    async fn give_up(&self, reservation: &ReservationId) -> Result<(), Unavailable> {
        self.outage.check("fleet")?;
        self.given_up.borrow_mut().insert(reservation.clone());
        Ok(())
    }

    async fn is_given_up(&self, reservation: &ReservationId) -> Result<bool, Unavailable> {
        self.outage.check("fleet")?;
        Ok(self.given_up.borrow().contains(reservation))
    }

    async fn count_in(
        &self,
        plan: PlanId,
        reservation: &ReservationId,
        maximum: u32,
        at: Timestamp,
    ) -> Result<bool, Unavailable> {
        self.outage.check("fleet")?;
        let mut counted = self.counted.borrow_mut();
        let of_plan = counted.entry(plan).or_default();
        let room = of_plan.contains_key(reservation)
            || of_plan.len() < usize::try_from(maximum).unwrap_or(usize::MAX);
        if room {
            of_plan.entry(reservation.clone()).or_insert(at);
        }
        Ok(room)
    }

    async fn count_out(
        &self,
        plan: PlanId,
        reservation: &ReservationId,
    ) -> Result<(), Unavailable> {
        self.outage.check("fleet")?;
        if let Some(of_plan) = self.counted.borrow_mut().get_mut(&plan) {
            of_plan.remove(reservation);
        }
        Ok(())
    }

    async fn counted(&self) -> Result<Vec<Counted>, Unavailable> {
        self.outage.check("fleet")?;
        let counted = self.counted.borrow();
        let each = counted.iter().flat_map(|(plan, of_plan)| {
            of_plan.iter().map(|(reservation, since)| Counted {
                plan: *plan,
                reservation: reservation.clone(),
                since: *since,
            })
        });
        Ok(each.collect())
    }

    async fn ensure_recorded(&self, worker: &Worker) -> Result<(), Unavailable> {
        self.outage.check("fleet")?;
        self.workers.borrow_mut().entry(worker.id.clone()).or_insert_with(|| worker.clone());
        Ok(())
    }

    async fn forget_unbought(&self, worker: &WorkerId) -> Result<(), Unavailable> {
        self.outage.check("fleet")?;
        self.workers.borrow_mut().retain(|id, it| {
            id != worker || it.state != State::Provisioning || it.machine_id.is_some()
        });
        Ok(())
    }

    async fn record_machine(&self, worker: &WorkerId, bought: &Machine) -> Result<(), RecordError> {
        let recorded = self.with(worker, |worker| {
            let other = worker.machine_id.as_deref().is_some_and(|it| it != bought.id);
            if other || worker.state == State::Terminated {
                return Err(RecordError::Refused);
            }
            worker.machine_id = Some(bought.id.clone());
            worker.origin.machine_type.clone_from(&bought.machine_type);
            worker.origin.region.clone_from(&bought.region);
            Ok(())
        })?;
        recorded.unwrap_or(Err(RecordError::Refused))
    }

    async fn record_ready(
        &self,
        worker: &WorkerId,
        node_id: &str,
        address: Ipv4Addr,
        at: Timestamp,
    ) -> Result<(), RecordError> {
        let recorded = self.with(worker, |worker| {
            worker.state = worker.state.after(Event::Booted).map_err(|_| RecordError::Refused)?;
            worker.address = Some(address);
            worker.node_id = Some(node_id.to_owned());
            worker.changed_at = at;
            Ok(())
        })?;
        recorded.unwrap_or(Err(RecordError::Refused))
    }

    async fn change(&self, worker: &WorkerId, change: &Change) -> Result<bool, Unavailable> {
        let changed = self.with(worker, |worker| {
            let Ok(state) = worker.state.after(change.event) else { return false };
            if state == worker.state {
                return true;
            }
            let late = change.unchanged_since.is_some_and(|it| it != worker.changed_at);
            if late || (change.only_if_empty && !worker.reservations.is_empty()) {
                return false;
            }
            (worker.state, worker.changed_at) = (state, change.at);
            true
        })?;
        Ok(changed.unwrap_or(false))
    }

    async fn cordon(&self, worker: &WorkerId, by: Cordon) -> Result<(), Unavailable> {
        self.with(worker, |worker| {
            if by.replaces(worker.cordon) {
                worker.cordon = Some(by);
            }
        })
        .map(|_| ())
    }

    async fn uncordon(
        &self,
        worker: &WorkerId,
        by: Cordon,
        at: Timestamp,
    ) -> Result<(), Unavailable> {
        self.with(worker, |worker| {
            if worker.cordon.is_some_and(|it| by.lifts(it)) {
                (worker.cordon, worker.changed_at) = (None, at);
            }
        })
        .map(|_| ())
    }

    async fn retire_if_empty(&self, worker: &WorkerId) -> Result<bool, Unavailable> {
        let retired = self.with(worker, |worker| {
            let empty = worker.reservations.is_empty();
            if empty {
                worker.state = State::Terminated;
            }
            empty
        })?;
        Ok(retired.unwrap_or(false))
    }
}
