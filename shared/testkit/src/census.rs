//! The census of the projects in memory.

use crate::projects::FakeProjects;
use domain::project::Project;
use ports::{Unavailable, census::Census};

impl Census for FakeProjects {
    async fn projects(&self) -> Result<Vec<Project>, Unavailable> {
        self.outage.check("projects")?;
        Ok(self.all())
    }
}
