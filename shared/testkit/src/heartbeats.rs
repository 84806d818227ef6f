//! Heartbeats in memory.

use crate::outage::Outage;
use ports::{
    Unavailable,
    heartbeats::{Heartbeat, Heartbeats},
};
use std::{cell::RefCell, collections::BTreeMap};

#[derive(Debug, Default)]
pub struct FakeHeartbeats {
    /// The last one of each node.
    pub last: RefCell<BTreeMap<String, Heartbeat>>,
    pub outage: Outage,
}

impl FakeHeartbeats {
    pub fn beat(&self, heartbeat: Heartbeat) {
        self.last.borrow_mut().insert(heartbeat.node_id.clone(), heartbeat);
    }
}

impl Heartbeats for FakeHeartbeats {
    async fn last_of(&self, nodes: &[String]) -> Result<Vec<Heartbeat>, Unavailable> {
        self.outage.check("heartbeats")?;
        let last = self.last.borrow();
        Ok(nodes.iter().filter_map(|it| last.get(it)).cloned().collect())
    }
}
