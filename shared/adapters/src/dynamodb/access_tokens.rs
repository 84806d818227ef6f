//! [`AccessTokens`] on the table `accounts`, in a partition of their user.

use super::{
    keys,
    table::{Table, is_made, unavailable},
    transaction::{number, text},
};
use aws_sdk_dynamodb::{Client, error::SdkError, operation::delete_item::DeleteItemError};
use domain::id::{AccessTokenId, TenantId, UserId};
use jiff::Timestamp;
use ports::{
    Unavailable,
    access_tokens::{AccessToken, AccessTokens, Scope, USE_PRECISION},
    accounts::TokenHash,
};
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug)]
pub struct DynamoAccessTokens {
    table: Table,
}

#[derive(Serialize, Deserialize)]
struct TokenItem {
    id: AccessTokenId,
    tenant: TenantId,
    name: String,
    scope: ScopeName,
    hash: String,
    last4: String,
    created_at: Timestamp,
    expires_at_s: i64,
    /// Absent until the first use.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    last_used_at_s: Option<i64>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum ScopeName {
    Read,
    Write,
}

impl TokenItem {
    fn of(token: &AccessToken) -> Self {
        Self {
            id: token.id.clone(),
            tenant: token.tenant.clone(),
            name: token.name.clone(),
            scope: match token.scope {
                Scope::Read => ScopeName::Read,
                Scope::Write => ScopeName::Write,
            },
            hash: token.hash.0.clone(),
            last4: token.last4.clone(),
            created_at: token.created_at,
            expires_at_s: token.expires_at.as_second(),
            last_used_at_s: token.last_used_at.map(Timestamp::as_second),
        }
    }

    fn into_token(self, user: &UserId) -> Result<AccessToken, Unavailable> {
        let at = |second| Timestamp::from_second(second).map_err(unavailable);
        Ok(AccessToken {
            id: self.id,
            user: user.clone(),
            tenant: self.tenant,
            name: self.name,
            scope: match self.scope {
                ScopeName::Read => Scope::Read,
                ScopeName::Write => Scope::Write,
            },
            hash: TokenHash(self.hash),
            last4: self.last4,
            created_at: self.created_at,
            expires_at: at(self.expires_at_s)?,
            last_used_at: self.last_used_at_s.map(at).transpose()?,
        })
    }
}

impl DynamoAccessTokens {
    pub async fn connect(table: String) -> Self {
        Self { table: Table::connect(table).await }
    }

    /// For tests, which bring their own engine.
    pub fn on(client: Client, table: String) -> Self {
        Self { table: Table::on(client, table) }
    }
}

impl AccessTokens for DynamoAccessTokens {
    async fn record(&self, token: &AccessToken) -> Result<(), Unavailable> {
        let key = keys::access_token(&token.user, &token.id);
        self.table.put_new(&key, &TokenItem::of(token)).await.map(|_| ())
    }

    async fn find(
        &self,
        user: &UserId,
        id: &AccessTokenId,
    ) -> Result<Option<AccessToken>, Unavailable> {
        let item: Option<TokenItem> = self.table.get(&keys::access_token(user, id)).await?;
        item.map(|it| it.into_token(user)).transpose()
    }

    async fn list(
        &self,
        tenant: &TenantId,
        user: &UserId,
    ) -> Result<Vec<AccessToken>, Unavailable> {
        let items: Vec<TokenItem> =
            self.table.partition(&keys::access_tokens_partition(user)).await?;
        let here = items.into_iter().filter(|it| it.tenant == *tenant);
        here.map(|it| it.into_token(user)).collect()
    }

    async fn revoke(
        &self,
        tenant: &TenantId,
        user: &UserId,
        id: &AccessTokenId,
    ) -> Result<bool, Unavailable> {
        let revoked = self
            .table
            .client
            .delete_item()
            .table_name(&self.table.name)
            .set_key(Some(keys::access_token(user, id).attributes()))
            .condition_expression("tenant = :tenant")
            .expression_attribute_values(":tenant", text(tenant.as_str()))
            .send()
            .await;
        match revoked {
            Ok(_) => Ok(true),
            Err(error) if is_refused(&error) => Ok(false),
            Err(error) => Err(unavailable(error)),
        }
    }

    async fn record_use(
        &self,
        user: &UserId,
        id: &AccessTokenId,
        at: Timestamp,
    ) -> Result<(), Unavailable> {
        let recorded = self
            .table
            .update(&keys::access_token(user, id))
            .update_expression("SET last_used_at_s = :now")
            // A revoked token must not come back as a stump.
            .condition_expression(
                "attribute_exists(pk) AND \
                 (attribute_not_exists(last_used_at_s) OR last_used_at_s <= :before)",
            )
            .expression_attribute_values(":now", number(at.as_second()))
            .expression_attribute_values(":before", number((at - USE_PRECISION).as_second()))
            .send()
            .await;
        is_made(recorded).map(|_| ())
    }
}

fn is_refused(error: &SdkError<DeleteItemError>) -> bool {
    error.as_service_error().is_some_and(DeleteItemError::is_conditional_check_failed_exception)
}
