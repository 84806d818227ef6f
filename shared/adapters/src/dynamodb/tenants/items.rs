//! What lies in the table `accounts` about tenants.

use super::unavailable;
use domain::{
    email::EmailAddress,
    id::{InvitationId, TenantId, UserId},
    tenant::{Role, Subdomain, TenantName},
};
use jiff::Timestamp;
use ports::{
    Unavailable,
    accounts::TokenHash,
    tenants::{Invitation, Member},
};
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize)]
pub(super) struct TenantItem {
    pub(super) name: TenantName,
    pub(super) subdomain: Subdomain,
    /// How many of its members are owners. Never 0.
    pub(super) owners: u32,
    pub(super) created_at: Timestamp,
}

/// Its being there is what makes a subdomain unique.
#[derive(Serialize, Deserialize)]
pub(super) struct SubdomainItem {
    pub(super) tenant: TenantId,
}

/// In the tenant's partition.
#[derive(Serialize, Deserialize)]
pub(super) struct MemberItem {
    pub(super) user: UserId,
    pub(super) email: String,
    pub(super) role: Role,
    pub(super) since: Timestamp,
}

/// In the user's partition.
#[derive(Serialize, Deserialize)]
pub(in crate::dynamodb) struct MembershipItem {
    pub(in crate::dynamodb) tenant: TenantId,
    pub(in crate::dynamodb) role: Role,
}

#[derive(Serialize, Deserialize)]
pub(super) struct InvitationItem {
    id: InvitationId,
    pub(super) email: String,
    pub(super) role: Role,
    pub(super) hash: String,
    created_at: Timestamp,
    pub(super) expires_at_s: i64,
}

/// As in the items above, for conditions.
pub(super) fn spelled(role: Role) -> &'static str {
    match role {
        Role::Owner => "owner",
        Role::Member => "member",
    }
}

impl MemberItem {
    pub(super) fn into_member(self) -> Result<Member, Unavailable> {
        let email = address(self.email)?;
        Ok(Member { user: self.user, email, role: self.role, since: self.since })
    }
}

impl InvitationItem {
    pub(super) fn of(invitation: &Invitation) -> Self {
        Self {
            id: invitation.id.clone(),
            email: invitation.email.to_string(),
            role: invitation.role,
            hash: invitation.token.0.clone(),
            created_at: invitation.created_at,
            expires_at_s: invitation.expires_at.as_second(),
        }
    }

    pub(super) fn into_invitation(self, tenant: &TenantId) -> Result<Invitation, Unavailable> {
        Ok(Invitation {
            id: self.id,
            tenant: tenant.clone(),
            email: address(self.email)?,
            role: self.role,
            token: TokenHash(self.hash),
            created_at: self.created_at,
            expires_at: Timestamp::from_second(self.expires_at_s).map_err(unavailable)?,
        })
    }
}

fn address(stored: String) -> Result<EmailAddress, Unavailable> {
    EmailAddress::try_from(stored).map_err(unavailable)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_role_is_spelled_in_conditions_as_it_is_stored() {
        for role in [Role::Owner, Role::Member] {
            assert_eq!(serde_json::to_value(role).unwrap(), spelled(role));
        }
    }
}
