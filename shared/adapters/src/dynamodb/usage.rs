//! [`Usage`] on the table `ledger`: for each project an account a month, a day's totals of each model, and
//! the calls that were counted, so that none is counted twice. Everything expires a year after its month.

use super::{
    keys::{self, EXPIRES_AT, Key},
    table::{Item, Table, is_put_refused, unavailable, write},
    transaction::{number, text},
};
use aws_sdk_dynamodb::{
    Client,
    types::{AttributeValue as A, Put, TransactWriteItem},
};
use domain::{
    id::ProjectId,
    model::{ModelId, ModelProvider},
    usage::{Account, Micros, Month, Tokens},
};
use jiff::civil::Date;
use ports::{
    Unavailable,
    usage::{DayUsage, KeepError, SettleError, Usage, Used},
};
use serde::{Deserialize, Serialize};

/// How long figures outlive their month.
const KEPT_S: i64 = 400 * 86_400;
/// How long a call outlives its month. Nobody settles one that began weeks ago.
const CALLS_KEPT_S: i64 = 7 * 86_400;

/// Of the parts of a settlement.
const CALL: usize = 0;

#[derive(Clone, Debug)]
pub struct DynamoUsage {
    table: Table,
}

#[derive(Serialize)]
struct CallItem {
    project: ProjectId,
    micros: Micros,
    expires_at_s: i64,
}

#[derive(Deserialize)]
struct DayItem {
    day: Date,
    provider: ModelProvider,
    model: ModelId,
    calls: u64,
    estimated: u64,
    input_tokens: u64,
    cached_tokens: u64,
    cache_written_tokens: u64,
    output_tokens: u64,
    micros: Micros,
}

#[derive(Serialize, Deserialize)]
struct CapItem {
    cap: Micros,
}

impl DynamoUsage {
    pub async fn connect(table: String) -> Self {
        Self { table: Table::connect(table).await }
    }

    /// For tests, which bring their own engine.
    pub fn on(client: Client, table: String) -> Self {
        Self { table: Table::on(client, table) }
    }

    fn part_keep(
        &self,
        project: &ProjectId,
        month: Month,
        account: &Account,
    ) -> Result<TransactWriteItem, Unavailable> {
        let put = Put::builder()
            .table_name(&self.table.name)
            .set_item(Some(next(project, month, account)?))
            .condition_expression(STILL_AS_READ)
            .expression_attribute_values(":read", whole(account.version))
            .expression_attribute_values(":none", whole(0))
            .build()
            .map_err(unavailable)?;
        Ok(TransactWriteItem::builder().put(put).build())
    }

    fn part_count(&self, used: &Used) -> Result<TransactWriteItem, Unavailable> {
        let tokens = &used.tokens;
        self.table.part_update(&keys::day_usage(used), |it| {
            it.update_expression(
                "ADD calls :one, estimated :estimated, input_tokens :input, cached_tokens :cached, \
                 cache_written_tokens :written, output_tokens :output, micros :micros \
                 SET #day = :day, provider = :provider, model = :model, expires_at_s = :expires",
            )
            .expression_attribute_names("#day", "day")
            .expression_attribute_values(":one", whole(1))
            .expression_attribute_values(":estimated", whole(used.is_estimated.into()))
            .expression_attribute_values(":input", whole(tokens.input))
            .expression_attribute_values(":cached", whole(tokens.cached))
            .expression_attribute_values(":written", whole(tokens.cache_written))
            .expression_attribute_values(":output", whole(tokens.output))
            .expression_attribute_values(":micros", whole(used.cost.0))
            .expression_attribute_values(":day", text(used.day.to_string()))
            .expression_attribute_values(":provider", text(used.provider.as_str()))
            .expression_attribute_values(":model", text(used.model.as_str()))
            .expression_attribute_values(
                ":expires",
                number(used.month.ends_at().as_second() + KEPT_S),
            )
        })
    }
}

impl Usage for DynamoUsage {
    async fn account(&self, project: &ProjectId, month: Month) -> Result<Account, Unavailable> {
        let account = self.table.get(&keys::usage_account(project, month)).await?;
        Ok(account.unwrap_or_default())
    }

    async fn keep(
        &self,
        project: &ProjectId,
        month: Month,
        account: &Account,
    ) -> Result<(), KeepError> {
        let put = self
            .table
            .client
            .put_item()
            .table_name(&self.table.name)
            .set_item(Some(next(project, month, account)?))
            .condition_expression(STILL_AS_READ)
            .expression_attribute_values(":read", whole(account.version))
            .expression_attribute_values(":none", whole(0))
            .send()
            .await;
        match put {
            Ok(_) => Ok(()),
            Err(error) if is_put_refused(&error) => Err(KeepError::LostRace),
            Err(error) => Err(unavailable(error).into()),
        }
    }

    async fn settle(&self, used: &Used, account: &Account) -> Result<(), SettleError> {
        let call = CallItem {
            project: used.project.clone(),
            micros: used.cost,
            expires_at_s: used.month.ends_at().as_second() + CALLS_KEPT_S,
        };
        let parts = vec![
            self.table.part_put_new(&keys::usage_call(&used.project, &used.call), &call)?,
            self.part_keep(&used.project, used.month, account)?,
            self.part_count(used)?,
        ];
        match self.table.transact(parts).await? {
            Ok(()) => Ok(()),
            Err(refused) if refused.part(CALL) => Err(SettleError::Counted),
            Err(_) => Err(SettleError::LostRace),
        }
    }

    async fn days(&self, project: &ProjectId, month: Month) -> Result<Vec<DayUsage>, Unavailable> {
        let partition = keys::day_usage_partition(project, month);
        let items: Vec<DayItem> = self.table.partition(&partition).await?;
        Ok(items.into_iter().map(DayUsage::from).collect())
    }

    async fn cap(&self, project: &ProjectId) -> Result<Option<Micros>, Unavailable> {
        let item: Option<CapItem> = self.table.get(&keys::spend_cap(project)).await?;
        Ok(item.map(|it| it.cap))
    }

    async fn set_cap(&self, project: &ProjectId, cap: Option<Micros>) -> Result<(), Unavailable> {
        let key = keys::spend_cap(project);
        match cap {
            Some(cap) => self.table.put(&key, &CapItem { cap }).await,
            None => self.table.delete(&key).await,
        }
    }
}

const STILL_AS_READ: &str = "version = :read OR (:read = :none AND attribute_not_exists(pk))";

/// `account` as the version after the one that was read.
fn next(project: &ProjectId, month: Month, account: &Account) -> Result<Item, Unavailable> {
    let kept = Account { version: account.version + 1, ..account.clone() };
    let key: Key = keys::usage_account(project, month);
    let mut item = write(&key, &kept)?;
    item.insert(EXPIRES_AT.to_owned(), number(month.ends_at().as_second() + KEPT_S));
    Ok(item)
}

fn whole(it: u64) -> A {
    A::N(it.to_string())
}

impl From<DayItem> for DayUsage {
    fn from(it: DayItem) -> Self {
        Self {
            day: it.day,
            provider: it.provider,
            model: it.model,
            calls: it.calls,
            estimated: it.estimated,
            tokens: Tokens {
                input: it.input_tokens,
                cached: it.cached_tokens,
                cache_written: it.cache_written_tokens,
                output: it.output_tokens,
            },
            cost: it.micros,
        }
    }
}
