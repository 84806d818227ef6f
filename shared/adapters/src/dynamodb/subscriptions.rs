//! [`Subscriptions`] on the table `ledger`.

use super::{
    keys,
    table::{Table, is_put_refused, unavailable, write},
};
use aws_sdk_dynamodb::{Client, types::AttributeValue};
use domain::{id::ProjectId, subscription::Record};
use ports::{
    Unavailable,
    subscriptions::{RecordError, Subscriptions},
};
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug)]
pub struct DynamoSubscriptions {
    table: Table,
}

/// An entry in a project's list.
#[derive(Debug, Serialize, Deserialize)]
struct Listed {
    sk: String,
}

#[derive(Debug, Serialize, Deserialize)]
struct PaymentItem {
    subscription: String,
}

impl DynamoSubscriptions {
    pub async fn connect(table: String) -> Self {
        Self { table: Table::connect(table).await }
    }

    /// For tests, which bring their own engine.
    pub fn on(client: Client, table: String) -> Self {
        Self { table: Table::on(client, table) }
    }
}

impl Subscriptions for DynamoSubscriptions {
    async fn find(&self, id: &str) -> Result<Option<Record>, Unavailable> {
        self.table.get(&keys::subscription(id)).await
    }

    async fn of_project(&self, project: &ProjectId) -> Result<Vec<Record>, Unavailable> {
        let listed: Vec<Listed> =
            self.table.partition(&keys::subscriptions_partition(project)).await?;
        let mut records = Vec::new();
        for entry in listed {
            records.extend(self.find(&entry.sk).await?);
        }
        Ok(records)
    }

    async fn record(&self, record: &Record) -> Result<Record, RecordError> {
        let id = &record.seen.id;
        // The list comes first: an entry without its record is passed over, a record without its
        // entry would not be found.
        if let Some(project) = &record.project {
            let entry = Listed { sk: id.clone() };
            self.table.put(&keys::subscription_of_project(project, id), &entry).await?;
        }
        let kept = Record { version: record.version + 1, ..record.clone() };
        let written = self
            .table
            .client
            .put_item()
            .table_name(&self.table.name)
            .set_item(Some(write(&keys::subscription(id), &kept)?))
            .condition_expression("version = :read OR (:read = :none AND attribute_not_exists(pk))")
            .expression_attribute_values(":read", number(record.version))
            .expression_attribute_values(":none", number(0))
            .send()
            .await;
        match written {
            Ok(_) => Ok(kept),
            Err(error) if is_put_refused(&error) => Err(RecordError::LostRace),
            Err(error) => Err(unavailable(error).into()),
        }
    }

    async fn find_by_payment(&self, payment: &str) -> Result<Option<String>, Unavailable> {
        let item: Option<PaymentItem> = self.table.get(&keys::payment(payment)).await?;
        Ok(item.map(|it| it.subscription))
    }

    async fn link_payment(&self, payment: &str, subscription: &str) -> Result<(), Unavailable> {
        let item = PaymentItem { subscription: subscription.to_owned() };
        self.table.put(&keys::payment(payment), &item).await
    }
}

fn number(it: u64) -> AttributeValue {
    AttributeValue::N(it.to_string())
}
