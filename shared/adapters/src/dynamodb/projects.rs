//! [`Projects`] on the table `projects`.
//!
//! A change reads the project, asks its state machine, and writes on the condition that nobody
//! changed what it decided by.

use super::{
    keys::{self, Key},
    table::{Table, is_made, unavailable, write},
};
use aws_sdk_dynamodb::{
    Client,
    operation::transact_write_items::TransactWriteItemsError,
    types::{AttributeValue as A, Put, TransactWriteItem},
};
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
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug)]
pub struct DynamoProjects {
    table: Table,
}

#[derive(Debug, Serialize, Deserialize)]
struct SecretsItem {
    #[serde(with = "super::bytes")]
    gateway_token: Vec<u8>,
    #[serde(with = "super::bytes")]
    model_key: Vec<u8>,
}

impl SecretsItem {
    fn of(secrets: &SealedSecrets) -> Self {
        let SealedSecrets { gateway_token, model_key } = secrets.clone();
        Self { gateway_token, model_key }
    }
}

/// An entry in a tenant's list.
#[derive(Debug, Serialize, Deserialize)]
struct Listed {
    sk: ProjectId,
}

impl DynamoProjects {
    pub async fn connect(table: String) -> Self {
        Self { table: Table::connect(table).await }
    }

    /// For tests, which bring their own engine.
    pub fn on(client: Client, table: String) -> Self {
        Self { table: Table::on(client, table) }
    }

    pub(super) fn table(&self) -> &Table {
        &self.table
    }

    fn put_new(&self, key: &Key, item: &impl Serialize) -> Result<TransactWriteItem, Unavailable> {
        let put = Put::builder()
            .table_name(&self.table.name)
            .set_item(Some(write(key, item)?))
            .condition_expression("attribute_not_exists(pk)")
            .build()
            .map_err(unavailable)?;
        Ok(TransactWriteItem::builder().put(put).build())
    }

    /// Writes `after` if the project is still what `before` was.
    async fn replace(&self, before: &Project, after: &Project) -> Result<(), ChangeError> {
        if before == after {
            return Ok(());
        }
        let mut update = self
            .table
            .update(&keys::project(&after.id))
            .expression_attribute_names("#state", "state")
            .expression_attribute_names("#plan", "plan")
            .expression_attribute_values(":state", attribute(&after.state)?)
            .expression_attribute_values(":attempt", attribute(&after.attempt)?)
            .expression_attribute_values(":reason", attribute(&after.reason)?)
            .expression_attribute_values(":plan", attribute(&after.plan)?)
            .expression_attribute_values(":halts", attribute(&after.halts)?)
            .expression_attribute_values(":cause", attribute(&after.plan_cause)?)
            .expression_attribute_values(":plan_was", attribute(&before.plan)?)
            .expression_attribute_values(":payer_was", attribute(&before.subscription_id)?)
            .expression_attribute_values(":halts_was", attribute(&before.halts)?)
            .expression_attribute_values(":cause_was", attribute(&before.plan_cause)?)
            .expression_attribute_values(":was", attribute(&before.state)?)
            .expression_attribute_values(":at", attribute(&before.attempt)?);
        // Who pays is part of the condition: what somebody has paid for meanwhile is decided anew.
        // Projects that were stored before they could be halted lack the last two.
        let mut condition = "#state = :was AND attempt = :at AND #plan = :plan_was \
                             AND subscription_id = :payer_was \
                             AND (halts = :halts_was OR attribute_not_exists(halts)) \
                             AND (plan_cause = :cause_was OR attribute_not_exists(plan_cause))"
            .to_owned();
        let mut changes = "SET #state = :state, attempt = :attempt, reason = :reason, \
                           #plan = :plan, halts = :halts, plan_cause = :cause"
            .to_owned();
        // A backup is noted beside everything else: what was read of it must not be written back.
        if after.backup != before.backup {
            changes.push_str(", #backup = :backup");
            update = update
                .expression_attribute_names("#backup", "backup")
                .expression_attribute_values(":backup", attribute(&after.backup)?);
            condition.push_str(match &before.backup {
                Some(_) => " AND #backup.taken_at = :taken_at_was",
                None => " AND attribute_not_exists(#backup.taken_at)",
            });
            if let Some(known) = &before.backup {
                let was = attribute(&known.taken_at)?;
                update = update.expression_attribute_values(":taken_at_was", was);
            }
        }
        if after.subscription_id != before.subscription_id {
            changes.push_str(", subscription_id = :subscription");
            update = update
                .expression_attribute_values(":subscription", attribute(&after.subscription_id)?);
        }
        let update = update.condition_expression(condition).update_expression(changes);
        if is_made(update.send().await)? { Ok(()) } else { Err(ChangeError::LostRace) }
    }

