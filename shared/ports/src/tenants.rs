//! Tenants, who belongs to them, and who is asked in.

use crate::{Unavailable, accounts::TokenHash};
use domain::{
    email::EmailAddress,
    id::{InvitationId, TenantId, UserId},
    tenant::{Role, Subdomain, TenantName},
};
use jiff::Timestamp;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tenant {
    pub id: TenantId,
    pub name: TenantName,
    pub subdomain: Subdomain,
}

/// What is to be different. `None` stays as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TenantChange {
    pub name: Option<TenantName>,
    pub subdomain: Option<Subdomain>,
}

/// A person in a tenant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    pub user: UserId,
    pub email: EmailAddress,
    pub role: Role,
    /// When this stay began: what is older belongs to an earlier one.
    pub since: Timestamp,
}

/// Asks whoever reads `email` into `tenant`.
///
/// One for each tenant and address: another one under the same id takes its place, and the token of
/// the earlier letter is worth nothing from then on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invitation {
    pub id: InvitationId,
    pub tenant: TenantId,
    pub email: EmailAddress,
    pub role: Role,
    pub token: TokenHash,
    pub created_at: Timestamp,
    pub expires_at: Timestamp,
}

/// An invitation that is being accepted, and by whom.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Acceptance {
    pub tenant: TenantId,
    pub invitation: InvitationId,
    pub token: TokenHash,
    pub user: UserId,
    pub email: EmailAddress,
    pub at: Timestamp,
}

pub trait Tenants {
    /// Strongly consistent, like every read here.
    fn find(
        &self,
        tenant: &TenantId,
    ) -> impl Future<Output = Result<Option<Tenant>, Unavailable>> + Send;

    /// The tenants that `user` belongs to, and as what.
    fn list_of_user(
        &self,
        user: &UserId,
    ) -> impl Future<Output = Result<Vec<(Tenant, Role)>, Unavailable>> + Send;

    /// Changes name and subdomain, all or nothing. Repeating it changes nothing and succeeds.
    fn change(
        &self,
        tenant: &TenantId,
        change: &TenantChange,
    ) -> impl Future<Output = Result<Tenant, ChangeTenantError>> + Send;

    /// The place of `user` in `tenant`: *the* question of every request.
    fn find_member(
        &self,
        tenant: &TenantId,
        user: &UserId,
    ) -> impl Future<Output = Result<Option<Member>, Unavailable>> + Send;

    /// Everybody in `tenant`, in the order of their ids.
    fn list_members(
        &self,
        tenant: &TenantId,
    ) -> impl Future<Output = Result<Vec<Member>, Unavailable>> + Send;

    /// Makes a member what `role` says. A repeat succeeds.
    ///
    /// Of owners who step down at the same moment one stays.
    fn change_role(
        &self,
        tenant: &TenantId,
        user: &UserId,
        role: Role,
    ) -> impl Future<Output = Result<Member, MemberError>> + Send;

    /// Takes a member out of the tenant, and any invitation of theirs with it.
    ///
    /// Of owners who leave at the same moment one stays. A repeat finds nobody and fails with
    /// [`MemberError::NotMember`].
    fn remove_member(
        &self,
        tenant: &TenantId,
        user: &UserId,
    ) -> impl Future<Output = Result<(), MemberError>> + Send;

    /// Keeps `invitation` in the place of any earlier one of its id.
    fn invite(
        &self,
        invitation: &Invitation,
    ) -> impl Future<Output = Result<(), Unavailable>> + Send;

    /// The invitations of `tenant` that can be accepted at `now`.
    fn list_invitations(
        &self,
        tenant: &TenantId,
        now: Timestamp,
    ) -> impl Future<Output = Result<Vec<Invitation>, Unavailable>> + Send;

    /// Takes an invitation back. `false` if there was none.
    fn withdraw_invitation(
        &self,
        tenant: &TenantId,
        invitation: &InvitationId,
    ) -> impl Future<Output = Result<bool, Unavailable>> + Send;

    /// Makes somebody a member: both of their rows appear and the invitation goes, all or nothing.
    ///
    /// A repeat by the same person succeeds: whoever is a member already is answered as one.
    fn accept(
        &self,
        acceptance: &Acceptance,
    ) -> impl Future<Output = Result<(), AcceptError>> + Send;
}

#[derive(Debug, thiserror::Error)]
pub enum ChangeTenantError {
    #[error("the subdomain belongs to another tenant")]
    Taken,
    /// Somebody changed it at the same time, or took a part in it. Read again.
    #[error("lost a race for the tenant")]
    LostRace,
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

#[derive(Debug, thiserror::Error)]
pub enum MemberError {
    #[error("there is no such member")]
    NotMember,
    #[error("the tenant would be left without an owner")]
    LastOwner,
    /// Somebody changed it at the same time. Read again.
    #[error("lost a race for the tenant")]
    LostRace,
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

#[derive(Debug, thiserror::Error)]
pub enum AcceptError {
    /// Unknown, expired, withdrawn, replaced by a later one or used before.
    #[error("the invitation is unknown, expired, withdrawn or was used before")]
    Spent,
    #[error("the invitation is for another address")]
    OtherAddress,
    /// Somebody changed the tenant at the same time. Repeat.
    #[error("lost a race for the tenant")]
    LostRace,
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}
