//! Deliveries in memory.

use crate::outage::Outage;
use ports::{
    Unavailable,
    deliveries::{Deliveries, Delivery},
};
use std::{cell::RefCell, collections::BTreeMap};

#[derive(Debug, Default)]
pub struct FakeDeliveries {
    pub stored: RefCell<BTreeMap<String, Delivery>>,
    pub outcomes: RefCell<BTreeMap<String, String>>,
    pub outage: Outage,
}

impl Deliveries for FakeDeliveries {
    async fn record(&self, delivery: &Delivery) -> Result<bool, Unavailable> {
        self.outage.check("deliveries")?;
        let mut stored = self.stored.borrow_mut();
        let new = !stored.contains_key(&delivery.id);
        stored.entry(delivery.id.clone()).or_insert_with(|| delivery.clone());
        Ok(new)
    }

    async fn find(&self, id: &str) -> Result<Option<Delivery>, Unavailable> {
        self.outage.check("deliveries")?;
        Ok(self.stored.borrow().get(id).cloned())
    }

    async fn record_outcome(&self, id: &str, outcome: &str) -> Result<(), Unavailable> {
        self.outage.check("deliveries")?;
        self.outcomes.borrow_mut().insert(id.to_owned(), outcome.to_owned());
        Ok(())
    }
}
