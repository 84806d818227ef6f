//! Tenants in memory.

use crate::outage::Outage;
use domain::{
    email::EmailAddress,
    id::{InvitationId, TenantId, UserId},
    tenant::{Role, Subdomain, TenantName},
};
use jiff::Timestamp;
use ports::{
    Unavailable,
    tenants::{
        AcceptError, Acceptance, ChangeTenantError, Invitation, Member, MemberError, Tenant,
        TenantChange, Tenants,
    },
};
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// Its clones are one store: [`crate::accounts::FakeAccounts`] opens tenants in it.
#[derive(Clone, Debug, Default)]
pub struct FakeTenants {
    stored: Arc<Mutex<Stored>>,
    pub outage: Arc<Outage>,
    /// Of writes that were made, and whose answers get lost on the way.
    pub lost_answers: Arc<Outage>,
}

#[derive(Debug, Default)]
struct Stored {
    tenants: BTreeMap<TenantId, Tenant>,
    members: BTreeMap<(TenantId, UserId), Member>,
    invitations: BTreeMap<(TenantId, InvitationId), Invitation>,
}

impl FakeTenants {
    /// A new tenant and its owner, as a confirmation leaves them.
    pub fn open(&self, tenant: &TenantId, owner: Member) {
        let mut stored = self.lock();
        let is_free = |it: &Subdomain| stored.tenants.values().all(|other| other.subdomain != *it);
        let choices = Subdomain::choices(&owner.email, tenant);
        let subdomain = choices.into_iter().find(is_free).expect("a subdomain of one's own");
        let name = TenantName::derived(&owner.email);
        stored.tenants.insert(tenant.clone(), Tenant { id: tenant.clone(), name, subdomain });
        stored.members.insert((tenant.clone(), owner.user.clone()), owner);
    }

    /// Makes somebody a member of `tenant`, and of nothing else.
    pub fn move_member(&self, tenant: &TenantId, member: Member) {
        let mut stored = self.lock();
        stored.members.retain(|(_, user), _| *user != member.user);
        stored.members.insert((tenant.clone(), member.user.clone()), member);
    }

    /// The tenants of `user` and their role in each.
    pub fn memberships(&self, user: &UserId) -> Vec<(TenantId, Role)> {
        let stored = self.lock();
        let theirs = stored.members.iter().filter(|((_, it), _)| it == user);
        theirs.map(|((tenant, _), member)| (tenant.clone(), member.role)).collect()
    }

    /// Everybody in `tenant`.
    pub fn members(&self, tenant: &TenantId) -> Vec<Member> {
        self.lock().members_of(tenant)
    }

    /// Every invitation, expired ones too.
    pub fn invitations(&self) -> Vec<Invitation> {
        self.lock().invitations.values().cloned().collect()
    }

    fn lock(&self) -> MutexGuard<'_, Stored> {
        self.stored.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn reach(&self) -> Result<MutexGuard<'_, Stored>, Unavailable> {
        self.outage.check("tenants")?;
        Ok(self.lock())
    }

    /// `answer`, if it arrives.
    fn answered<T>(&self, answer: T) -> Result<T, Unavailable> {
        self.lost_answers.check("tenants")?;
        Ok(answer)
    }
}

impl Stored {
    fn members_of(&self, tenant: &TenantId) -> Vec<Member> {
        let all = self.members.iter().filter(|((it, _), _)| it == tenant);
        all.map(|(_, member)| member.clone()).collect()
    }

    fn member(&self, tenant: &TenantId, user: &UserId) -> Result<Member, MemberError> {
        let member = self.members.get(&(tenant.clone(), user.clone()));
        member.cloned().ok_or(MemberError::NotMember)
    }

    /// Refuses to go on without `member`, if nobody else is an owner.
    fn spare(&self, tenant: &TenantId, member: &Member) -> Result<(), MemberError> {
        let owners = self.members_of(tenant).into_iter().filter(|it| it.role == Role::Owner);
        if member.role == Role::Owner && owners.count() == 1 {
            return Err(MemberError::LastOwner);
        }
        Ok(())
    }
}

impl Tenants for FakeTenants {
    async fn find(&self, tenant: &TenantId) -> Result<Option<Tenant>, Unavailable> {
        Ok(self.reach()?.tenants.get(tenant).cloned())
    }

