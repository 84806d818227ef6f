//! [`Accounts`] on the table `accounts`.

mod identities;
mod items;

use super::{
    keys::{self, Key},
    table::{Table, unavailable},
    tenants::{self, items::MembershipItem},
};
use aws_sdk_dynamodb::{
    Client,
    operation::transact_write_items::TransactWriteItemsError,
    types::{AttributeValue as A, Delete, TransactWriteItem, Update},
};
use domain::{
    email::EmailAddress,
    id::{TenantId, UserId},
    tenant::Subdomain,
};
use items::{AddressItem, CustomerItem, CustomersTenantItem, ResetItem, SignUpItem, UserItem};
use jiff::Timestamp;
use ports::{
    Unavailable,
    accounts::{
        Accounts, ConfirmError, Credentials, Membership, NewAccount, PasswordChange, PasswordHash,
        Reset, ResetError, Role, SignUp, TokenHash, User,
    },
    tenants::Member,
};

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

    /// Everything that an account is made of, under the first subdomain that is free, together with
    /// the write `also`; or nothing, and `false`: one of it is not new, or `also` was refused.
    async fn open(
        &self,
        account: &NewAccount,
        email: &EmailAddress,
        person: &UserItem,
        also: TransactWriteItem,
    ) -> Result<bool, Unavailable> {
        let (user, tenant) = (&account.user, &account.tenant);
        let (role, since) = (Role::Owner, account.at);
        let owner = Member { user: user.clone(), email: email.clone(), role, since };
        let owned_by = AddressItem { user: user.clone() };
        for subdomain in Subdomain::choices(email, tenant) {
            let mut parts = tenants::part_open(&self.table, tenant, &subdomain, &owner)?;
            parts.push(self.table.part_put_new(&keys::address(email), &owned_by)?);
            parts.push(self.table.part_put_new(&keys::user(user), person)?);
            parts.push(also.clone());
            match self.table.transact(parts).await? {
                Ok(()) => return Ok(true),
                Err(refused) if refused.only(0) => (),
                Err(refused) if refused.any() => return Ok(false),
                Err(_) => return Err(unavailable("another transaction was in the way")),
            }
        }
        Err(unavailable("a new tenant finds no subdomain"))
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

    /// Sets the password of the user whose present one is of `generation`, and starts the next.
    fn set_password(
        &self,
        user: &UserId,
        generation: u64,
        password: &PasswordHash,
    ) -> Result<TransactWriteItem, Unavailable> {
        let update = Update::builder()
            .table_name(&self.table.name)
            .set_key(Some(keys::user(user).attributes()))
            .update_expression("SET password = :password, generation = :next")
            // Nobody's comparison with an attribute that is not there holds: the user exists.
            .condition_expression("generation = :now")
            .expression_attribute_values(":password", A::S(password.0.clone()))
            .expression_attribute_values(":next", number(generation + 1))
            .expression_attribute_values(":now", number(generation))
            .build()
            .map_err(unavailable)?;
        Ok(TransactWriteItem::builder().update(update).build())
    }

    /// Takes the session that asked along into the next generation.
    fn keep_session(&self, change: &PasswordChange) -> Result<TransactWriteItem, Unavailable> {
        let update = Update::builder()
            .table_name(&self.table.name)
            .set_key(Some(keys::session(&change.user, &change.keep).attributes()))
            .update_expression("SET generation = :next")
            .condition_expression("generation = :now")
            .expression_attribute_values(":next", number(change.generation + 1))
            .expression_attribute_values(":now", number(change.generation))
            .build()
            .map_err(unavailable)?;
        Ok(TransactWriteItem::builder().update(update).build())
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
        let person = UserItem {
            email: email.to_string(),
            password: Some(sign_up.password),
            generation: 0,
            google_issuer: None,
            google_subject: None,
            created_at: account.at,
        };
        let taken = self.take(&keys::sign_up(token))?;
        let opened = self.open(account, &email, &person, taken).await?;
        opened.then_some(()).ok_or(ConfirmError::Spent)
    }

    async fn find_credentials(
        &self,
        email: &EmailAddress,
    ) -> Result<Option<Credentials>, Unavailable> {
        let address: Option<AddressItem> = self.table.get(&keys::address(email)).await?;
        // For an unknown address as well: how long this takes shall tell nobody anything.
        let nobody = UserId::new("nobody").map_err(unavailable)?;
        let user = address.map_or(nobody, |it| it.user);
        let found = self.find_user(&user).await?;
        Ok(found.map(|User { id: user, password, generation, .. }| Credentials {
            user,
            password,
            generation,
        }))
    }

    async fn find_user(&self, id: &UserId) -> Result<Option<User>, Unavailable> {
        let item: Option<UserItem> = self.table.get(&keys::user(id)).await?;
        item.map(|it| {
            Ok(User {
                id: id.clone(),
                email: address(it.email)?,
                password: it.password.map(PasswordHash),
                generation: it.generation,
                google: it.google_subject.is_some(),
            })
        })
        .transpose()
    }

    async fn record_reset(&self, reset: &Reset) -> Result<(), Unavailable> {
        let item = ResetItem {
            email: reset.email.to_string(),
            generation: reset.generation,
            expires_at_s: reset.expires_at.as_second(),
        };
        self.table.put_new(&keys::reset(&reset.token), &item).await.map(|_| ())
    }

    async fn reset_password(
        &self,
        token: &TokenHash,
        password: &PasswordHash,
        now: Timestamp,
    ) -> Result<(UserId, EmailAddress), ResetError> {
        let reset: Option<ResetItem> = self.table.get(&keys::reset(token)).await?;
        let reset =
            reset.filter(|it| it.expires_at_s > now.as_second()).ok_or(ResetError::Spent)?;
        let email = address(reset.email)?;
        let owner: Option<AddressItem> = self.table.get(&keys::address(&email)).await?;
        let user = owner.ok_or(ResetError::Spent)?.user;
        let done = self
            .table
            .client
            .transact_write_items()
            .transact_items(self.take(&keys::reset(token))?)
            .transact_items(self.set_password(&user, reset.generation, password)?)
            .send()
            .await;
        match done {
            Ok(_) => Ok((user, email)),
            Err(error) if error.as_service_error().is_some_and(is_condition) => {
                Err(ResetError::Spent)
            }
            Err(error) => Err(unavailable(error).into()),
        }
    }

    async fn change_password(&self, change: &PasswordChange) -> Result<bool, Unavailable> {
        let done = self
            .table
            .client
            .transact_write_items()
            .transact_items(self.set_password(&change.user, change.generation, &change.password)?)
            .transact_items(self.keep_session(change)?)
            .send()
            .await;
        match done {
            Ok(_) => Ok(true),
            Err(error) if error.as_service_error().is_some_and(is_condition) => {
                // Hashes are salted: this very one is there only if this very change was made.
                let user = self.find_user(&change.user).await?;
                Ok(user.is_some_and(|it| it.password.as_ref() == Some(&change.password)))
            }
            Err(error) => Err(unavailable(error)),
        }
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
        self.table.put_new(&keys::customer(tenant), &item).await?;
        let first = self.find_customer(tenant).await?;
        let first = first.ok_or_else(|| unavailable("the recorded customer is gone"))?;
        let tenant = CustomersTenantItem { tenant: tenant.clone() };
        self.table.put(&keys::tenant_of_customer(&first), &tenant).await?;
        Ok(first)
    }

    async fn find_tenant_of_customer(
        &self,
        customer: &str,
    ) -> Result<Option<TenantId>, Unavailable> {
        let key = keys::tenant_of_customer(customer);
        let item: Option<CustomersTenantItem> = self.table.get(&key).await?;
        Ok(item.map(|it| it.tenant))
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

fn number(it: u64) -> A {
    A::N(it.to_string())
}
