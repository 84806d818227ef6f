//! [`Configurations`] on the table `projects`: one item for each project, beside the project's own.
//!
//! What an owner sets and what was seen in force are written by different functions at any time, so
//! neither writes the attributes of the other.

use super::{
    keys,
    provider_keys::USED_BY,
    table::{Table, is_made, unavailable},
};
use aws_sdk_dynamodb::{
    Client,
    operation::transact_write_items::TransactWriteItemsError,
    types::{AttributeValue as A, Delete, Put, TransactWriteItem, Update},
};
use domain::{
    configuration::{Configuration, Failure, Telegram},
    id::{KeyId, ProjectId, TenantId},
    model::ModelChoice,
    telegram::BotId,
};
use jiff::Timestamp;
use ports::{
    Unavailable,
    configurations::{Configurations, ReplaceError},
};
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug)]
pub struct DynamoConfigurations {
    table: Table,
}

#[derive(Debug, Serialize, Deserialize)]
struct ConfigurationItem {
    tenant_id: TenantId,
    model: Option<ModelChoice>,
    telegram: Option<TelegramItem>,
    version: u32,
    #[serde(default)]
    applied_version: u32,
    applied_at: Option<Timestamp>,
    failed_version: Option<u32>,
    failed_reason: Option<String>,
}

#[derive(Debug, Serialize, Deserialize)]
struct TelegramItem {
    bot: String,
    last4: String,
    fingerprint: String,
    #[serde(with = "super::bytes")]
    sealed: Vec<u8>,
}

/// What a part of the transaction is about, and so what its refusal means.
#[derive(Clone, Copy)]
enum Part {
    Version,
    NewKey,
    NewBot,
    /// Cannot be refused.
    Old,
}

impl DynamoConfigurations {
    pub async fn connect(table: String) -> Self {
        Self { table: Table::connect(table).await }
    }

    /// For tests, which bring their own engine.
    pub fn on(client: Client, table: String) -> Self {
        Self { table: Table::on(client, table) }
    }

    /// The next version, on the condition that it is the next one.
    fn write(
        &self,
        before: &Configuration,
        after: &Configuration,
    ) -> Result<TransactWriteItem, Unavailable> {
        let condition =
            if before.version == 0 { "attribute_not_exists(pk)" } else { "version = :was" };
        let telegram = after.telegram.clone().map(TelegramItem::from);
        let mut update = Update::builder()
            .table_name(&self.table.name)
            .set_key(Some(keys::configuration(&after.project_id).attributes()))
            .update_expression(
                "SET tenant_id = :tenant, model = :model, telegram = :telegram, version = :version",
            )
            .condition_expression(condition)
            .expression_attribute_values(":tenant", A::S(after.tenant_id.to_string()))
            .expression_attribute_values(":model", attribute(&after.model)?)
            .expression_attribute_values(":telegram", attribute(&telegram)?)
            .expression_attribute_values(":version", A::N(after.version.to_string()));
        if before.version > 0 {
            update = update.expression_attribute_values(":was", A::N(before.version.to_string()));
        }
        Ok(TransactWriteItem::builder().update(update.build().map_err(unavailable)?).build())
    }

    /// Has the key know whether the project uses it.
    fn mark(
        &self,
        it: &Configuration,
        key: &KeyId,
        verb: &str,
    ) -> Result<TransactWriteItem, Unavailable> {
        let update = Update::builder()
            .table_name(&self.table.name)
            .set_key(Some(keys::provider_key(&it.tenant_id, key).attributes()))
            .update_expression(format!("{verb} #used :project"))
            .condition_expression("attribute_exists(pk)")
            .expression_attribute_names("#used", USED_BY)
            .expression_attribute_values(":project", A::Ss(vec![it.project_id.to_string()]))
            .build()
            .map_err(unavailable)?;
        Ok(TransactWriteItem::builder().update(update).build())
    }

    /// One bot, one project. What the project has already it may take again.
    fn take(&self, it: &Configuration, bot: &BotId) -> Result<TransactWriteItem, Unavailable> {
        let mut item = keys::bot(bot).attributes();
        item.insert("project_id".to_owned(), A::S(it.project_id.to_string()));
        let put = Put::builder()
            .table_name(&self.table.name)
            .set_item(Some(item))
            .condition_expression("attribute_not_exists(pk) OR project_id = :project")
            .expression_attribute_values(":project", A::S(it.project_id.to_string()))
            .build()
            .map_err(unavailable)?;
        Ok(TransactWriteItem::builder().put(put).build())
    }

    fn free(&self, it: &Configuration, bot: &BotId) -> Result<TransactWriteItem, Unavailable> {
        let delete = Delete::builder()
            .table_name(&self.table.name)
            .set_key(Some(keys::bot(bot).attributes()))
            .condition_expression("attribute_not_exists(pk) OR project_id = :project")
            .expression_attribute_values(":project", A::S(it.project_id.to_string()))
            .build()
            .map_err(unavailable)?;
        Ok(TransactWriteItem::builder().delete(delete).build())
    }

