//! Accounts in memory.

use crate::{
    identities,
    outage::Outage,
    sessions::{self, FakeSessions},
    tenants::FakeTenants,
};
use domain::{
    email::EmailAddress,
    id::{TenantId, UserId},
};
use jiff::Timestamp;
use ports::{
    Unavailable,
    accounts::{
        Accounts, ConfirmError, Credentials, Membership, NewAccount, PasswordChange, PasswordHash,
        Reset, ResetError, Role, SignUp, TokenHash, User,
    },
    tenants::Member,
};
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

#[derive(Debug, Default)]
pub struct FakeAccounts {
    stored: Mutex<Stored>,
    sessions: Arc<Mutex<sessions::Stored>>,
    tenants: FakeTenants,
    pub outage: Outage,
    /// Answers that get lost on their way back: the change was made, and nobody hears of it.
    pub lost_answers: Outage,
}

#[derive(Debug, Default)]
pub(crate) struct Stored {
    pub(crate) identities: identities::Stored,
    sign_ups: BTreeMap<TokenHash, SignUp>,
    resets: BTreeMap<TokenHash, Reset>,
    pub(crate) addresses: BTreeMap<EmailAddress, UserId>,
    pub(crate) users: BTreeMap<UserId, User>,
    customers: BTreeMap<TenantId, String>,
}

impl FakeAccounts {
    /// In one table with `sessions`, as the real ones are: a change of a password is about both.
    pub fn beside(sessions: &FakeSessions) -> Self {
        Self { sessions: sessions.stored.clone(), ..Self::default() }
    }

    /// Every sign-up that waits for its confirmation.
    pub fn sign_ups(&self) -> Vec<SignUp> {
        self.lock().sign_ups.values().cloned().collect()
    }

    /// Every reset that waits for its password.
    pub fn resets(&self) -> Vec<Reset> {
        self.lock().resets.values().cloned().collect()
    }

    /// A confirmed account, as [`Accounts::confirm`] would leave it.
    pub fn put_account(&self, email: &EmailAddress, credentials: Credentials, tenant: &TenantId) {
        self.open(&mut self.lock(), email, credentials, tenant, Timestamp::UNIX_EPOCH);
    }

    /// Makes `user` what `role` says in `tenant`, and takes them out of every other.
    pub fn put_membership(&self, user: &UserId, tenant: &TenantId, role: Role) {
        let email = self.lock().users.get(user).map(|it| it.email.clone());
        let email = email.expect("whoever is a member has an account");
        let since = Timestamp::UNIX_EPOCH;
        self.tenants.move_member(tenant, Member { user: user.clone(), email, role, since });
    }

    /// The tenants of these accounts: one store, two ports.
    pub fn tenants(&self) -> FakeTenants {
        self.tenants.clone()
    }

    pub(crate) fn open(
        &self,
        stored: &mut Stored,
        email: &EmailAddress,
        credentials: Credentials,
        tenant: &TenantId,
        since: Timestamp,
    ) {
        let Credentials { user: id, password, generation } = credentials;
        let (member, email) = (id.clone(), email.clone());
        stored.addresses.insert(email.clone(), id.clone());
        let user =
            User { id: id.clone(), email: email.clone(), password, generation, google: false };
        stored.users.insert(id, user);
        self.tenants.open(tenant, Member { user: member, email, role: Role::Owner, since });
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, Stored> {
        self.stored.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn reach(&self) -> Result<MutexGuard<'_, Stored>, Unavailable> {
        self.outage.check("accounts")?;
        Ok(self.lock())
    }
}

impl Stored {
    /// `false` if there is no such user.
    pub(crate) fn set_google(&mut self, user: &UserId, google: bool) -> bool {
        self.users.get_mut(user).map(|it| it.google = google).is_some()
    }

    fn of_address(&self, email: &EmailAddress) -> Option<&User> {
        self.users.get(self.addresses.get(email)?)
    }

    /// The user whose present password is of `generation`.
    fn of_generation(&mut self, id: &UserId, generation: u64) -> Option<&mut User> {
        self.users.get_mut(id).filter(|it| it.generation == generation)
    }
}

impl Accounts for FakeAccounts {
    async fn record_sign_up(&self, sign_up: &SignUp) -> Result<(), Unavailable> {
        let mut stored = self.reach()?;
        stored.sign_ups.entry(sign_up.token.clone()).or_insert_with(|| sign_up.clone());
        Ok(())
    }

