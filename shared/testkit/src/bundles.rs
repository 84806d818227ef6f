//! A bundle store in memory.

use crate::outage::Outage;
use domain::id::ProjectId;
use ports::{Unavailable, bundles::Bundles};
use std::{cell::RefCell, collections::BTreeMap};

#[derive(Debug, Default)]
pub struct FakeBundles {
    /// Configurations that can be fetched, by project and attempt.
    pub stored: RefCell<BTreeMap<(ProjectId, u32), String>>,
    pub outage: Outage,
}

impl Bundles for FakeBundles {
    async fn publish(
        &self,
        project: &ProjectId,
        attempt: u32,
        configuration: &str,
    ) -> Result<String, Unavailable> {
        self.outage.check("bundles")?;
        let mut stored = self.stored.borrow_mut();
        stored.insert((project.clone(), attempt), configuration.to_owned());
        Ok(format!("https://bundles.test/{project}/{attempt}?signed"))
    }

    async fn withdraw(&self, project: &ProjectId, attempt: u32) -> Result<(), Unavailable> {
        self.outage.check("bundles")?;
        self.stored.borrow_mut().remove(&(project.clone(), attempt));
        Ok(())
    }
}
