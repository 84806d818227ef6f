//! [`Rests`] on the table `projects`, in a partition of their own: there are as many as instances sleep.

use super::{
    keys,
    table::{Table, is_put_refused, unavailable, write},
};
use aws_sdk_dynamodb::{Client, operation::delete_item::DeleteItemError, types::AttributeValue};
use domain::{id::ProjectId, sleep::Rest};
use ports::{
    Unavailable,
    rests::{KeepError, Rests},
};

#[derive(Clone, Debug)]
pub struct DynamoRests {
    table: Table,
}

impl DynamoRests {
    pub async fn connect(table: String) -> Self {
        Self { table: Table::connect(table).await }
    }

    /// For tests, which bring their own engine.
    pub fn on(client: Client, table: String) -> Self {
        Self { table: Table::on(client, table) }
    }
}

impl Rests for DynamoRests {
    async fn all(&self) -> Result<Vec<Rest>, Unavailable> {
        self.table.partition(keys::RESTS).await
    }

    async fn find(&self, project: &ProjectId) -> Result<Option<Rest>, Unavailable> {
        self.table.get(&keys::rest(project)).await
    }

    async fn keep(&self, rest: &Rest) -> Result<Rest, KeepError> {
        let kept = rest.clone().at_version(rest.version + 1);
        let written = self
            .table
            .client
            .put_item()
            .table_name(&self.table.name)
            .set_item(Some(write(&keys::rest(&rest.project), &kept)?))
            .condition_expression("version = :read OR (:read = :none AND attribute_not_exists(pk))")
            .expression_attribute_values(":read", number(rest.version))
            .expression_attribute_values(":none", number(0))
            .send()
            .await;
        match written {
            Ok(_) => Ok(kept),
            Err(error) if is_put_refused(&error) => Err(KeepError::LostRace),
            Err(error) => Err(unavailable(error).into()),
        }
    }

    async fn forget(&self, rest: &Rest) -> Result<(), KeepError> {
        let deleted = self
            .table
            .client
            .delete_item()
            .table_name(&self.table.name)
            .set_key(Some(keys::rest(&rest.project).attributes()))
            .condition_expression("version = :read OR attribute_not_exists(pk)")
            .expression_attribute_values(":read", number(rest.version))
            .send()
            .await;
        let refused = DeleteItemError::is_conditional_check_failed_exception;
        match deleted {
            Ok(_) => Ok(()),
            Err(error) if error.as_service_error().is_some_and(refused) => Err(KeepError::LostRace),
            Err(error) => Err(unavailable(error).into()),
        }
    }
}

fn number(it: u64) -> AttributeValue {
    AttributeValue::N(it.to_string())
}
