//! [`Accounts`] on the table `accounts`.

mod items;

use super::{
    keys::{self, Key},
    table::{Table, is_update_refused, read, unavailable, write},
};
use aws_sdk_dynamodb::{
    Client,
    operation::transact_write_items::TransactWriteItemsError,
    types::{AttributeValue as A, Delete, Put, ReturnValue, TransactWriteItem},
};
use domain::id::{SessionId, TenantId, UserId};
use items::{
    AddressItem, CustomerItem, MembershipItem, RoleName, SessionItem, SignUpItem, TenantItem,
    TriesItem, UserItem,
};
use jiff::Timestamp;
use ports::{
    Unavailable,
    accounts::{
        Accounts, ConfirmError, Credentials, EmailAddress, Membership, NewAccount, PasswordHash,
        Role, Session, SignUp, Throttle, TokenHash, Tries,
    },
};
use serde::Serialize;

/// Two windows cannot end between the two halves of one try; a few rounds are for races only.
const MAX_ROUNDS: u32 = 4;

#[derive(Clone, Debug)]
pub struct DynamoAccounts {
    table: Table,
}

impl DynamoAccounts {
    pub async fn connect(table: String) -> Self {
        Self { table: Table::connect(table).await }
    }

    /// For tests, which bring their own engine.
    pub fn on(client: Client, table: String) -> Self {
        Self { table: Table { client, name: table } }
    }

    fn put_new(&self, key: &Key, item: &impl Serialize) -> Result<TransactWriteItem, Unavailable> {
        let put = Put::builder()
            .table_name(&self.table.name)
            .set_item(Some(write(key, item)?))
            .condition_expression("attribute_not_exists(pk)")
            .build()
            .map_err(unavailable)?;
        Ok(TransactWriteItem::builder().put(put).build())
    }

    /// Only one caller can take what is there.
    fn take(&self, key: &Key) -> Result<TransactWriteItem, Unavailable> {
        let delete = Delete::builder()
            .table_name(&self.table.name)
            .set_key(Some(key.attributes()))
            .condition_expression("attribute_exists(pk)")
            .build()
            .map_err(unavailable)?;
        Ok(TransactWriteItem::builder().delete(delete).build())
    }