    async fn known(&self, id: &ProjectId) -> Result<Project, ChangeError> {
        self.find(id).await?.ok_or_else(|| ChangeError::Unknown(id.clone()))
    }

    /// Reads the project and writes what `change` makes of it.
    async fn update<E: Into<ChangeError>>(
        &self,
        id: &ProjectId,
        change: impl FnOnce(&Project) -> Result<Project, E>,
    ) -> Result<Project, ChangeError> {
        let before = self.known(id).await?;
        let after = change(&before).map_err(Into::into)?;
        self.replace(&before, &after).await?;
        Ok(after)
    }
}

impl Projects for DynamoProjects {
    async fn create(&self, project: &Project, secrets: &SealedSecrets) -> Result<(), CreateError> {
        let (id, tenant) = (&project.id, &project.tenant_id);
        let sealed = SecretsItem::of(secrets);
        let created = self
            .table
            .client
            .transact_write_items()
            .transact_items(self.put_new(&keys::project(id), project)?)
            .transact_items(self.put_new(&keys::project_secrets(id), &sealed)?)
            .transact_items(
                self.put_new(&keys::project_of_tenant(tenant, id), &Listed { sk: id.clone() })?,
            )
            .send()
            .await;
        let Err(error) = created else {
            return Ok(());
        };
        if !error
            .as_service_error()
            .is_some_and(TransactWriteItemsError::is_transaction_canceled_exception)
        {
            return Err(unavailable(error).into());
        }
        match self.find(id).await? {
            Some(existing) if existing.tenant_id == *tenant => Ok(()),
            Some(_) => Err(CreateError::Taken),
            None => Err(unavailable(error).into()),
        }
    }

    async fn find(&self, id: &ProjectId) -> Result<Option<Project>, Unavailable> {
        self.table.get(&keys::project(id)).await
    }

    async fn list(&self, tenant: &TenantId) -> Result<Vec<Project>, Unavailable> {
        let listed: Vec<Listed> = self.table.partition(tenant.as_str()).await?;
        let mut projects = Vec::new();
        for entry in listed {
            projects.extend(self.find(&entry.sk).await?);
        }
        projects.sort_by_key(|it| it.created_at);
        Ok(projects)
    }

    async fn secrets(&self, id: &ProjectId) -> Result<Option<SealedSecrets>, Unavailable> {
        let item: Option<SecretsItem> = self.table.get(&keys::project_secrets(id)).await?;
        Ok(item
            .map(|it| SealedSecrets { gateway_token: it.gateway_token, model_key: it.model_key }))
    }

    async fn checkout(&self, id: &ProjectId) -> Result<Option<Checkout>, Unavailable> {
        self.table.get(&keys::checkout(id)).await
    }

    async fn record_checkout(
        &self,
        id: &ProjectId,
        checkout: &Checkout,
    ) -> Result<(), Unavailable> {
        self.table.put(&keys::checkout(id), checkout).await
    }

    async fn record_paid(
        &self,
        id: &ProjectId,
        subscription: &str,
    ) -> Result<Project, ChangeError> {
        let before = self.known(id).await?;
        if before.subscription_id.as_deref().is_some_and(|it| it != subscription) {
            return Err(ChangeError::OtherSubscription);
        }
        let mut after = before.clone();
        after.state = before.state.after(Event::Paid)?;
        after.attempt = before.attempt.max(1);
        after.subscription_id = Some(subscription.to_owned());
        self.replace(&before, &after).await?;
        Ok(after)
    }

    async fn replace_subscription(
        &self,
        id: &ProjectId,
        old: &str,
        new: &str,
    ) -> Result<(), ChangeError> {
        let replaced = self
            .table
            .update(&keys::project(id))
            .update_expression("SET subscription_id = :new REMOVE plan_cause")
            .condition_expression("subscription_id IN (:old, :new)")
            .expression_attribute_values(":old", attribute(&old)?)
            .expression_attribute_values(":new", attribute(&new)?)
            .send()
            .await;
        if is_made(replaced)? { Ok(()) } else { Err(ChangeError::OtherSubscription) }
    }

