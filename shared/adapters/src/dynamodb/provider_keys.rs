//! [`ProviderKeys`] on the table `projects`: a partition for each tenant.

use super::{
    keys::provider_key,
    keys::provider_keys_partition,
    table::{Table, is_made, unavailable},
};
use aws_sdk_dynamodb::{
    Client, error::SdkError, operation::delete_item::DeleteItemError, primitives::Blob,
    types::AttributeValue as A,
};
use domain::{
    id::{KeyId, ProjectId, TenantId, UserId},
    model::ModelProvider,
};
use jiff::Timestamp;
use ports::{
    Unavailable,
    keys::{ProviderKey, ProviderKeys},
};
use serde::{Deserialize, Serialize};

/// The set of projects that use a key. DynamoDB knows no empty sets: a key that nobody uses has none.
pub(super) const USED_BY: &str = "used_by";

#[derive(Clone, Debug)]
pub struct DynamoProviderKeys {
    table: Table,
}

#[derive(Debug, Serialize, Deserialize)]
struct KeyItem {
    id: KeyId,
    tenant: TenantId,
    user: UserId,
    provider: ModelProvider,
    label: String,
    last4: String,
    #[serde(with = "super::bytes")]
    sealed: Vec<u8>,
    created_at: Timestamp,
    #[serde(default, skip_serializing)]
    used_by: Vec<ProjectId>,
}

impl DynamoProviderKeys {
    pub async fn connect(table: String) -> Self {
        Self { table: Table::connect(table).await }
    }

    /// For tests, which bring their own engine.
    pub fn on(client: Client, table: String) -> Self {
        Self { table: Table::on(client, table) }
    }
}

impl ProviderKeys for DynamoProviderKeys {
    async fn create(&self, key: &ProviderKey) -> Result<bool, Unavailable> {
        let item = KeyItem::from(key.clone());
        self.table.put_new(&provider_key(&key.tenant, &key.id), &item).await
    }

    async fn find(
        &self,
        tenant: &TenantId,
        id: &KeyId,
    ) -> Result<Option<ProviderKey>, Unavailable> {
        let item: Option<KeyItem> = self.table.get(&provider_key(tenant, id)).await?;
        Ok(item.map(ProviderKey::from))
    }

    async fn list(&self, tenant: &TenantId) -> Result<Vec<ProviderKey>, Unavailable> {
        let items: Vec<KeyItem> = self.table.partition(&provider_keys_partition(tenant)).await?;
        let mut keys: Vec<_> = items.into_iter().map(ProviderKey::from).collect();
        keys.sort_by(|a, b| (a.created_at, &a.id).cmp(&(b.created_at, &b.id)));
        Ok(keys)
    }

    async fn replace(
        &self,
        tenant: &TenantId,
        id: &KeyId,
        sealed: &[u8],
        last4: &str,
    ) -> Result<bool, Unavailable> {
        let written = self
            .table
            .update(&provider_key(tenant, id))
            .update_expression("SET sealed = :sealed, last4 = :last4")
            .condition_expression("attribute_exists(pk)")
            .expression_attribute_values(":sealed", A::B(Blob::new(sealed)))
            .expression_attribute_values(":last4", A::S(last4.to_owned()))
            .send()
            .await;
        is_made(written)
    }

    async fn delete(&self, tenant: &TenantId, id: &KeyId) -> Result<bool, Unavailable> {
        let deleted = self
            .table
            .client
            .delete_item()
            .table_name(&self.table.name)
            .set_key(Some(provider_key(tenant, id).attributes()))
            .condition_expression("attribute_not_exists(#used)")
            .expression_attribute_names("#used", USED_BY)
            .send()
            .await;
        match deleted {
            Ok(_) => Ok(true),
            Err(error) if is_in_use(&error) => Ok(false),
            Err(error) => Err(unavailable(error)),
        }
    }
}

fn is_in_use(error: &SdkError<DeleteItemError>) -> bool {
    error.as_service_error().is_some_and(DeleteItemError::is_conditional_check_failed_exception)
}

impl From<ProviderKey> for KeyItem {
    fn from(it: ProviderKey) -> Self {
        let ProviderKey { id, tenant, user, provider, label, last4, sealed, created_at, projects } =
            it;
        Self { id, tenant, user, provider, label, last4, sealed, created_at, used_by: projects }
    }
}

impl From<KeyItem> for ProviderKey {
    fn from(it: KeyItem) -> Self {
        let KeyItem { id, tenant, user, provider, label, last4, sealed, created_at, used_by } = it;
        let mut projects = used_by;
        projects.sort();
        Self { id, tenant, user, provider, label, last4, sealed, created_at, projects }
    }
}
