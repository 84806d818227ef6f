//! Suggested credits in memory.

use crate::outage::Outage;
use ports::{
    Unavailable,
    credits::{Credit, Credits},
};
use std::cell::RefCell;

#[derive(Debug, Default)]
pub struct FakeCredits {
    pub stored: RefCell<Vec<Credit>>,
    pub outage: Outage,
}

impl Credits for FakeCredits {
    async fn record(&self, credit: &Credit) -> Result<bool, Unavailable> {
        self.outage.check("credits")?;
        let mut stored = self.stored.borrow_mut();
        let same = |it: &Credit| it.project_id == credit.project_id && it.attempt == credit.attempt;
        if stored.iter().any(same) {
            return Ok(false);
        }
        stored.push(credit.clone());
        Ok(true)
    }

    async fn list(&self) -> Result<Vec<Credit>, Unavailable> {
        self.outage.check("credits")?;
        Ok(self.stored.borrow().clone())
    }
}
