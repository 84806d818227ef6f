//! [`Prices`] on the table `ledger`, in one partition.

use super::{
    keys,
    table::{Table, at, is_put_refused, unavailable, write},
};
use aws_sdk_dynamodb::{Client, types::AttributeValue};
use domain::{plan::PlanId, price::Price};
use ports::{
    Unavailable,
    prices::{Listed, Prices},
};
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug)]
pub struct DynamoPrices {
    table: Table,
}

#[derive(Debug, Serialize, Deserialize)]
struct PriceItem {
    plan: PlanId,
    price: Price,
    /// A number, so that DynamoDB can tell which one is later.
    as_of_s: i64,
}

impl DynamoPrices {
    pub async fn connect(table: String) -> Self {
        Self { table: Table::connect(table).await }
    }

    /// For tests, which bring their own engine.
    pub fn on(client: Client, table: String) -> Self {
        Self { table: Table::on(client, table) }
    }
}

impl Prices for DynamoPrices {
    async fn list(&self) -> Result<Vec<Listed>, Unavailable> {
        let items: Vec<PriceItem> = self.table.partition(keys::PRICES).await?;
        let listed =
            |it: PriceItem| Ok(Listed { plan: it.plan, price: it.price, as_of: at(it.as_of_s)? });
        items.into_iter().map(listed).collect()
    }

    async fn record(&self, listed: &Listed) -> Result<(), Unavailable> {
        let as_of_s = listed.as_of.as_second();
        let item = PriceItem { plan: listed.plan, price: listed.price.clone(), as_of_s };
        let put = self
            .table
            .client
            .put_item()
            .table_name(&self.table.name)
            .set_item(Some(write(&keys::price(listed.plan), &item)?))
            .condition_expression("attribute_not_exists(pk) OR as_of_s <= :as_of")
            .expression_attribute_values(":as_of", AttributeValue::N(as_of_s.to_string()))
            .send()
            .await;
        match put {
            Ok(_) => Ok(()),
            Err(error) if is_put_refused(&error) => Ok(()),
            Err(error) => Err(unavailable(error)),
        }
    }
}
