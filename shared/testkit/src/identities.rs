//! Identities in memory, beside the accounts that they belong to.

use crate::accounts::FakeAccounts;
use domain::{email::EmailAddress, id::UserId};
use jiff::Timestamp;
use ports::{
    Unavailable,
    accounts::{Credentials, NewAccount, TokenHash},
    identities::{Identities, LinkError, PendingSignIn},
    identity_provider::Identity,
};
use std::collections::BTreeMap;

#[derive(Debug, Default)]
pub(crate) struct Stored {
    pending: BTreeMap<TokenHash, PendingSignIn>,
    users: BTreeMap<Identity, UserId>,
}

impl Stored {
    fn linked(&self, user: &UserId) -> Option<Identity> {
        let found = self.users.iter().find(|(_, owner)| *owner == user);
        found.map(|(identity, _)| identity.clone())
    }
}

impl FakeAccounts {
    /// Every sign-in that has not come back.
    pub fn pending_sign_ins(&self) -> Vec<PendingSignIn> {
        self.lock().identities.pending.values().cloned().collect()
    }
}

impl Identities for FakeAccounts {
    async fn record_pending(&self, pending: &PendingSignIn) -> Result<(), Unavailable> {
        let mut stored = self.reach()?;
        let place = stored.identities.pending.entry(pending.state.clone());
        place.or_insert_with(|| pending.clone());
        Ok(())
    }

    async fn take_pending(
        &self,
        state: &TokenHash,
        now: Timestamp,
    ) -> Result<Option<PendingSignIn>, Unavailable> {
        let taken = self.reach()?.identities.pending.remove(state);
        Ok(taken.filter(|it| it.expires_at > now))
    }

    async fn find_identity(&self, identity: &Identity) -> Result<Option<UserId>, Unavailable> {
        Ok(self.reach()?.identities.users.get(identity).cloned())
    }

    async fn find_linked(&self, user: &UserId) -> Result<Option<Identity>, Unavailable> {
        Ok(self.reach()?.identities.linked(user))
    }

    async fn open_account(
        &self,
        account: &NewAccount,
        email: &EmailAddress,
        identity: &Identity,
    ) -> Result<(), LinkError> {
        let mut stored = self.reach()?;
        let is_known = stored.identities.users.contains_key(identity);
        if is_known || stored.addresses.contains_key(email) {
            return Err(LinkError::Taken);
        }
        let user = account.user.clone();
        let credentials = Credentials { user: user.clone(), password: None, generation: 0 };
        self.open(&mut stored, email, credentials, &account.tenant, account.at);
        stored.set_google(&user, true);
        stored.identities.users.insert(identity.clone(), user);
        Ok(())
    }

    async fn link(
        &self,
        user: &UserId,
        identity: &Identity,
        _at: Timestamp,
    ) -> Result<(), LinkError> {
        let mut stored = self.reach()?;
        let owner = stored.identities.users.get(identity);
        let linked = stored.identities.linked(user);
        let free = owner.is_none_or(|it| it == user) && linked.is_none_or(|it| it == *identity);
        if !free || !stored.set_google(user, true) {
            return Err(LinkError::Taken);
        }
        stored.identities.users.insert(identity.clone(), user.clone());
        Ok(())
    }

    async fn unlink(&self, user: &UserId) -> Result<bool, Unavailable> {
        let mut stored = self.reach()?;
        let Some(identity) = stored.identities.linked(user) else { return Ok(true) };
        if stored.users.get(user).is_none_or(|it| it.password.is_none()) {
            return Ok(false);
        }
        stored.identities.users.remove(&identity);
        stored.set_google(user, false);
        Ok(true)
    }
}
