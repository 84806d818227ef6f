//! [`Accounts`] on the table `accounts`.

mod items;

use super::{
    keys::{self, Key},
    table::{Table, is_update_refused, read, unavailable},
    tenants::{self, items::MembershipItem},
};
use aws_sdk_dynamodb::{
    Client,
    types::{AttributeValue as A, ReturnValue},
};
use domain::{
    id::{SessionId, TenantId, UserId},
    tenant::Subdomain,
};
use items::{AddressItem, CustomerItem, SessionItem, SignUpItem, TriesItem, UserItem};
use jiff::Timestamp;
use ports::{
    Unavailable,
    accounts::{
        Accounts, ConfirmError, Credentials, EmailAddress, Membership, NewAccount, PasswordHash,
        Role, Session, SignUp, Throttle, TokenHash, Tries,
    },
    tenants::Member,
};

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

    /// Everything that an account is made of, under the first subdomain that is free.
    async fn open_account(
        &self,
        token: &TokenHash,
        sign_up: &SignUpItem,
        tenant: &TenantId,
        owner: &Member,
    ) -> Result<(), ConfirmError> {
        let (user, email) = (&owner.user, &owner.email);
        let credentials = AddressItem { user: user.clone(), password: sign_up.password.clone() };
        let person = UserItem { email: email.to_string(), created_at: owner.since };
        for subdomain in Subdomain::choices(email, tenant) {
            let mut parts = tenants::part_open(&self.table, tenant, &subdomain, owner)?;
            parts.push(self.table.part_delete(&keys::sign_up(token), |it| {
                it.condition_expression("attribute_exists(pk)")
            })?);
            parts.push(self.table.part_put_new(&keys::address(email), &credentials)?);
            parts.push(self.table.part_put_new(&keys::user(user), &person)?);
            match self.table.transact(parts).await? {
                Ok(()) => return Ok(()),
                Err(refused) if refused.only(0) => (),
                // Of the token, which is spent, or of the address, which is taken.
                Err(refused) if refused.any() => return Err(ConfirmError::Spent),
                Err(_) => return Err(unavailable("another transaction was in the way").into()),
            }
        }
        Err(unavailable("a new tenant finds no subdomain").into())
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
        let owner = Member {
            user: account.user.clone(),
            email: address(sign_up.email.clone())?,
            role: Role::Owner,
            since: account.at,
        };
        self.open_account(token, &sign_up, &account.tenant, &owner).await
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
        let membership = |it: MembershipItem| Membership { tenant: it.tenant, role: it.role };
        Ok(items.into_iter().map(membership).collect())
    }

    async fn find_owner_address(
        &self,
        tenant: &TenantId,
    ) -> Result<Option<EmailAddress>, Unavailable> {
        let members = tenants::members(&self.table, tenant).await?;
        let owners = members.into_iter().filter(|it| it.role == Role::Owner);
        Ok(owners.min_by_key(|it| it.since).map(|it| it.email))
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

fn address(stored: String) -> Result<EmailAddress, Unavailable> {
    EmailAddress::try_from(stored).map_err(unavailable)
}

fn at(second: i64) -> Result<Timestamp, Unavailable> {
    Timestamp::from_second(second).map_err(unavailable)
}
