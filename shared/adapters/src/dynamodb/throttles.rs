//! [`Throttles`] on the table `accounts`.

use super::{
    keys::{self, Key},
    table::{Table, at, is_update_refused, read, unavailable},
};
use aws_sdk_dynamodb::{
    Client,
    types::{AttributeValue as A, ReturnValue},
};
use jiff::Timestamp;
use ports::{
    Unavailable,
    throttles::{Throttle, Throttles, Tries},
};
use serde::Deserialize;

/// Two windows cannot end between the two halves of one try; a few rounds are for races only.
const MAX_ROUNDS: u32 = 4;

/// The end of the window is the end of the item, so that forgotten counts expire by themselves.
#[derive(Deserialize)]
struct TriesItem {
    tries: u32,
    expires_at_s: i64,
}

#[derive(Clone, Debug)]
pub struct DynamoThrottles {
    table: Table,
}

impl DynamoThrottles {
    pub async fn connect(table: String) -> Self {
        Self { table: Table::connect(table).await }
    }

    /// For tests, which bring their own engine.
    pub fn on(client: Client, table: String) -> Self {
        Self { table: Table::on(client, table) }
    }

    /// One more try in the window that is open at `now`, if one is.
    async fn count_in_window(&self, key: &Key, now_s: i64) -> Result<Option<Tries>, Unavailable> {
        let counted = self
            .table
            .client
            .update_item()
            .table_name(&self.table.name)
            .set_key(Some(key.attributes()))
            .update_expression("SET tries = tries + :one")
            .condition_expression("expires_at_s > :now")
            .expression_attribute_values(":one", A::N("1".to_owned()))
            .expression_attribute_values(":now", A::N(now_s.to_string()))
            .return_values(ReturnValue::AllNew)
            .send()
            .await;
        match counted {
            Ok(answer) => {
                let item: TriesItem = read(answer.attributes.unwrap_or_default())?;
                Ok(Some(Tries { count: item.tries, until: at(item.expires_at_s)? }))
            }
            Err(error) if is_update_refused(&error) => Ok(None),
            Err(error) => Err(unavailable(error)),
        }
    }

    /// The first try of a new window, unless somebody else has just opened one.
    async fn open_window(
        &self,
        key: &Key,
        now_s: i64,
        until_s: i64,
    ) -> Result<Option<Tries>, Unavailable> {
        let opened = self
            .table
            .client
            .update_item()
            .table_name(&self.table.name)
            .set_key(Some(key.attributes()))
            .update_expression("SET tries = :one, expires_at_s = :until")
            .condition_expression("attribute_not_exists(pk) OR expires_at_s <= :now")
            .expression_attribute_values(":one", A::N("1".to_owned()))
            .expression_attribute_values(":until", A::N(until_s.to_string()))
            .expression_attribute_values(":now", A::N(now_s.to_string()))
            .send()
            .await;
        match opened {
            Ok(_) => Ok(Some(Tries { count: 1, until: at(until_s)? })),
            Err(error) if is_update_refused(&error) => Ok(None),
            Err(error) => Err(unavailable(error)),
        }
    }
}

impl Throttles for DynamoThrottles {
    async fn count_try(&self, throttle: &Throttle, now: Timestamp) -> Result<Tries, Unavailable> {
        let (key, now_s) = (keys::tries(&throttle.key), now.as_second());
        let window_s = i64::try_from(throttle.window.as_secs()).map_err(unavailable)?;
        for _ in 0..MAX_ROUNDS {
            if let Some(tries) = self.count_in_window(&key, now_s).await? {
                return Ok(tries);
            }
            if let Some(first) = self.open_window(&key, now_s, now_s + window_s).await? {
                return Ok(first);
            }
        }
        Err(unavailable("too many tries at the same time"))
    }

    async fn forget_tries(&self, throttle: &Throttle) -> Result<(), Unavailable> {
        self.table.delete(&keys::tries(&throttle.key)).await
    }
}
