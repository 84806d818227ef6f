//! [`Identities`] on the same table: opening an account and linking one are about its items.

use super::{
    DynamoAccounts,
    items::{IdentityItem, PendingItem, UserItem},
};
use crate::dynamodb::{
    keys,
    table::{read, unavailable, write},
    transaction::text,
};
use aws_sdk_dynamodb::types::{Put, TransactWriteItem};
use domain::{email::EmailAddress, id::UserId};
use jiff::Timestamp;
use ports::{
    Unavailable,
    accounts::{NewAccount, TokenHash},
    identities::{Identities, LinkError, PendingSignIn},
    identity_provider::{Identity, Proof},
};

impl Identities for DynamoAccounts {
    async fn record_pending(&self, pending: &PendingSignIn) -> Result<(), Unavailable> {
        let item = PendingItem {
            nonce: pending.proof.nonce.clone(),
            verifier: pending.proof.verifier.clone(),
            return_to: pending.return_to.clone(),
            link_user: pending.link_user.clone(),
            expires_at_s: pending.expires_at.as_second(),
        };
        self.table.put_new(&keys::pending_sign_in(&pending.state), &item).await.map(|_| ())
    }

    async fn take_pending(
        &self,
        state: &TokenHash,
        now: Timestamp,
    ) -> Result<Option<PendingSignIn>, Unavailable> {
        let taken = self.table.delete_existing(&keys::pending_sign_in(state)).await?;
        let Some(item) = taken else { return Ok(None) };
        let item: PendingItem = read(item)?;
        // DynamoDB expires items within days, not at their second.
        if item.expires_at_s <= now.as_second() {
            return Ok(None);
        }
        Ok(Some(PendingSignIn {
            state: state.clone(),
            proof: Proof { nonce: item.nonce, verifier: item.verifier },
            return_to: item.return_to,
            link_user: item.link_user,
            expires_at: Timestamp::from_second(item.expires_at_s).map_err(unavailable)?,
        }))
    }

    async fn find_identity(&self, identity: &Identity) -> Result<Option<UserId>, Unavailable> {
        let item: Option<IdentityItem> = self.table.get(&keys::identity(identity)).await?;
        Ok(item.map(|it| it.user))
    }

    async fn find_linked(&self, user: &UserId) -> Result<Option<Identity>, Unavailable> {
        let item: Option<UserItem> = self.table.get(&keys::user(user)).await?;
        Ok(item.and_then(UserItem::identity))
    }

    async fn open_account(
        &self,
        account: &NewAccount,
        email: &EmailAddress,
        identity: &Identity,
    ) -> Result<(), LinkError> {
        let person = UserItem {
            email: email.to_string(),
            password: None,
            generation: 0,
            google_issuer: Some(identity.issuer.clone()),
            google_subject: Some(identity.subject.clone()),
            created_at: account.at,
        };
        let item = IdentityItem { user: account.user.clone(), linked_at: account.at };
        let known = self.table.part_put_new(&keys::identity(identity), &item)?;
        let opened = self.open(account, email, &person, known).await?;
        opened.then_some(()).ok_or(LinkError::Taken)
    }

    async fn link(
        &self,
        user: &UserId,
        identity: &Identity,
        at: Timestamp,
    ) -> Result<(), LinkError> {
        self.change_link(vec![
            self.point_to(user, identity, at)?,
            self.change_identity(user, identity, LINK, LINKABLE)?,
        ])
        .await
    }

    async fn unlink(&self, user: &UserId) -> Result<bool, Unavailable> {
        let Some(identity) = self.find_linked(user).await? else { return Ok(true) };
        let writes = vec![
            self.forget(user, &identity)?,
            self.change_identity(user, &identity, UNLINK, UNLINKABLE)?,
        ];
        match self.change_link(writes).await {
            Ok(()) => Ok(true),
            // Somebody else was faster, or there is no password.
            Err(LinkError::Taken) => Ok(self.find_linked(user).await?.is_none()),
            Err(LinkError::Unavailable(error)) => Err(error),
        }
    }
}

const LINK: &str = "SET google_issuer = :issuer, google_subject = :subject";
const LINKABLE: &str = "attribute_exists(pk) AND (attribute_not_exists(google_subject) \
                        OR (google_issuer = :issuer AND google_subject = :subject))";
const UNLINK: &str = "REMOVE google_issuer, google_subject";
/// Without a password it is the only way in.
const UNLINKABLE: &str =
    "google_issuer = :issuer AND google_subject = :subject AND attribute_exists(password)";

impl DynamoAccounts {
    /// From the identity to the user, unless it leads elsewhere already.
    fn point_to(
        &self,
        user: &UserId,
        identity: &Identity,
        at: Timestamp,
    ) -> Result<TransactWriteItem, Unavailable> {
        let item = IdentityItem { user: user.clone(), linked_at: at };
        let put = Put::builder()
            .table_name(&self.table.name)
            .set_item(Some(write(&keys::identity(identity), &item)?))
            .condition_expression("attribute_not_exists(pk) OR #user = :user")
            .expression_attribute_names("#user", "user")
            .expression_attribute_values(":user", text(user.to_string()))
            .build()
            .map_err(unavailable)?;
        Ok(TransactWriteItem::builder().put(put).build())
    }

    /// The opposite, and only if it led there.
    fn forget(&self, user: &UserId, identity: &Identity) -> Result<TransactWriteItem, Unavailable> {
        self.table.part_delete(&keys::identity(identity), |delete| {
            delete
                .condition_expression("#user = :user")
                .expression_attribute_names("#user", "user")
                .expression_attribute_values(":user", text(user.to_string()))
        })
    }

    /// From the user to the identity.
    fn change_identity(
        &self,
        user: &UserId,
        identity: &Identity,
        change: &str,
        condition: &str,
    ) -> Result<TransactWriteItem, Unavailable> {
        self.table.part_update(&keys::user(user), |update| {
            update
                .update_expression(change)
                .condition_expression(condition)
                .expression_attribute_values(":issuer", text(&identity.issuer))
                .expression_attribute_values(":subject", text(&identity.subject))
        })
    }

    /// All of it or nothing.
    async fn change_link(&self, parts: Vec<TransactWriteItem>) -> Result<(), LinkError> {
        match self.table.transact(parts).await? {
            Ok(()) => Ok(()),
            Err(refused) if refused.any() => Err(LinkError::Taken),
            Err(_) => Err(unavailable("another transaction was in the way").into()),
        }
    }
}
