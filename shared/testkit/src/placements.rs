//! Decisions in memory.

use crate::outage::Outage;
use domain::id::ProjectId;
use ports::{
    Unavailable,
    placements::{Decision, Placements},
};
use std::cell::RefCell;

#[derive(Debug, Default)]
pub struct FakePlacements {
    pub recorded: RefCell<Vec<Decision>>,
    pub outage: Outage,
}

impl Placements for FakePlacements {
    async fn record(&self, decision: &Decision) -> Result<(), Unavailable> {
        self.outage.check("placements")?;
        let mut recorded = self.recorded.borrow_mut();
        if !recorded.iter().any(|it| it.reservation_id == decision.reservation_id) {
            recorded.push(decision.clone());
        }
        Ok(())
    }

    async fn list(&self, project: &ProjectId) -> Result<Vec<Decision>, Unavailable> {
        self.outage.check("placements")?;
        let recorded = self.recorded.borrow();
        Ok(recorded.iter().filter(|it| it.project_id == *project).cloned().collect())
    }
}
