//! Projects in memory.

use crate::outage::Outage;
use domain::{
    backup::{Backup, Choice},
    id::{ProjectId, TenantId},
    plan::PlanId,
    project::{Event, PlanChange, Project, Purpose, State},
};
use ports::{
    Unavailable,
    projects::{ChangeError, Checkout, CreateError, Projects, SealedSecrets},
};
use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

#[derive(Debug, Default)]
pub struct FakeProjects {
    stored: Mutex<BTreeMap<ProjectId, Stored>>,
    pub outage: Outage,
    /// Changes that take effect though their answer is lost.
    pub lost_answers: Outage,
}

#[derive(Clone, Debug)]
struct Stored {
    project: Project,
    secrets: Option<SealedSecrets>,
    checkout: Option<Checkout>,
}

impl FakeProjects {
    /// `projects`, without secrets.
    pub fn of(projects: impl IntoIterator<Item = Project>) -> Self {
        let fake = Self::default();
        for project in projects {
            let stored = Stored { project: project.clone(), secrets: None, checkout: None };
            fake.lock().insert(project.id, stored);
        }
        fake
    }

    /// Every tenant's, to be looked at: no outage hides them.
    pub fn all(&self) -> Vec<Project> {
        self.lock().values().map(|it| it.project.clone()).collect()
    }

    pub fn put_secrets(&self, id: &ProjectId, secrets: SealedSecrets) {
        if let Some(stored) = self.lock().get_mut(id) {
            stored.secrets = Some(secrets);
        }
    }

