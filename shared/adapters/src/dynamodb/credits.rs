//! [`Credits`] on the table `ledger`, in one partition.

use super::{keys, table::Table};
use aws_sdk_dynamodb::Client;
use ports::{
    Unavailable,
    credits::{Credit, Credits},
};

#[derive(Clone, Debug)]
pub struct DynamoCredits {
    table: Table,
}

impl DynamoCredits {
    pub async fn connect(table: String) -> Self {
        Self { table: Table::connect(table).await }
    }

    /// For tests, which bring their own engine.
    pub fn on(client: Client, table: String) -> Self {
        Self { table: Table::on(client, table) }
    }
}

impl Credits for DynamoCredits {
    async fn record(&self, credit: &Credit) -> Result<bool, Unavailable> {
        self.table.put_new(&keys::credit(&credit.project_id, credit.attempt), credit).await
    }

    async fn list(&self) -> Result<Vec<Credit>, Unavailable> {
        self.table.partition(keys::CREDITS).await
    }
}
