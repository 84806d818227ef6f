//! [`Cases`] on the table `projects`, in a partition of their own: there are as many as instances are ill.

use super::{
    keys,
    table::{Table, is_put_refused, unavailable, write},
};
use aws_sdk_dynamodb::{Client, operation::delete_item::DeleteItemError, types::AttributeValue};
use domain::{health::Case, id::ProjectId};
use ports::{
    Unavailable,
    cases::{Cases, KeepError},
};

#[derive(Clone, Debug)]
pub struct DynamoCases {
    table: Table,
}

impl DynamoCases {
    pub async fn connect(table: String) -> Self {
        Self { table: Table::connect(table).await }
    }

    /// For tests, which bring their own engine.
    pub fn on(client: Client, table: String) -> Self {
        Self { table: Table::on(client, table) }
    }
}

impl Cases for DynamoCases {
    async fn open(&self) -> Result<Vec<Case>, Unavailable> {
        self.table.partition(keys::CASES).await
    }

    async fn find(&self, project: &ProjectId) -> Result<Option<Case>, Unavailable> {
        self.table.get(&keys::case(project)).await
    }

    async fn keep(&self, case: &Case) -> Result<Case, KeepError> {
        let kept = case.clone().at_version(case.version + 1);
        let written = self
            .table
            .client
            .put_item()
            .table_name(&self.table.name)
            .set_item(Some(write(&keys::case(&case.project), &kept)?))
            .condition_expression("version = :read OR (:read = :none AND attribute_not_exists(pk))")
            .expression_attribute_values(":read", number(case.version))
            .expression_attribute_values(":none", number(0))
            .send()
            .await;
        match written {
            Ok(_) => Ok(kept),
            Err(error) if is_put_refused(&error) => Err(KeepError::LostRace),
            Err(error) => Err(unavailable(error).into()),
        }
    }

    async fn close(&self, case: &Case) -> Result<(), KeepError> {
        let deleted = self
            .table
            .client
            .delete_item()
            .table_name(&self.table.name)
            .set_key(Some(keys::case(&case.project).attributes()))
            .condition_expression("version = :read OR attribute_not_exists(pk)")
            .expression_attribute_values(":read", number(case.version))
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
