//! A fleet in memory.

use crate::outage::Outage;
use domain::{
    id::{ProjectId, ReservationId, WorkerId},
    worker::{Event, Reservation, State, Worker},
};
use ports::{
    Unavailable,
    fleet::{Fleet, RecordError, ReserveError},
};
use std::{
    cell::RefCell,
    collections::{BTreeMap, BTreeSet},
    net::Ipv4Addr,
};

#[derive(Debug, Default)]
pub struct FakeFleet {
    pub workers: RefCell<BTreeMap<WorkerId, Worker>>,
    pub given_up: RefCell<BTreeSet<ReservationId>>,
    /// The next so many reservations find that somebody else took everything.
    pub lost_races: RefCell<Vec<WorkerId>>,
    pub outage: Outage,
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
            let reserved: u32 = worker.reservations.values().map(|it| it.demand.memory_mib).sum();
            assert_eq!(worker.free.memory_mib + reserved, worker.total.memory_mib, "{}", worker.id);
            let ports: BTreeSet<_> = worker.reservations.values().map(|it| it.port).collect();
            assert_eq!(ports.len(), worker.reservations.len(), "{}", worker.id);
        }
    }

    fn with<T>(
        &self,
        worker: &WorkerId,
        change: impl FnOnce(&mut Worker) -> T,
    ) -> Result<Option<T>, Unavailable> {
        self.outage.check("fleet")?;
        Ok(self.workers.borrow_mut().get_mut(worker).map(change))
    }
}

impl Fleet for FakeFleet {
    async fn workers(&self) -> Result<Vec<Worker>, Unavailable> {
        self.outage.check("fleet")?;
        let workers = self.workers.borrow();
        Ok(workers.values().filter(|it| it.state != State::Terminated).cloned().collect())
    }

    async fn find(&self, worker: &WorkerId) -> Result<Option<Worker>, Unavailable> {
        self.with(worker, |it| it.clone())
    }

    async fn reserve(
        &self,
        worker: &WorkerId,
        project: &ProjectId,
        claim: &Reservation,
    ) -> Result<Reservation, ReserveError> {
        self.outage.check("fleet")?;
        if let Some(stolen) = self.lost_races.borrow_mut().pop()
            && let Some(stolen) = self.workers.borrow_mut().get_mut(&stolen)
        {
            stolen.total.memory_mib -= stolen.free.memory_mib;
            stolen.free.memory_mib = 0;
        }
        let reserved = self.with(worker, |worker| {
            if let Some(held) = worker.reservations.get(project) {
                return (held.id == claim.id).then(|| held.clone());
            }
            let taken = worker.reservations.values().any(|it| it.port == claim.port);
            if taken || !worker.admits() {
                return None;
            }
            worker.free = worker.free.minus(claim.demand)?;
            worker.reservations.insert(project.clone(), claim.clone());
            Some(claim.clone())
        })?;
        reserved.flatten().ok_or(ReserveError::LostRace)
    }

    async fn release(
        &self,
        worker: &WorkerId,
        project: &ProjectId,
        reservation: &ReservationId,
    ) -> Result<(), Unavailable> {
        self.with(worker, |worker| {
            if worker.reservations.get(project).is_some_and(|it| it.id == *reservation)
                && let Some(held) = worker.reservations.remove(project)
            {
                worker.free.memory_mib += held.demand.memory_mib;
                worker.free.cpu_millis += held.demand.cpu_millis;
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

    async fn record_machine(&self, worker: &WorkerId, machine_id: &str) -> Result<(), RecordError> {
        let recorded = self.with(worker, |worker| {
            let other = worker.machine_id.as_deref().is_some_and(|it| it != machine_id);
            if other || worker.state == State::Terminated {
                return Err(RecordError::Refused);
            }
            worker.machine_id = Some(machine_id.to_owned());
            Ok(())
        })?;
        recorded.unwrap_or(Err(RecordError::Refused))
    }

    async fn record_ready(&self, worker: &WorkerId, address: Ipv4Addr) -> Result<(), RecordError> {
        let recorded = self.with(worker, |worker| {
            worker.state = worker.state.after(Event::Booted).map_err(|_| RecordError::Refused)?;
            worker.address = Some(address);
            Ok(())
        })?;
        recorded.unwrap_or(Err(RecordError::Refused))
    }

    async fn cordon(&self, worker: &WorkerId) -> Result<(), Unavailable> {
        self.with(worker, |it| it.cordoned = true).map(|_| ())
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
