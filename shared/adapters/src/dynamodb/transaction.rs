//! Several writes, all or none, and which of them was refused.

use super::{
    keys::Key,
    table::{Item, Table, unavailable, write},
};
use aws_sdk_dynamodb::{
    error::SdkError,
    operation::transact_write_items::TransactWriteItemsError,
    types::{
        AttributeValue as A, Delete, Put, TransactWriteItem, Update,
        builders::{DeleteBuilder, UpdateBuilder},
    },
};
use ports::Unavailable;
use serde::Serialize;

/// The parts of a transaction whose conditions did not hold, by position. Empty if another
/// transaction was in the way, which says nothing about conditions: read again.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Refused(Vec<usize>);

impl Refused {
    pub(super) fn part(&self, position: usize) -> bool {
        self.0.contains(&position)
    }

    pub(super) fn only(&self, position: usize) -> bool {
        self.0 == [position]
    }

    pub(super) fn any(&self) -> bool {
        !self.0.is_empty()
    }
}

impl Table {
    /// Writes all `parts` or none. `Err` within `Ok` if one was refused.
    pub(super) async fn transact(
        &self,
        parts: Vec<TransactWriteItem>,
    ) -> Result<Result<(), Refused>, Unavailable> {
        let written =
            self.client.transact_write_items().set_transact_items(Some(parts)).send().await;
        match written {
            Ok(_) => Ok(Ok(())),
            Err(error) => refused(&error).map(Err).ok_or_else(|| unavailable(error)),
        }
    }

    /// Puts `item` at `key` unless something is there.
    pub(super) fn part_put_new(
        &self,
        key: &Key,
        item: &impl Serialize,
    ) -> Result<TransactWriteItem, Unavailable> {
        let put = Put::builder()
            .table_name(&self.name)
            .set_item(Some(write(key, item)?))
            .condition_expression("attribute_not_exists(pk)")
            .build()
            .map_err(unavailable)?;
        Ok(TransactWriteItem::builder().put(put).build())
    }

    /// Deletes what is at `key`, if the condition that `when` adds holds.
    pub(super) fn part_delete(
        &self,
        key: &Key,
        when: impl FnOnce(DeleteBuilder) -> DeleteBuilder,
    ) -> Result<TransactWriteItem, Unavailable> {
        let delete = Delete::builder().table_name(&self.name).set_key(Some(key.attributes()));
        let delete = when(delete).build().map_err(unavailable)?;
        Ok(TransactWriteItem::builder().delete(delete).build())
    }

    /// Updates what is at `key` as `how` says.
    pub(super) fn part_update(
        &self,
        key: &Key,
        how: impl FnOnce(UpdateBuilder) -> UpdateBuilder,
    ) -> Result<TransactWriteItem, Unavailable> {
        let update = Update::builder().table_name(&self.name).set_key(Some(key.attributes()));
        let update = how(update).build().map_err(unavailable)?;
        Ok(TransactWriteItem::builder().update(update).build())
    }

    /// Deletes the item at `key` and returns it, if one was there.
    pub(super) async fn delete_existing(&self, key: &Key) -> Result<Option<Item>, Unavailable> {
        let deleted = self
            .client
            .delete_item()
            .table_name(&self.name)
            .set_key(Some(key.attributes()))
            .return_values(aws_sdk_dynamodb::types::ReturnValue::AllOld)
            .send()
            .await
            .map_err(unavailable)?;
        Ok(deleted.attributes.filter(|it| !it.is_empty()))
    }
}

fn refused(error: &SdkError<TransactWriteItemsError>) -> Option<Refused> {
    let Some(TransactWriteItemsError::TransactionCanceledException(cancelled)) =
        error.as_service_error()
    else {
        return None;
    };
    let codes: Vec<_> =
        cancelled.cancellation_reasons().iter().map(|it| it.code.as_deref()).collect();
    let known = ["None", "ConditionalCheckFailed", "TransactionConflict"];
    // Throttling and the like: nobody was in the way, the table is.
    if codes.iter().flatten().any(|code| !known.contains(code)) {
        return None;
    }
    let failed = |(position, code): (usize, Option<&str>)| {
        (code == Some("ConditionalCheckFailed")).then_some(position)
    };
    Some(Refused(codes.into_iter().enumerate().filter_map(failed).collect()))
}

pub(super) fn text(value: impl Into<String>) -> A {
    A::S(value.into())
}

pub(super) fn number(value: i64) -> A {
    A::N(value.to_string())
}