    async fn change(
        &self,
        id: &ProjectId,
        attempt: u32,
        event: Event,
        reason: Option<&str>,
    ) -> Result<Project, ChangeError> {
        let before = self.known(id).await?;
        if before.attempt != attempt {
            return Err(ChangeError::Fenced { attempt, current: before.attempt });
        }
        let after = before.changed(event, reason)?;
        self.replace(&before, &after).await?;
        Ok(after)
    }

    async fn record_halting(
        &self,
        id: &ProjectId,
        attempt: u32,
        number: u32,
    ) -> Result<Project, ChangeError> {
        self.update(id, |it| it.halting(attempt, number)).await
    }

    async fn record_halt_undone(
        &self,
        id: &ProjectId,
        attempt: u32,
        number: u32,
    ) -> Result<Project, ChangeError> {
        self.update(id, |it| it.halt_undone(attempt, number)).await
    }

    async fn record_halted(
        &self,
        id: &ProjectId,
        attempt: u32,
        purpose: Purpose,
        backup: Option<&Backup>,
    ) -> Result<Project, ChangeError> {
        self.update(id, |it| it.halted(attempt, purpose, backup)).await
    }

    async fn record_replaced(&self, id: &ProjectId, attempt: u32) -> Result<Project, ChangeError> {
        self.update(id, |it| it.replaced(attempt)).await
    }

    async fn record_backup(&self, id: &ProjectId, backup: &Backup) -> Result<Project, ChangeError> {
        self.update(id, |it| it.backed_up(backup)).await
    }

    async fn request_resume(&self, id: &ProjectId) -> Result<Project, ChangeError> {
        self.update(id, Project::resumed).await
    }

    async fn request_start(&self, id: &ProjectId) -> Result<Project, ChangeError> {
        self.update(id, Project::started).await
    }

    /// It decides nothing that a state machine would have to know of, so nothing else is compared.
    async fn set_keep_awake(
        &self,
        id: &ProjectId,
        keep_awake: bool,
    ) -> Result<Project, ChangeError> {
        let before = self.known(id).await?;
        let update = self
            .table
            .update(&keys::project(id))
            .update_expression("SET keep_awake = :it")
            .condition_expression("attribute_exists(pk)")
            .expression_attribute_values(":it", attribute(&keep_awake)?);
        let is_made = is_made(update.send().await)?;
        if is_made {
            Ok(Project { keep_awake, ..before })
        } else {
            Err(ChangeError::Unknown(id.clone()))
        }
    }

    async fn choose_backup(
        &self,
        id: &ProjectId,
        attempt: u32,
        choice: Choice,
    ) -> Result<Project, ChangeError> {
        self.update(id, |it| it.going_back(attempt, choice)).await
    }

    async fn note_plan(
        &self,
        id: &ProjectId,
        attempt: u32,
        plan: PlanId,
    ) -> Result<Project, ChangeError> {
        self.update(id, |it| it.plan_noted(attempt, plan)).await
    }

    async fn record_plan(
        &self,
        id: &ProjectId,
        attempt: u32,
        change: PlanChange,
    ) -> Result<Project, ChangeError> {
        self.update(id, |it| it.resized(attempt, change)).await
    }

    async fn record_plan_undone(
        &self,
        id: &ProjectId,
        attempt: u32,
        change: PlanChange,
    ) -> Result<Project, ChangeError> {
        self.update(id, |it| it.resize_undone(attempt, change)).await
    }

    async fn record_deleting(
        &self,
        id: &ProjectId,
        attempt: u32,
        payer: Option<&str>,
    ) -> Result<Project, ChangeError> {
        self.update(id, |it| it.deleting(attempt, payer)).await
    }

    /// The secrets come first: a project without any would fail to launch, and secrets without a
    /// project open nothing.
    async fn begin_anew(
        &self,
        id: &ProjectId,
        secrets: &SealedSecrets,
    ) -> Result<Project, ChangeError> {
        let before = self.known(id).await?;
        let after = before.begun_anew()?;
        if before != after {
            self.table.put_new(&keys::project_secrets(id), &SecretsItem::of(secrets)).await?;
        }
        self.replace(&before, &after).await?;
        Ok(after)
    }

    async fn request_retry(&self, id: &ProjectId) -> Result<Project, ChangeError> {
        let before = self.known(id).await?;
        let mut after = before.clone();
        after.state = before.state.after(Event::RetryRequested)?;
        if before.state != State::Pending {
            after.attempt += 1;
            after.reason = None;
        }
        self.replace(&before, &after).await?;
        Ok(after)
    }
}

fn attribute(value: &impl Serialize) -> Result<A, Unavailable> {
    serde_dynamo::to_attribute_value(value).map_err(unavailable)
}
