//! [`Audit`] on the table `ledger`, in one partition.

use super::{keys, table::Table};
use aws_sdk_dynamodb::Client;
use ports::{
    Unavailable,
    audit::{Audit, Entry},
};

#[derive(Clone, Debug)]
pub struct DynamoAudit {
    table: Table,
}

impl DynamoAudit {
    pub async fn connect(table: String) -> Self {
        Self { table: Table::connect(table).await }
    }

    /// For tests, which bring their own engine.
    pub fn on(client: Client, table: String) -> Self {
        Self { table: Table::on(client, table) }
    }
}

impl Audit for DynamoAudit {
    async fn record(&self, entry: &Entry) -> Result<(), Unavailable> {
        let key = keys::audit_entry(&entry.project_id, entry.number);
        self.table.put_new(&key, entry).await.map(drop)
    }

    async fn conclude(&self, entry: &Entry) -> Result<(), Unavailable> {
        self.table.put(&keys::audit_entry(&entry.project_id, entry.number), entry).await
    }

    async fn list(&self) -> Result<Vec<Entry>, Unavailable> {
        self.table.partition(keys::AUDIT).await
    }
}