    async fn delete(&self, key: &Key) -> Result<(), Unavailable> {
        self.table
            .client
            .delete_item()
            .table_name(&self.table.name)
            .set_key(Some(key.attributes()))
            .send()
            .await
            .map(|_| ())
            .map_err(unavailable)
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

impl Accounts for DynamoAccounts {
    async fn record_sign_up(&self, sign_up: &SignUp) -> Result<(), Unavailable> {
        let item = SignUpItem {
            email: sign_up.email.to_string(),
            password: sign_up.password.0.clone(),
            expires_at_s: sign_up.expires_at.as_second(),
        };
        self.table.put_new(&keys::sign_up(&sign_up.token), &item).await.map(|_| ())
    }

    async fn confirm(&self, token: &TokenHash, account: &NewAccount) -> Result<(), ConfirmError> {
        let sign_up: Option<SignUpItem> = self.table.get(&keys::sign_up(token)).await?;
        // DynamoDB expires items within days, not at their second.
        let sign_up = sign_up
            .filter(|it| it.expires_at_s > account.at.as_second())
            .ok_or(ConfirmError::Spent)?;
        let email = address(sign_up.email)?;
        let (user, tenant, created_at) = (&account.user, &account.tenant, account.at);
        let credentials = AddressItem { user: user.clone(), password: sign_up.password };
        let owned = TenantItem { owner: user.clone(), created_at };
        let member = MembershipItem { tenant: tenant.clone(), role: RoleName::Owner };
        let person = UserItem { email: email.to_string(), created_at };
        let confirmed = self
            .table
            .client
            .transact_write_items()
            .transact_items(self.take(&keys::sign_up(token))?)
            .transact_items(self.put_new(&keys::address(&email), &credentials)?)
            .transact_items(self.put_new(&keys::user(user), &person)?)
            .transact_items(self.put_new(&keys::tenant(tenant), &owned)?)
            .transact_items(self.put_new(&keys::membership(user, tenant), &member)?)
            .send()
            .await;
        match confirmed {
            Ok(_) => Ok(()),
            Err(error) if error.as_service_error().is_some_and(is_condition) => {
                Err(ConfirmError::Spent)
            }
            Err(error) => Err(unavailable(error).into()),
        }
    }

    async fn find_credentials(
        &self,
        email: &EmailAddress,
    ) -> Result<Option<Credentials>, Unavailable> {
        let item: Option<AddressItem> = self.table.get(&keys::address(email)).await?;
        Ok(item.map(|it| Credentials { user: it.user, password: PasswordHash(it.password) }))
    }

    async fn list_memberships(&self, user: &UserId) -> Result<Vec<Membership>, Unavailable> {
        let items: Vec<MembershipItem> =
            self.table.partition(&keys::memberships_partition(user)).await?;
        let role = |it| match it {
            RoleName::Owner => Role::Owner,
            RoleName::Member => Role::Member,
        };
        let membership = |it: MembershipItem| Membership { tenant: it.tenant, role: role(it.role) };
        Ok(items.into_iter().map(membership).collect())
    }

    async fn find_owner_address(
        &self,
        tenant: &TenantId,
    ) -> Result<Option<EmailAddress>, Unavailable> {
        let Some(tenant) = self.table.get::<TenantItem>(&keys::tenant(tenant)).await? else {
            return Ok(None);
        };
        let owner: Option<UserItem> = self.table.get(&keys::user(&tenant.owner)).await?;
        owner.map(|it| address(it.email)).transpose()
    }

    async fn record_session(&self, session: &Session) -> Result<(), Unavailable> {
        let item = SessionItem {
            user: session.user.clone(),
            tenant: session.tenant.clone(),
            expires_at_s: session.expires_at.as_second(),
        };
        self.table.put(&keys::session(&session.id), &item).await
    }

    async fn find_session(&self, id: &SessionId) -> Result<Option<Session>, Unavailable> {
        let item: Option<SessionItem> = self.table.get(&keys::session(id)).await?;
        item.map(|it| {
            let expires_at = at(it.expires_at_s)?;
            Ok(Session { id: id.clone(), user: it.user, tenant: it.tenant, expires_at })
        })
        .transpose()
    }

    async fn revoke_session(&self, id: &SessionId) -> Result<(), Unavailable> {
        self.delete(&keys::session(id)).await
    }

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
        self.delete(&keys::tries(&throttle.key)).await
    }

    async fn find_customer(&self, tenant: &TenantId) -> Result<Option<String>, Unavailable> {
        let item: Option<CustomerItem> = self.table.get(&keys::customer(tenant)).await?;
        Ok(item.map(|it| it.customer))
    }

    async fn record_customer(
        &self,
        tenant: &TenantId,
        customer: &str,
    ) -> Result<String, Unavailable> {
        let item = CustomerItem { customer: customer.to_owned() };
        if self.table.put_new(&keys::customer(tenant), &item).await? {
            return Ok(item.customer);
        }
        let first = self.find_customer(tenant).await?;
        first.ok_or_else(|| unavailable("the recorded customer is gone"))
    }
}

/// Whether a condition failed: of the token, which is spent, or of the address, which is taken. A
/// conflict with another transaction says nothing yet and is worth another try.
fn is_condition(error: &TransactWriteItemsError) -> bool {
    let TransactWriteItemsError::TransactionCanceledException(cancelled) = error else {
        return false;
    };
    cancelled
        .cancellation_reasons()
        .iter()
        .any(|it| it.code.as_deref() == Some("ConditionalCheckFailed"))
}

fn address(stored: String) -> Result<EmailAddress, Unavailable> {
    EmailAddress::try_from(stored).map_err(unavailable)
}

fn at(second: i64) -> Result<Timestamp, Unavailable> {
    Timestamp::from_second(second).map_err(unavailable)
}
