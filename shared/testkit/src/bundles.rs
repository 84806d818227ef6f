//! A bundle store in memory.

use crate::outage::Outage;
use domain::worker::Holder;
use jiff::Timestamp;
use ports::{
    Unavailable,
    bundles::{Bundle, Bundles},
};
use std::{
    cell::{Cell, RefCell},
    collections::BTreeMap,
};

#[derive(Debug, Default)]
pub struct FakeBundles {
    /// Configurations that can be fetched, by holder, attempt and version.
    pub stored: RefCell<BTreeMap<(Holder, u32, u32), String>>,
    /// Since when, where a test says so. The others are from 1970.
    pub stored_at: RefCell<BTreeMap<(Holder, u32, u32), Timestamp>>,
    /// What is withdrawn stays, to be looked at.
    pub keep: Cell<bool>,
    pub outage: Outage,
}

impl FakeBundles {
    /// Leaves a launch's bundle over, as of `at`.
    pub fn leave(&self, holder: &Holder, attempt: u32, at: Timestamp) {
        self.stored.borrow_mut().insert((holder.clone(), attempt, 0), String::new());
        self.stored_at.borrow_mut().insert((holder.clone(), attempt, 0), at);
    }
}

impl Bundles for FakeBundles {
    async fn publish(
        &self,
        holder: &Holder,
        attempt: u32,
        version: u32,
        configuration: &str,
    ) -> Result<String, Unavailable> {
        self.outage.check("bundles")?;
        let mut stored = self.stored.borrow_mut();
        stored.insert((holder.clone(), attempt, version), configuration.to_owned());
        Ok(format!("https://bundles.test/{holder}/{attempt}-{version}?signed"))
    }

    async fn withdraw(
        &self,
        holder: &Holder,
        attempt: u32,
        version: u32,
    ) -> Result<(), Unavailable> {
        self.outage.check("bundles")?;
        if self.keep.get() {
            return Ok(());
        }
        self.stored.borrow_mut().remove(&(holder.clone(), attempt, version));
        Ok(())
    }

    async fn list(&self) -> Result<Vec<Bundle>, Unavailable> {
        self.outage.check("bundles")?;
        let since = self.stored_at.borrow();
        let bundle = |of: &(Holder, u32, u32)| Bundle {
            holder: of.0.clone(),
            attempt: of.1,
            version: of.2,
            stored_at: since.get(of).copied().unwrap_or_default(),
        };
        Ok(self.stored.borrow().keys().map(bundle).collect())
    }
}