    fn parts(
        &self,
        before: &Configuration,
        after: &Configuration,
    ) -> Result<Vec<(Part, TransactWriteItem)>, Unavailable> {
        let mut parts = vec![(Part::Version, self.write(before, after)?)];
        let (used, needed) = (before.keys(), after.keys());
        for key in needed.difference(&used) {
            parts.push((Part::NewKey, self.mark(after, key, "ADD")?));
        }
        for key in used.difference(&needed) {
            parts.push((Part::Old, self.mark(after, key, "DELETE")?));
        }
        let (was, is) = (before.bot(), after.bot());
        if was != is {
            if let Some(bot) = is {
                parts.push((Part::NewBot, self.take(after, bot)?));
            }
            if let Some(bot) = was {
                parts.push((Part::Old, self.free(after, bot)?));
            }
        }
        Ok(parts)
    }
}

impl Configurations for DynamoConfigurations {
    async fn find(&self, project: &ProjectId) -> Result<Option<Configuration>, Unavailable> {
        let item: Option<ConfigurationItem> = self.table.get(&keys::configuration(project)).await?;
        Ok(item.map(|it| it.of(project)))
    }

    async fn replace(
        &self,
        before: &Configuration,
        after: &Configuration,
    ) -> Result<(), ReplaceError> {
        let (parts, items): (Vec<_>, Vec<_>) = self.parts(before, after)?.into_iter().unzip();
        let written = self.table.client.transact_write_items().set_transact_items(Some(items));
        match written.send().await {
            Ok(_) => Ok(()),
            Err(error) => match error.as_service_error().and_then(|it| refused(it, &parts)) {
                Some(refusal) => Err(refusal),
                None => Err(unavailable(error).into()),
            },
        }
    }

    async fn record_applied(
        &self,
        project: &ProjectId,
        version: u32,
        at: Timestamp,
    ) -> Result<(), Unavailable> {
        let written = self
            .table
            .update(&keys::configuration(project))
            .update_expression("SET applied_version = :version, applied_at = :at")
            .condition_expression(
                "attribute_exists(pk) AND \
                 (attribute_not_exists(applied_version) OR applied_version < :version)",
            )
            .expression_attribute_values(":version", A::N(version.to_string()))
            .expression_attribute_values(":at", attribute(&at)?)
            .send()
            .await;
        is_made(written).map(|_| ())
    }

    async fn record_failed(
        &self,
        project: &ProjectId,
        failure: &Failure,
    ) -> Result<(), Unavailable> {
        let written = self
            .table
            .update(&keys::configuration(project))
            .update_expression("SET failed_version = :version, failed_reason = :reason")
            .condition_expression(
                "attribute_exists(pk) AND \
                 (attribute_not_exists(failed_version) OR failed_version <= :version)",
            )
            .expression_attribute_values(":version", A::N(failure.version.to_string()))
            .expression_attribute_values(":reason", A::S(failure.reason.clone()))
            .send()
            .await;
        is_made(written).map(|_| ())
    }
}

/// What the first condition that did not hold says. A conflict with another transaction says nothing
/// yet: it is a race like any other.
fn refused(error: &TransactWriteItemsError, parts: &[Part]) -> Option<ReplaceError> {
    let TransactWriteItemsError::TransactionCanceledException(cancelled) = error else {
        return None;
    };
    let reasons = cancelled.cancellation_reasons();
    if reasons.iter().any(|it| it.code.as_deref() == Some("TransactionConflict")) {
        return Some(ReplaceError::LostRace);
    }
    let broken = |code: Option<&str>| code == Some("ConditionalCheckFailed");
    let (part, _) = parts.iter().zip(reasons).find(|(_, it)| broken(it.code.as_deref()))?;
    Some(match part {
        Part::NewKey => ReplaceError::KeyGone,
        Part::NewBot => ReplaceError::BotTaken,
        Part::Version | Part::Old => ReplaceError::LostRace,
    })
}

impl ConfigurationItem {
    fn of(self, project: &ProjectId) -> Configuration {
        let failed = self.failed_version.zip(self.failed_reason);
        Configuration {
            project_id: project.clone(),
            tenant_id: self.tenant_id,
            model: self.model,
            telegram: self.telegram.map(Telegram::from),
            version: self.version,
            applied_version: self.applied_version,
            applied_at: self.applied_at,
            failed: failed.map(|(version, reason)| Failure { version, reason }),
        }
    }
}

impl From<Telegram> for TelegramItem {
    fn from(it: Telegram) -> Self {
        let Telegram { bot, last4, fingerprint, sealed } = it;
        Self { bot: bot.into(), last4, fingerprint, sealed }
    }
}

impl From<TelegramItem> for Telegram {
    fn from(it: TelegramItem) -> Self {
        let TelegramItem { bot, last4, fingerprint, sealed } = it;
        Self { bot: bot.into(), last4, fingerprint, sealed }
    }
}

fn attribute(value: &impl Serialize) -> Result<A, Unavailable> {
    serde_dynamo::to_attribute_value(value).map_err(unavailable)
}
