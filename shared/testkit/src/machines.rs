//! A provider in memory.

use crate::{clock::FakeClock, outage::Outage};
use domain::{
    id::WorkerId,
    offering::{Offering, Provider, Purchase},
};
use jiff::Timestamp;
use ports::{
    Unavailable,
    clock::Clock,
    machines::{BuyError, Machine, Machines, Power, PowerError},
};
use std::{
    cell::{Cell, RefCell},
    collections::BTreeMap,
    sync::Arc,
};

/// Machines run as soon as they are bought, and have joined by then. Of an offering's types the first
/// that is not sold out is bought.
#[derive(Debug, Default)]
pub struct FakeMachines {
    /// What is neither gone nor going, by worker. A test may change a machine's state in here.
    pub alive: RefCell<BTreeMap<WorkerId, Machine>>,
    /// Machine types that are not to be had: neither bought nor started again.
    pub sold_out: RefCell<Vec<String>>,
    /// Machine types that the provider will not sell to us.
    pub refused: RefCell<Vec<String>>,
    /// The next purchase works, and its answer is lost.
    pub lose_answer: Cell<bool>,
    bought: Cell<u8>,
    /// What each machine was bought as, by its id.
    offerings: RefCell<BTreeMap<String, Offering>>,
    clock: Option<Arc<FakeClock>>,
    /// The next call is one too many: its answer is to come back at this moment.
    pub not_before: Cell<Option<Timestamp>>,
    pub outage: Outage,
}

impl FakeMachines {
    /// Machines know by `clock` when they were bought. Without it that is 1970.
    pub fn with_clock(clock: Arc<FakeClock>) -> Self {
        Self { clock: Some(clock), ..Self::default() }
    }

    /// How many machines were ever bought.
    pub fn bought(&self) -> u8 {
        self.bought.get()
    }

    /// The machine of `worker` is lost: the provider knows nothing of it any more, and nobody was
    /// told.
    pub fn vanish(&self, worker: &WorkerId) {
        self.alive.borrow_mut().remove(worker);
    }

    fn check(&self) -> Result<(), Unavailable> {
        match self.not_before.take() {
            None => self.outage.check("provider"),
            moment => Err(Unavailable::new("provider", "no requests are left").until(moment)),
        }
    }

    fn is_sold_out(&self, machine_type: &str) -> bool {
        self.sold_out.borrow().iter().any(|it| it == machine_type)
    }

    fn deliver(&self, worker: &WorkerId, offering: &Offering, machine_type: &str) -> Machine {
        let number = self.bought.get() + 1;
        self.bought.set(number);
        let (id, node_id, region) = match offering.provider {
            Provider::Ec2 => (format!("i-{number}"), format!("i-{number}"), "us-east-1"),
            Provider::Hetzner => (format!("hz-{number}"), format!("mi-{number}"), "fsn1"),
        };
        let bought = Offering { machine_type: machine_type.to_owned(), ..offering.clone() };
        self.offerings.borrow_mut().insert(id.clone(), bought);
        Machine {
            id,
            worker: Some(worker.clone()),
            provider: offering.provider,
            machine_type: machine_type.to_owned(),
            region: region.to_owned(),
            state: Power::Running,
            node_id: Some(node_id),
            address: Some([10, 0, 1, number].into()),
            bought_at: self.clock.as_deref().map_or(Timestamp::UNIX_EPOCH, Clock::now),
        }
    }

    /// What `machine_id` was bought as. A machine that a test put there itself is bought as nothing.
    fn offering_of(&self, machine_id: &str) -> Result<Option<Offering>, PowerError> {
        if self.alive.borrow().values().any(|it| it.id == machine_id) {
            return Ok(self.offerings.borrow().get(machine_id).cloned());
        }
        Err(PowerError::Refused(format!("there is no machine `{machine_id}`")))
    }

    fn switch(&self, machine_id: &str, state: Power) {
        let mut alive = self.alive.borrow_mut();
        if let Some(machine) = alive.values_mut().find(|it| it.id == machine_id) {
            machine.state = state;
        }
    }
}

impl Machines for FakeMachines {
    async fn ensure_bought(
        &self,
        worker: &WorkerId,
        offering: &Offering,
    ) -> Result<Machine, BuyError> {
        self.check()?;
        let known = self.alive.borrow().get(worker).cloned();
        let on_sale = offering.machine_types().find(|it| !self.is_sold_out(it));
        let Some(machine_type) = on_sale.or(known.as_ref().map(|it| it.machine_type.as_str()))
        else {
            let machine_type = offering.machine_type.clone();
            return Err(BuyError::InsufficientCapacity { machine_type });
        };
        if known.is_none() && self.refused.borrow().contains(&offering.machine_type) {
            return Err(BuyError::Refused(format!("no `{}` for you", offering.machine_type)));
        }
        let machine = known.clone().unwrap_or_else(|| self.deliver(worker, offering, machine_type));
        self.alive.borrow_mut().insert(worker.clone(), machine.clone());
        if self.lose_answer.take() {
            return Err(Unavailable::new("provider", "the answer is lost").into());
        }
        Ok(machine)
    }

    async fn find(&self, worker: &WorkerId) -> Result<Option<Machine>, Unavailable> {
        self.check()?;
        Ok(self.alive.borrow().get(worker).cloned())
    }

    async fn list(&self) -> Result<Vec<Machine>, Unavailable> {
        self.check()?;
        Ok(self.alive.borrow().values().cloned().collect())
    }

    async fn stop(&self, machine_id: &str) -> Result<(), PowerError> {
        self.check()?;
        if self.offering_of(machine_id)?.is_some_and(|it| it.purchase == Purchase::Spot) {
            return Err(PowerError::Refused("a Spot machine cannot be stopped".to_owned()));
        }
        self.switch(machine_id, Power::Stopped);
        Ok(())
    }

    async fn start(&self, machine_id: &str) -> Result<(), PowerError> {
        self.check()?;
        let is_sold_out =
            self.offering_of(machine_id)?.is_some_and(|it| self.is_sold_out(&it.machine_type));
        let is_running =
            self.alive.borrow().values().any(|it| it.id == machine_id && it.is_running());
        if is_sold_out && !is_running {
            return Err(PowerError::InsufficientCapacity { machine_id: machine_id.to_owned() });
        }
        self.switch(machine_id, Power::Running);
        Ok(())
    }

    async fn terminate(&self, machine_id: &str) -> Result<(), Unavailable> {
        self.check()?;
        self.alive.borrow_mut().retain(|_, it| it.id != machine_id);
        Ok(())
    }
}