    /// All that is kept of it but its record.
    pub fn forget(&self, id: &ProjectId) {
        if let Some(stored) = self.lock().get_mut(id) {
            (stored.secrets, stored.checkout) = (None, None);
        }
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<ProjectId, Stored>> {
        self.stored.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn read<T>(
        &self,
        id: &ProjectId,
        field: impl FnOnce(&Stored) -> T,
    ) -> Result<Option<T>, Unavailable> {
        self.outage.check("projects")?;
        Ok(self.lock().get(id).map(field))
    }

    fn update(
        &self,
        id: &ProjectId,
        change: impl FnOnce(&mut Project) -> Result<(), ChangeError>,
    ) -> Result<Project, ChangeError> {
        self.outage.check("projects")?;
        let mut stored = self.lock();
        let stored = stored.get_mut(id).ok_or_else(|| ChangeError::Unknown(id.clone()))?;
        change(&mut stored.project)?;
        self.lost_answers.check("projects")?;
        Ok(stored.project.clone())
    }
}

impl Projects for FakeProjects {
    async fn create(&self, project: &Project, secrets: &SealedSecrets) -> Result<(), CreateError> {
        self.outage.check("projects")?;
        let mut stored = self.lock();
        match stored.get(&project.id) {
            Some(it) if it.project.tenant_id != project.tenant_id => Err(CreateError::Taken),
            Some(_) => Ok(()),
            None => {
                let secrets = Some(secrets.clone());
                let new = Stored { project: project.clone(), secrets, checkout: None };
                stored.insert(project.id.clone(), new);
                Ok(())
            }
        }
    }

    async fn find(&self, id: &ProjectId) -> Result<Option<Project>, Unavailable> {
        self.read(id, |it| it.project.clone())
    }

    async fn list(&self, tenant: &TenantId) -> Result<Vec<Project>, Unavailable> {
        self.outage.check("projects")?;
        let stored = self.lock();
        let mine = stored.values().filter(|it| it.project.tenant_id == *tenant);
        let mut projects: Vec<_> = mine.map(|it| it.project.clone()).collect();
        projects.sort_by_key(|it| it.created_at);
        Ok(projects)
    }

    async fn secrets(&self, id: &ProjectId) -> Result<Option<SealedSecrets>, Unavailable> {
        Ok(self.read(id, |it| it.secrets.clone())?.flatten())
    }

    async fn checkout(&self, id: &ProjectId) -> Result<Option<Checkout>, Unavailable> {
        Ok(self.read(id, |it| it.checkout.clone())?.flatten())
    }

    async fn record_checkout(
        &self,
        id: &ProjectId,
        checkout: &Checkout,
    ) -> Result<(), Unavailable> {
        self.outage.check("projects")?;
        if let Some(stored) = self.lock().get_mut(id) {
            stored.checkout = Some(checkout.clone());
        }
        Ok(())
    }

    async fn record_paid(
        &self,
        id: &ProjectId,
        subscription: &str,
    ) -> Result<Project, ChangeError> {
        self.update(id, |project| {
            if project.subscription_id.as_deref().is_some_and(|it| it != subscription) {
                return Err(ChangeError::OtherSubscription);
            }
            project.state = project.state.after(Event::Paid)?;
            project.attempt = project.attempt.max(1);
            project.subscription_id = Some(subscription.to_owned());
            Ok(())
        })
    }

    async fn replace_subscription(
        &self,
        id: &ProjectId,
        old: &str,
        new: &str,
    ) -> Result<(), ChangeError> {
        let replaced = self.update(id, |project| {
            if !project.subscription_id.as_deref().is_some_and(|it| it == old || it == new) {
                return Err(ChangeError::OtherSubscription);
            }
            project.subscription_id = Some(new.to_owned());
            project.plan_cause = None;
            Ok(())
        });
        replaced.map(drop)
    }

    async fn change(
        &self,
        id: &ProjectId,
        attempt: u32,
        event: Event,
        reason: Option<&str>,
    ) -> Result<Project, ChangeError> {
        self.update(id, |project| {
            if project.attempt != attempt {
                return Err(ChangeError::Fenced { attempt, current: project.attempt });
            }
            *project = project.changed(event, reason)?;
            Ok(())
        })
    }

    async fn record_halting(
        &self,
        id: &ProjectId,
        attempt: u32,
        number: u32,
    ) -> Result<Project, ChangeError> {
        self.update(id, |project| {
            *project = project.halting(attempt, number)?;
            Ok(())
        })
    }

    async fn record_halt_undone(
        &self,
        id: &ProjectId,
        attempt: u32,
        number: u32,
    ) -> Result<Project, ChangeError> {
        self.update(id, |project| {
            *project = project.halt_undone(attempt, number)?;
            Ok(())
        })
    }

    async fn record_halted(
        &self,
        id: &ProjectId,
        attempt: u32,
        purpose: Purpose,
        backup: Option<&Backup>,
    ) -> Result<Project, ChangeError> {
        self.update(id, |project| {
            *project = project.halted(attempt, purpose, backup)?;
            Ok(())
        })
    }

    async fn record_replaced(&self, id: &ProjectId, attempt: u32) -> Result<Project, ChangeError> {
        self.update(id, |project| {
            *project = project.replaced(attempt)?;
            Ok(())
        })
    }

    async fn record_backup(&self, id: &ProjectId, backup: &Backup) -> Result<Project, ChangeError> {
        self.update(id, |project| {
            *project = project.backed_up(backup)?;
            Ok(())
        })
    }

    async fn request_resume(&self, id: &ProjectId) -> Result<Project, ChangeError> {
        self.update(id, |project| {
            *project = project.resumed()?;
            Ok(())
        })
    }

    async fn request_start(&self, id: &ProjectId) -> Result<Project, ChangeError> {
        self.update(id, |project| {
            *project = project.started()?;
            Ok(())
        })
    }

    async fn choose_backup(
        &self,
        id: &ProjectId,
        attempt: u32,
        choice: Choice,
    ) -> Result<Project, ChangeError> {
        self.update(id, |project| {
            *project = project.going_back(attempt, choice)?;
            Ok(())
        })
    }

    async fn set_keep_awake(
        &self,
        id: &ProjectId,
        keep_awake: bool,
    ) -> Result<Project, ChangeError> {
        self.update(id, |project| {
            project.keep_awake = keep_awake;
            Ok(())
        })
    }

    async fn note_plan(
        &self,
        id: &ProjectId,
        attempt: u32,
        plan: PlanId,
    ) -> Result<Project, ChangeError> {
        self.update(id, |project| {
            *project = project.plan_noted(attempt, plan)?;
            Ok(())
        })
    }

    async fn record_plan(
        &self,
        id: &ProjectId,
        attempt: u32,
        change: PlanChange,
    ) -> Result<Project, ChangeError> {
        self.update(id, |project| {
            *project = project.resized(attempt, change)?;
            Ok(())
        })
    }

    async fn record_plan_undone(
        &self,
        id: &ProjectId,
        attempt: u32,
        change: PlanChange,
    ) -> Result<Project, ChangeError> {
        self.update(id, |project| {
            *project = project.resize_undone(attempt, change)?;
            Ok(())
        })
    }

    async fn record_deleting(
        &self,
        id: &ProjectId,
        attempt: u32,
        payer: Option<&str>,
    ) -> Result<Project, ChangeError> {
        self.update(id, |project| {
            *project = project.deleting(attempt, payer)?;
            Ok(())
        })
    }

    async fn begin_anew(
        &self,
        id: &ProjectId,
        secrets: &SealedSecrets,
    ) -> Result<Project, ChangeError> {
        self.outage.check("projects")?;
        let mut stored = self.lock();
        let stored = stored.get_mut(id).ok_or_else(|| ChangeError::Unknown(id.clone()))?;
        let after = stored.project.begun_anew()?;
        if after != stored.project {
            stored.secrets.get_or_insert_with(|| secrets.clone());
        }
        stored.project = after.clone();
        self.lost_answers.check("projects")?;
        Ok(after)
    }

    async fn request_retry(&self, id: &ProjectId) -> Result<Project, ChangeError> {
        self.update(id, |project| {
            let before = project.state;
            project.state = before.after(Event::RetryRequested)?;
            if before != State::Pending {
                project.attempt += 1;
                project.reason = None;
            }
            Ok(())
        })
    }
}
