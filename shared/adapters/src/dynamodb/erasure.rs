//! [`Erasure`] on the table `projects`.

use super::{keys, table::Table};
use aws_sdk_dynamodb::Client;
use domain::id::ProjectId;
use ports::{Unavailable, erasure::Erasure};

#[derive(Clone, Debug)]
pub struct DynamoErasure {
    table: Table,
}

impl DynamoErasure {
    pub async fn connect(table: String) -> Self {
        Self { table: Table::connect(table).await }
    }

    /// For tests, which bring their own engine.
    pub fn on(client: Client, table: String) -> Self {
        Self { table: Table::on(client, table) }
    }
}

impl Erasure for DynamoErasure {
    async fn forget(&self, project: &ProjectId) -> Result<(), Unavailable> {
        for key in
            [keys::configuration(project), keys::project_secrets(project), keys::checkout(project)]
        {
            self.table.delete(&key).await?;
        }
        Ok(())
    }
}
