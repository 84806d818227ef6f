//! Projects as their tenant sees them: nothing can be asked of one without saying whose it is.
//!
//! What answers customers asks for this instead of [`Projects`], so that a forgotten comparison is a
//! mistake of the compiler's to find. Sagas act for no customer and keep the whole port.

use crate::{
    Unavailable,
    projects::{ChangeError, Checkout, CreateError, Projects, SealedSecrets},
};
use domain::{
    backup::Choice,
    id::{ProjectId, TenantId},
    project::Project,
};
use std::ops::Deref;

/// A project of which it is known that it belongs to the tenant that asked. Only
/// [`TenantProjects::find`] makes one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Owned(Project);

impl Owned {
    pub fn into_project(self) -> Project {
        self.0
    }
}

impl Deref for Owned {
    type Target = Project;

    fn deref(&self) -> &Project {
        &self.0
    }
}

/// Every [`Projects`] is one.
pub trait TenantProjects {
    /// See [`Projects::create`]: the project carries its tenant.
    fn create(
        &self,
        project: &Project,
        secrets: &SealedSecrets,
    ) -> impl Future<Output = Result<(), CreateError>> + Send;

    /// Somebody else's project is `None`, like one that nobody has. Strongly consistent.
    fn find(
        &self,
        tenant: &TenantId,
        id: &ProjectId,
    ) -> impl Future<Output = Result<Option<Owned>, Unavailable>> + Send;

    /// All projects of `tenant`, oldest first.
    fn list(
        &self,
        tenant: &TenantId,
    ) -> impl Future<Output = Result<Vec<Project>, Unavailable>> + Send;

    fn secrets(
        &self,
        project: &Owned,
    ) -> impl Future<Output = Result<Option<SealedSecrets>, Unavailable>> + Send;

    /// See [`Projects::checkout`].
    fn checkout(
        &self,
        project: &Owned,
    ) -> impl Future<Output = Result<Option<Checkout>, Unavailable>> + Send;

    fn record_checkout(
        &self,
        project: &Owned,
        checkout: &Checkout,
    ) -> impl Future<Output = Result<(), Unavailable>> + Send;

    /// See [`Projects::request_retry`].
    fn request_retry(
        &self,
        project: &Owned,
    ) -> impl Future<Output = Result<Project, ChangeError>> + Send;

    /// See [`Projects::request_start`].
    fn request_start(
        &self,
        project: &Owned,
    ) -> impl Future<Output = Result<Project, ChangeError>> + Send;

    /// See [`Projects::set_keep_awake`].
    fn set_keep_awake(
        &self,
        project: &Owned,
        keep_awake: bool,
    ) -> impl Future<Output = Result<Project, ChangeError>> + Send;

    /// See [`Projects::choose_backup`], of the attempt that `project` was read at.
    fn choose_backup(
        &self,
        project: &Owned,
        choice: Choice,
    ) -> impl Future<Output = Result<Project, ChangeError>> + Send;
}

impl<P: Projects + Sync> TenantProjects for P {
    async fn create(&self, project: &Project, secrets: &SealedSecrets) -> Result<(), CreateError> {
        Projects::create(self, project, secrets).await
    }

    async fn find(&self, tenant: &TenantId, id: &ProjectId) -> Result<Option<Owned>, Unavailable> {
        let project = Projects::find(self, id).await?;
        Ok(project.filter(|it| it.tenant_id == *tenant).map(Owned))
    }

    async fn list(&self, tenant: &TenantId) -> Result<Vec<Project>, Unavailable> {
        Projects::list(self, tenant).await
    }

    async fn secrets(&self, project: &Owned) -> Result<Option<SealedSecrets>, Unavailable> {
        Projects::secrets(self, &project.id).await
    }

    async fn checkout(&self, project: &Owned) -> Result<Option<Checkout>, Unavailable> {
        Projects::checkout(self, &project.id).await
    }

    async fn record_checkout(
        &self,
        project: &Owned,
        checkout: &Checkout,
    ) -> Result<(), Unavailable> {
        Projects::record_checkout(self, &project.id, checkout).await
    }

    async fn request_retry(&self, project: &Owned) -> Result<Project, ChangeError> {
        Projects::request_retry(self, &project.id).await
    }

    async fn request_start(&self, project: &Owned) -> Result<Project, ChangeError> {
        Projects::request_start(self, &project.id).await
    }

    async fn set_keep_awake(
        &self,
        project: &Owned,
        keep_awake: bool,
    ) -> Result<Project, ChangeError> {
        Projects::set_keep_awake(self, &project.id, keep_awake).await
    }

    async fn choose_backup(&self, project: &Owned, choice: Choice) -> Result<Project, ChangeError> {
        Projects::choose_backup(self, &project.id, project.attempt, choice).await
    }
}