    async fn list_of_user(&self, user: &UserId) -> Result<Vec<(Tenant, Role)>, Unavailable> {
        let memberships = self.memberships(user);
        let stored = self.reach()?;
        let known = |(id, role): (TenantId, Role)| Some((stored.tenants.get(&id)?.clone(), role));
        Ok(memberships.into_iter().filter_map(known).collect())
    }

    async fn change(
        &self,
        tenant: &TenantId,
        change: &TenantChange,
    ) -> Result<Tenant, ChangeTenantError> {
        let changed = {
            let mut stored = self.reach()?;
            let taken = |it: &Subdomain| {
                stored.tenants.values().any(|other| other.id != *tenant && other.subdomain == *it)
            };
            if change.subdomain.as_ref().is_some_and(taken) {
                return Err(ChangeTenantError::Taken);
            }
            let known = stored.tenants.get_mut(tenant).ok_or(ChangeTenantError::LostRace)?;
            known.name = change.name.clone().unwrap_or_else(|| known.name.clone());
            known.subdomain = change.subdomain.clone().unwrap_or_else(|| known.subdomain.clone());
            known.clone()
        };
        Ok(self.answered(changed)?)
    }

    async fn find_member(
        &self,
        tenant: &TenantId,
        user: &UserId,
    ) -> Result<Option<Member>, Unavailable> {
        Ok(self.reach()?.member(tenant, user).ok())
    }

    async fn list_members(&self, tenant: &TenantId) -> Result<Vec<Member>, Unavailable> {
        Ok(self.reach()?.members_of(tenant))
    }

    async fn change_role(
        &self,
        tenant: &TenantId,
        user: &UserId,
        role: Role,
    ) -> Result<Member, MemberError> {
        let changed = {
            let mut stored = self.reach()?;
            let member = stored.member(tenant, user)?;
            if role == Role::Member {
                stored.spare(tenant, &member)?;
            }
            let changed = Member { role, ..member };
            stored.members.insert((tenant.clone(), user.clone()), changed.clone());
            changed
        };
        Ok(self.answered(changed)?)
    }

    async fn remove_member(&self, tenant: &TenantId, user: &UserId) -> Result<(), MemberError> {
        {
            let mut stored = self.reach()?;
            let member = stored.member(tenant, user)?;
            stored.spare(tenant, &member)?;
            stored.members.remove(&(tenant.clone(), user.clone()));
            stored.invitations.retain(|(of, _), it| of != tenant || it.email != member.email);
        }
        Ok(self.answered(())?)
    }

    async fn invite(&self, invitation: &Invitation) -> Result<(), Unavailable> {
        let key = (invitation.tenant.clone(), invitation.id.clone());
        self.reach()?.invitations.insert(key, invitation.clone());
        self.answered(())
    }

    async fn list_invitations(
        &self,
        tenant: &TenantId,
        now: Timestamp,
    ) -> Result<Vec<Invitation>, Unavailable> {
        let stored = self.reach()?;
        let open = stored.invitations.values();
        let open = open.filter(|it| it.tenant == *tenant && it.expires_at > now);
        Ok(open.cloned().collect())
    }

    async fn withdraw_invitation(
        &self,
        tenant: &TenantId,
        invitation: &InvitationId,
    ) -> Result<bool, Unavailable> {
        let key = (tenant.clone(), invitation.clone());
        let withdrawn = self.reach()?.invitations.remove(&key);
        self.answered(withdrawn.is_some())
    }

    async fn accept(&self, acceptance: &Acceptance) -> Result<(), AcceptError> {
        {
            let mut stored = self.reach()?;
            let place = (acceptance.tenant.clone(), acceptance.user.clone());
            if stored.members.contains_key(&place) {
                return Ok(());
            }
            let key = (acceptance.tenant.clone(), acceptance.invitation.clone());
            let open = stored.invitations.get(&key).cloned();
            let open = open.filter(|it| it.token == acceptance.token);
            let open = open.filter(|it| it.expires_at > acceptance.at).ok_or(AcceptError::Spent)?;
            if open.email != acceptance.email {
                return Err(AcceptError::OtherAddress);
            }
            stored.invitations.remove(&key);
            stored.members.insert(place, entered(acceptance, open.role));
        }
        Ok(self.answered(())?)
    }
}

fn entered(acceptance: &Acceptance, role: Role) -> Member {
    let (user, email): (UserId, EmailAddress) = (acceptance.user.clone(), acceptance.email.clone());
    Member { user, email, role, since: acceptance.at }
}
