//! One table and the few calls that every store makes.

use super::keys::Key;
use crate::aws;
use aws_sdk_dynamodb::{
    Client,
    error::SdkError,
    operation::{
        put_item::PutItemError,
        update_item::{UpdateItemError, builders::UpdateItemFluentBuilder},
    },
    types::AttributeValue,
};
use jiff::Timestamp;
use ports::Unavailable;
use serde::{Serialize, de::DeserializeOwned};
use std::collections::HashMap;

pub(crate) type Item = HashMap<String, AttributeValue>;

/// A table with the key attributes `pk` and `sk`.
#[derive(Clone, Debug)]
pub(crate) struct Table {
    pub(crate) client: Client,
    pub(crate) name: String,
}

impl Table {
    pub(crate) async fn connect(name: String) -> Self {
        Self::on(Client::new(&aws::config().await), name)
    }

    pub(crate) fn on(client: Client, name: String) -> Self {
        Self { client, name }
    }

    /// The item at `key`, strongly consistent.
    pub(crate) async fn get<T: DeserializeOwned>(
        &self,
        key: &Key,
    ) -> Result<Option<T>, Unavailable> {
        self.client
            .get_item()
            .table_name(&self.name)
            .set_key(Some(key.attributes()))
            .consistent_read(true)
            .send()
            .await
            .map_err(unavailable)?
            .item
            .map(read)
            .transpose()
    }

    /// Every item of the partition `pk`, strongly consistent, in the order of `sk`.
    pub(crate) async fn partition<T: DeserializeOwned>(
        &self,
        pk: &str,
    ) -> Result<Vec<T>, Unavailable> {
        let mut items = Vec::new();
        let mut from = None;
        loop {
            let page = self
                .client
                .query()
                .table_name(&self.name)
                .key_condition_expression("pk = :pk")
                .expression_attribute_values(":pk", AttributeValue::S(pk.to_owned()))
                .consistent_read(true)
                .set_exclusive_start_key(from)
                .send()
                .await
                .map_err(unavailable)?;
            for item in page.items.unwrap_or_default() {
                items.push(read(item)?);
            }
            from = page.last_evaluated_key;
            if from.is_none() {
                return Ok(items);
            }
        }
    }

    /// An update of the item at `key`, to be filled in.
    pub(crate) fn update(&self, key: &Key) -> UpdateItemFluentBuilder {
        let update = self.client.update_item().table_name(&self.name);
        update.set_key(Some(key.attributes()))
    }

    /// Puts `item` at `key` unless something is there. `false` if something is.
    pub(crate) async fn put_new(
        &self,
        key: &Key,
        item: &impl Serialize,
    ) -> Result<bool, Unavailable> {
        self.put_new_item(write(key, item)?).await
    }

    /// The same for an item that has its key already.
    pub(crate) async fn put_new_item(&self, item: Item) -> Result<bool, Unavailable> {
        let put = self
            .client
            .put_item()
            .table_name(&self.name)
            .set_item(Some(item))
            .condition_expression("attribute_not_exists(pk)")
            .send()
            .await;
        match put {
            Ok(_) => Ok(true),
            Err(error) if is_put_refused(&error) => Ok(false),
            Err(error) => Err(unavailable(error)),
        }
    }

    /// Puts `item` at `key` whatever is there.
    pub(crate) async fn put(&self, key: &Key, item: &impl Serialize) -> Result<(), Unavailable> {
        self.client
            .put_item()
            .table_name(&self.name)
            .set_item(Some(write(key, item)?))
            .send()
            .await
            .map(|_| ())
            .map_err(unavailable)
    }

    /// Deletes the item at `key`, if one is there.
    pub(crate) async fn delete(&self, key: &Key) -> Result<(), Unavailable> {
        self.client
            .delete_item()
            .table_name(&self.name)
            .set_key(Some(key.attributes()))
            .send()
            .await
            .map(|_| ())
            .map_err(unavailable)
    }
}

/// Second `second` since 1970, as tables keep it.
pub(crate) fn at(second: i64) -> Result<Timestamp, Unavailable> {
    Timestamp::from_second(second).map_err(unavailable)
}

pub(crate) fn is_put_refused(error: &SdkError<PutItemError>) -> bool {
    error.as_service_error().is_some_and(PutItemError::is_conditional_check_failed_exception)
}

pub(crate) fn is_update_refused(error: &SdkError<UpdateItemError>) -> bool {
    error.as_service_error().is_some_and(UpdateItemError::is_conditional_check_failed_exception)
}

/// Whether a conditional update was made: `false` if its condition did not hold.
pub(crate) fn is_made<T>(
    update: Result<T, SdkError<UpdateItemError>>,
) -> Result<bool, Unavailable> {
    match update {
        Ok(_) => Ok(true),
        Err(error) if is_update_refused(&error) => Ok(false),
        Err(error) => Err(unavailable(error)),
    }
}

/// `value` as an item with the attributes of `key` beside its own.
pub(crate) fn write(key: &Key, value: &impl Serialize) -> Result<Item, Unavailable> {
    let mut item: Item = serde_dynamo::to_item(value).map_err(unavailable)?;
    item.extend(key.attributes());
    Ok(item)
}

pub(crate) fn read<T: DeserializeOwned>(item: Item) -> Result<T, Unavailable> {
    serde_dynamo::from_item(item).map_err(unavailable)
}

pub(crate) fn unavailable(
    error: impl Into<Box<dyn std::error::Error + Send + Sync>>,
) -> Unavailable {
    Unavailable::new("the table", error)
}
