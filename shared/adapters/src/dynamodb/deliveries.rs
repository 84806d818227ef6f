//! [`Deliveries`] on the table `ledger`.

use super::{
    keys,
    table::{Table, unavailable},
};
use aws_sdk_dynamodb::types::AttributeValue;
use jiff::Timestamp;
use ports::{
    Unavailable,
    deliveries::{Deliveries, Delivery},
};
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug)]
pub struct DynamoDeliveries {
    table: Table,
}

#[derive(Debug, Serialize, Deserialize)]
struct DeliveryItem {
    id: String,
    received_at: Timestamp,
    body: String,
}

impl DynamoDeliveries {
    pub async fn connect(table: String) -> Self {
        Self { table: Table::connect(table).await }
    }
}

impl Deliveries for DynamoDeliveries {
    async fn record(&self, delivery: &Delivery) -> Result<bool, Unavailable> {
        let item = DeliveryItem {
            id: delivery.id.clone(),
            received_at: delivery.received_at,
            body: delivery.body.clone(),
        };
        self.table.put_new(&keys::delivery(&delivery.id), &item).await
    }

    async fn find(&self, id: &str) -> Result<Option<Delivery>, Unavailable> {
        let item: Option<DeliveryItem> = self.table.get(&keys::delivery(id)).await?;
        Ok(item.map(|it| Delivery { id: it.id, received_at: it.received_at, body: it.body }))
    }

    async fn record_outcome(&self, id: &str, outcome: &str) -> Result<(), Unavailable> {
        self.table
            .client
            .update_item()
            .table_name(&self.table.name)
            .set_key(Some(keys::delivery(id).attributes()))
            .update_expression("SET outcome = :outcome")
            .expression_attribute_values(":outcome", AttributeValue::S(outcome.to_owned()))
            .send()
            .await
            .map(|_| ())
            .map_err(unavailable)
    }
}