    async fn confirm(&self, token: &TokenHash, account: &NewAccount) -> Result<(), ConfirmError> {
        let mut stored = self.reach()?;
        let sign_up = stored
            .sign_ups
            .get(token)
            .filter(|it| it.expires_at > account.at)
            .filter(|it| !stored.addresses.contains_key(&it.email))
            .cloned()
            .ok_or(ConfirmError::Spent)?;
        stored.sign_ups.remove(token);
        let (user, password) = (account.user.clone(), Some(sign_up.password));
        let credentials = Credentials { user, password, generation: 0 };
        self.open(&mut stored, &sign_up.email, credentials, &account.tenant, account.at);
        Ok(())
    }

    async fn find_credentials(
        &self,
        email: &EmailAddress,
    ) -> Result<Option<Credentials>, Unavailable> {
        let user = self.reach()?.of_address(email).cloned();
        Ok(user.map(|User { id: user, password, generation, .. }| Credentials {
            user,
            password,
            generation,
        }))
    }

    async fn find_user(&self, id: &UserId) -> Result<Option<User>, Unavailable> {
        Ok(self.reach()?.users.get(id).cloned())
    }

    async fn record_reset(&self, reset: &Reset) -> Result<(), Unavailable> {
        let mut stored = self.reach()?;
        stored.resets.entry(reset.token.clone()).or_insert_with(|| reset.clone());
        Ok(())
    }

    async fn reset_password(
        &self,
        token: &TokenHash,
        password: &PasswordHash,
        now: Timestamp,
    ) -> Result<(UserId, EmailAddress), ResetError> {
        let mut stored = self.reach()?;
        let reset = stored.resets.get(token).filter(|it| it.expires_at > now).cloned();
        let reset = reset.ok_or(ResetError::Spent)?;
        let id = stored.addresses.get(&reset.email).cloned().ok_or(ResetError::Spent)?;
        let user = stored.of_generation(&id, reset.generation).ok_or(ResetError::Spent)?;
        user.password = Some(password.clone());
        user.generation += 1;
        stored.resets.remove(token);
        self.lost_answers.check("accounts")?;
        Ok((id, reset.email))
    }

    async fn change_password(&self, change: &PasswordChange) -> Result<bool, Unavailable> {
        let mut stored = self.reach()?;
        let mut sessions = self.sessions.lock().unwrap_or_else(PoisonError::into_inner);
        let made = stored.users.get(&change.user).and_then(|it| it.password.as_ref());
        if made == Some(&change.password) {
            return Ok(true);
        }
        let session = sessions
            .get_mut(&(change.user.clone(), change.keep.clone()))
            .filter(|it| it.generation == change.generation);
        let user = stored.of_generation(&change.user, change.generation);
        let (Some(session), Some(user)) = (session, user) else {
            return Ok(false);
        };
        session.generation += 1;
        user.generation += 1;
        user.password = Some(change.password.clone());
        self.lost_answers.check("accounts")?;
        Ok(true)
    }

    async fn list_memberships(&self, user: &UserId) -> Result<Vec<Membership>, Unavailable> {
        let _stored = self.reach()?;
        let membership = |(tenant, role)| Membership { tenant, role };
        Ok(self.tenants.memberships(user).into_iter().map(membership).collect())
    }

    async fn find_owner_address(
        &self,
        tenant: &TenantId,
    ) -> Result<Option<EmailAddress>, Unavailable> {
        let _stored = self.reach()?;
        let members = self.tenants.members(tenant).into_iter();
        let owners = members.filter(|it| it.role == Role::Owner);
        Ok(owners.min_by_key(|it| it.since).map(|it| it.email))
    }

    async fn find_customer(&self, tenant: &TenantId) -> Result<Option<String>, Unavailable> {
        Ok(self.reach()?.customers.get(tenant).cloned())
    }

    async fn find_tenant_of_customer(
        &self,
        customer: &str,
    ) -> Result<Option<TenantId>, Unavailable> {
        let stored = self.reach()?;
        let found = stored.customers.iter().find(|(_, it)| *it == customer);
        Ok(found.map(|(tenant, _)| tenant.clone()))
    }

    async fn record_customer(
        &self,
        tenant: &TenantId,
        customer: &str,
    ) -> Result<String, Unavailable> {
        let mut stored = self.reach()?;
        let first = stored.customers.entry(tenant.clone());
        Ok(first.or_insert_with(|| customer.to_owned()).clone())
    }
}
