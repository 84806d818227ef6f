//! [`Sessions`] on the table `accounts`.

use super::{
    keys,
    table::{Table, at, is_made},
};
use aws_sdk_dynamodb::{Client, types::AttributeValue as A};
use domain::id::{SessionId, TenantId, UserId};
use jiff::Timestamp;
use ports::{
    Unavailable,
    accounts::TokenHash,
    sessions::{Device, Refresh, Rotation, Session, Sessions},
};
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize)]
struct SessionItem {
    id: SessionId,
    tenant: TenantId,
    generation: u64,
    refresh: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    previous: Option<String>,
    rotated_at: Timestamp,
    user_agent: String,
    ip: String,
    created_at: Timestamp,
    last_used_at: Timestamp,
    expires_at_s: i64,
}

#[derive(Clone, Debug)]
pub struct DynamoSessions {
    table: Table,
}

impl DynamoSessions {
    pub async fn connect(table: String) -> Self {
        Self { table: Table::connect(table).await }
    }

    /// For tests, which bring their own engine.
    pub fn on(client: Client, table: String) -> Self {
        Self { table: Table::on(client, table) }
    }
}

impl Sessions for DynamoSessions {
    async fn record(&self, session: &Session) -> Result<(), Unavailable> {
        self.table.put(&keys::session(&session.user, &session.id), &written(session)).await
    }

    async fn find(&self, user: &UserId, id: &SessionId) -> Result<Option<Session>, Unavailable> {
        let item: Option<SessionItem> = self.table.get(&keys::session(user, id)).await?;
        item.map(|it| session(user, it)).transpose()
    }

    async fn list(&self, user: &UserId) -> Result<Vec<Session>, Unavailable> {
        let items: Vec<SessionItem> = self.table.partition(&keys::sessions_partition(user)).await?;
        items.into_iter().map(|it| session(user, it)).collect()
    }

    async fn rotate(
        &self,
        user: &UserId,
        id: &SessionId,
        rotation: &Rotation,
    ) -> Result<bool, Unavailable> {
        let at = || A::S(rotation.at.to_string());
        let update = self
            .table
            .update(&keys::session(user, id))
            .update_expression(
                "SET refresh = :to, previous = :from, rotated_at = :at, last_used_at = :at, \
                 tenant = :tenant, expires_at_s = :expires",
            )
            // Without the condition an update would bring a revoked session back.
            .condition_expression("refresh = :from")
            .expression_attribute_values(":to", A::S(rotation.to.0.clone()))
            .expression_attribute_values(":from", A::S(rotation.from.0.clone()))
            .expression_attribute_values(":at", at())
            .expression_attribute_values(":tenant", A::S(rotation.tenant.to_string()))
            .expression_attribute_values(
                ":expires",
                A::N(rotation.expires_at.as_second().to_string()),
            );
        is_made(update.send().await)
    }

    async fn switch_tenant(
        &self,
        user: &UserId,
        id: &SessionId,
        tenant: &TenantId,
    ) -> Result<bool, Unavailable> {
        let update = self
            .table
            .update(&keys::session(user, id))
            .update_expression("SET tenant = :tenant")
            .condition_expression("attribute_exists(pk)")
            .expression_attribute_values(":tenant", A::S(tenant.to_string()));
        is_made(update.send().await)
    }

    async fn revoke(&self, user: &UserId, id: &SessionId) -> Result<(), Unavailable> {
        self.table.delete(&keys::session(user, id)).await
    }
}

fn written(session: &Session) -> SessionItem {
    let Session { id, tenant, refresh, device, .. } = session.clone();
    SessionItem {
        id,
        tenant,
        generation: session.generation,
        refresh: refresh.current.0,
        previous: refresh.previous.map(|it| it.0),
        rotated_at: refresh.rotated_at,
        user_agent: device.user_agent,
        ip: device.ip,
        created_at: session.created_at,
        last_used_at: session.last_used_at,
        expires_at_s: session.expires_at.as_second(),
    }
}

fn session(user: &UserId, it: SessionItem) -> Result<Session, Unavailable> {
    Ok(Session {
        id: it.id,
        user: user.clone(),
        tenant: it.tenant,
        generation: it.generation,
        refresh: Refresh {
            current: TokenHash(it.refresh),
            previous: it.previous.map(TokenHash),
            rotated_at: it.rotated_at,
        },
        device: Device { user_agent: it.user_agent, ip: it.ip },
        created_at: it.created_at,
        last_used_at: it.last_used_at,
        expires_at: at(it.expires_at_s)?,
    })
}
