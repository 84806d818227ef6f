//! [`ChatTickets`] on the table `accounts`.

use super::{
    keys::{self, Key},
    table::{Table, read, unavailable},
};
use aws_sdk_dynamodb::{
    Client,
    operation::delete_item::DeleteItemError,
    types::{AttributeValue as A, ReturnValue},
};
use domain::{
    id::{ProjectId, TenantId, UserId},
    route::HostName,
};
use jiff::Timestamp;
use ports::{
    Unavailable,
    accounts::TokenHash,
    chat_tickets::{ChatPass, ChatTickets, Visit},
};
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug)]
pub struct DynamoChatTickets {
    table: Table,
}

/// A ticket or a session.
#[derive(Serialize, Deserialize)]
struct PassItem {
    user: UserId,
    tenant: TenantId,
    project: ProjectId,
    host: HostName,
    expires_at_s: i64,
}

impl PassItem {
    fn of(pass: &ChatPass) -> Self {
        let Visit { user, tenant, project, host } = pass.visit.clone();
        Self { user, tenant, project, host, expires_at_s: pass.expires_at.as_second() }
    }

    fn visit(self) -> Visit {
        Visit { user: self.user, tenant: self.tenant, project: self.project, host: self.host }
    }
}

impl DynamoChatTickets {
    pub async fn connect(table: String) -> Self {
        Self { table: Table::connect(table).await }
    }

    /// For tests, which bring their own engine.
    pub fn on(client: Client, table: String) -> Self {
        Self { table: Table::on(client, table) }
    }

    async fn put(&self, key: &Key, pass: &ChatPass) -> Result<(), Unavailable> {
        self.table.put(key, &PassItem::of(pass)).await
    }
}

impl ChatTickets for DynamoChatTickets {
    async fn record_ticket(&self, ticket: &ChatPass) -> Result<(), Unavailable> {
        self.put(&keys::chat_ticket(&ticket.hash), ticket).await
    }

    /// DynamoDB expires items within days, not at their second: the condition decides.
    async fn take_ticket(
        &self,
        ticket: &TokenHash,
        host: &HostName,
        now: Timestamp,
    ) -> Result<Option<Visit>, Unavailable> {
        let taken = self
            .table
            .client
            .delete_item()
            .table_name(&self.table.name)
            .set_key(Some(keys::chat_ticket(ticket).attributes()))
            .condition_expression("#host = :host AND expires_at_s > :now")
            .expression_attribute_names("#host", "host")
            .expression_attribute_values(":host", A::S(host.to_string()))
            .expression_attribute_values(":now", A::N(now.as_second().to_string()))
            .return_values(ReturnValue::AllOld)
            .send()
            .await;
        match taken {
            Ok(answer) => {
                let item: PassItem = read(answer.attributes.unwrap_or_default())?;
                Ok(Some(item.visit()))
            }
            Err(error)
                if error
                    .as_service_error()
                    .is_some_and(DeleteItemError::is_conditional_check_failed_exception) =>
            {
                Ok(None)
            }
            Err(error) => Err(unavailable(error)),
        }
    }

    async fn record_session(&self, session: &ChatPass) -> Result<(), Unavailable> {
        self.put(&keys::chat_session(&session.hash), session).await
    }

    async fn find_session(&self, session: &TokenHash) -> Result<Option<ChatPass>, Unavailable> {
        let item: Option<PassItem> = self.table.get(&keys::chat_session(session)).await?;
        item.map(|it| {
            let expires_at = Timestamp::from_second(it.expires_at_s).map_err(unavailable)?;
            Ok(ChatPass { hash: session.clone(), visit: it.visit(), expires_at })
        })
        .transpose()
    }
}
