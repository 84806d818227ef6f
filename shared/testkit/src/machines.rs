//! A provider in memory.

use crate::outage::Outage;
use domain::id::WorkerId;
use ports::{
    Unavailable,
    machines::{BuyError, Machine, Machines},
};
use std::{
    cell::{Cell, RefCell},
    collections::BTreeMap,
};

/// Machines run as soon as they are bought.
#[derive(Debug, Default)]
pub struct FakeMachines {
    /// What runs, by worker.
    pub alive: RefCell<BTreeMap<WorkerId, Machine>>,
    /// Machine types that are not to be had.
    pub sold_out: RefCell<Vec<String>>,
    /// The next purchase works, and its answer is lost.
    pub lose_answer: Cell<bool>,
    bought: Cell<u8>,
    pub outage: Outage,
}

impl FakeMachines {
    /// How many machines were ever bought.
    pub fn bought(&self) -> u8 {
        self.bought.get()
    }
}

impl Machines for FakeMachines {
    async fn ensure_bought(
        &self,
        worker: &WorkerId,
        machine_type: &str,
    ) -> Result<Machine, BuyError> {
        self.outage.check("provider")?;
        if self.sold_out.borrow().iter().any(|it| it == machine_type) {
            return Err(BuyError::InsufficientCapacity { machine_type: machine_type.to_owned() });
        }
        let mut alive = self.alive.borrow_mut();
        let machine = alive.entry(worker.clone()).or_insert_with(|| {
            self.bought.set(self.bought.get() + 1);
            let address = Some([10, 0, 1, self.bought.get()].into());
            Machine { id: format!("i-{}", self.bought.get()), running: true, address }
        });
        if self.lose_answer.take() {
            return Err(Unavailable::new("provider", "the answer is lost").into());
        }
        Ok(machine.clone())
    }

    async fn find(&self, worker: &WorkerId) -> Result<Option<Machine>, Unavailable> {
        self.outage.check("provider")?;
        Ok(self.alive.borrow().get(worker).cloned())
    }

    async fn terminate(&self, machine_id: &str) -> Result<(), Unavailable> {
        self.outage.check("provider")?;
        self.alive.borrow_mut().retain(|_, it| it.id != machine_id);
        Ok(())
    }
}
