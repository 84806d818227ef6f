//! What is kept beside projects, forgotten in memory.

use crate::{configurations::FakeConfigurations, projects::FakeProjects};
use domain::id::ProjectId;
use ports::{Unavailable, erasure::Erasure};

/// Over the stores that have it, as they share a table.
#[derive(Debug)]
pub struct FakeErasure<'a> {
    pub projects: &'a FakeProjects,
    pub configurations: &'a FakeConfigurations,
}

impl Erasure for FakeErasure<'_> {
    async fn forget(&self, project: &ProjectId) -> Result<(), Unavailable> {
        self.projects.outage.check("projects")?;
        self.projects.forget(project);
        self.configurations.forget(project);
        Ok(())
    }
}
