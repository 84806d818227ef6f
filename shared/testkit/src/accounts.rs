//! Accounts in memory.

use crate::{outage::Outage, tenants::FakeTenants};
use domain::id::{SessionId, TenantId, UserId};
use jiff::Timestamp;
use ports::{
    Unavailable,
    accounts::{
        Accounts, ConfirmError, Credentials, EmailAddress, Membership, NewAccount, Role, Session,
        SignUp, Throttle, TokenHash, Tries,
    },
    tenants::Member,
};
use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

#[derive(Debug, Default)]
pub struct FakeAccounts {
    stored: Mutex<Stored>,
    tenants: FakeTenants,
    pub outage: Outage,
}

#[derive(Debug, Default)]
struct Stored {
    sign_ups: BTreeMap<TokenHash, SignUp>,
    credentials: BTreeMap<EmailAddress, Credentials>,
    sessions: BTreeMap<String, Session>,
    tries: BTreeMap<String, Tries>,
    customers: BTreeMap<TenantId, String>,
}

impl FakeAccounts {
    /// Every sign-up that waits for its confirmation.
    pub fn sign_ups(&self) -> Vec<SignUp> {
        self.lock().sign_ups.values().cloned().collect()
    }

    /// A confirmed account, as [`Accounts::confirm`] would leave it.
    pub fn put_account(&self, email: &EmailAddress, credentials: Credentials, tenant: &TenantId) {
        self.open(&mut self.lock(), email, credentials, tenant, Timestamp::UNIX_EPOCH);
    }

    /// The tenants of these accounts: one store, two ports.
    pub fn tenants(&self) -> FakeTenants {
        self.tenants.clone()
    }

    fn open(
        &self,
        stored: &mut Stored,
        email: &EmailAddress,
        credentials: Credentials,
        tenant: &TenantId,
        since: Timestamp,
    ) {
        let (user, email) = (credentials.user.clone(), email.clone());
        stored.credentials.insert(email.clone(), credentials);
        self.tenants.open(tenant, Member { user, email, role: Role::Owner, since });
    }

    fn lock(&self) -> MutexGuard<'_, Stored> {
        self.stored.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn reach(&self) -> Result<MutexGuard<'_, Stored>, Unavailable> {
        self.outage.check("accounts")?;
        Ok(self.lock())
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
            .filter(|it| !stored.credentials.contains_key(&it.email))
            .cloned()
            .ok_or(ConfirmError::Spent)?;
        stored.sign_ups.remove(token);
        let user = account.user.clone();
        let credentials = Credentials { user, password: sign_up.password };
        self.open(&mut stored, &sign_up.email, credentials, &account.tenant, account.at);
        Ok(())
    }

    async fn find_credentials(
        &self,
        email: &EmailAddress,
    ) -> Result<Option<Credentials>, Unavailable> {
        Ok(self.reach()?.credentials.get(email).cloned())
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

    async fn record_session(&self, session: &Session) -> Result<(), Unavailable> {
        self.reach()?.sessions.insert(session.id.to_string(), session.clone());
        Ok(())
    }

    async fn find_session(&self, id: &SessionId) -> Result<Option<Session>, Unavailable> {
        Ok(self.reach()?.sessions.get(id.as_str()).cloned())
    }

    async fn revoke_session(&self, id: &SessionId) -> Result<(), Unavailable> {
        self.reach()?.sessions.remove(id.as_str());
        Ok(())
    }

    async fn count_try(&self, throttle: &Throttle, now: Timestamp) -> Result<Tries, Unavailable> {
        let mut stored = self.reach()?;
        let fresh = Tries { count: 0, until: now + throttle.window };
        let tries = stored.tries.entry(throttle.key.clone()).or_insert(fresh);
        if tries.until <= now {
            *tries = fresh;
        }
        tries.count += 1;
        Ok(*tries)
    }

    async fn forget_tries(&self, throttle: &Throttle) -> Result<(), Unavailable> {
        self.reach()?.tries.remove(&throttle.key);
        Ok(())
    }

    async fn find_customer(&self, tenant: &TenantId) -> Result<Option<String>, Unavailable> {
        Ok(self.reach()?.customers.get(tenant).cloned())
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
