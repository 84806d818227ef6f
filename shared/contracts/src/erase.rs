//! The saga that deletes a project with everything that we keep of it.

use crate::provision::Caught;
use domain::{
    id::{ProjectId, TenantId},
    project::Project,
    route::HostName,
};
use serde::{Deserialize, Serialize};

/// The state of one execution.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Saga {
    pub project_id: ProjectId,
    pub tenant_id: TenantId,
    pub attempt: u32,
    pub host: HostName,
    /// Because this one is over. Whoever else pays by then keeps the project.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subscription_id: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<Caught>,
}

impl Saga {
    pub fn of(project: &Project) -> Self {
        Self {
            project_id: project.id.clone(),
            tenant_id: project.tenant_id.clone(),
            attempt: project.attempt,
            host: project.host.clone(),
            subscription_id: project.subscription_id.clone(),
            error: None,
        }
    }

    /// The execution's name, which is its idempotency key: a project is deleted once. `try_number`
    /// is 0, or more after an execution that failed.
    pub fn execution_name(&self, try_number: u32) -> String {
        format!("erase-{}-{}-{try_number}", self.project_id, self.attempt)
    }
}
