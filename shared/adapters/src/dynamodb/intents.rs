//! [`Intents`] in the table `fleet`, all in one partition.

use super::{
    keys,
    table::{Table, unavailable},
};
use aws_sdk_dynamodb::Client;
use domain::{id::UserId, plan::PlanId};
use jiff::Timestamp;
use ports::{Unavailable, intents::Intents};
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug)]
pub struct DynamoIntents {
    table: Table,
}

/// Expires by itself. DynamoDB may take days for that, so readers look at the time too.
#[derive(Debug, Serialize, Deserialize)]
struct IntentItem {
    plan: PlanId,
    expires_at_s: i64,
}

impl DynamoIntents {
    pub async fn connect(table: String) -> Self {
        Self { table: Table::connect(table).await }
    }

    /// For tests, which bring their own engine.
    pub fn on(client: Client, table: String) -> Self {
        Self { table: Table::on(client, table) }
    }
}

impl Intents for DynamoIntents {
    async fn record(
        &self,
        user: &UserId,
        plan: PlanId,
        until: Timestamp,
    ) -> Result<(), Unavailable> {
        let item = IntentItem { plan, expires_at_s: until.as_second() };
        self.table.put(&keys::intent(user), &item).await.map_err(unavailable)
    }

    async fn wanted(&self, now: Timestamp) -> Result<Vec<PlanId>, Unavailable> {
        let items: Vec<IntentItem> = self.table.partition(keys::INTENTS).await?;
        let live = items.into_iter().filter(|it| it.expires_at_s > now.as_second());
        Ok(live.map(|it| it.plan).collect())
    }
}
