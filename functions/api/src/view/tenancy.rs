//! Tenants and their people, as clients see them.

use domain::tenant::Role;
use ports::{
    access_tokens::{AccessToken, Scope},
    tenants::{Invitation, Tenant},
};
use serde::Serialize;
use utoipa::ToSchema;

#[derive(ToSchema)]
#[expect(dead_code, reason = "describes what `input` reads field by field")]
pub(crate) struct TenantBody {
    /// 1 to 60 letters, digits, spaces and `-_&'+,()`.
    name: Option<String>,
    /// Lower-case letters, digits and single hyphens. Unique.
    #[schema(min_length = 3, max_length = 30, pattern = "^[a-z0-9]([a-z0-9]|-(?=[a-z0-9]))*$")]
    subdomain: Option<String>,
}

#[derive(ToSchema)]
#[expect(dead_code, reason = "describes what `input` reads field by field")]
pub(crate) struct SwitchBody {
    tenant_id: String,
}

#[derive(ToSchema)]
#[expect(dead_code, reason = "describes what `input` reads field by field")]
pub(crate) struct RoleBody {
    role: RoleName,
}

#[derive(ToSchema)]
#[expect(dead_code, reason = "describes what `input` reads field by field")]
pub(crate) struct InvitationBody {
    #[schema(format = "email", max_length = 254)]
    email: String,
    role: RoleName,
}

#[derive(ToSchema)]
#[expect(dead_code, reason = "describes what `input` reads field by field")]
pub(crate) struct AccessTokenBody {
    /// What it is for, in words for its owner.
    #[schema(min_length = 1, max_length = 60)]
    name: String,
    scope: ScopeName,
    #[schema(minimum = 1, maximum = 365)]
    expires_in_days: u32,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct TenantView {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) subdomain: String,
    /// The caller's own.
    pub(crate) role: RoleName,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum RoleName {
    /// Everything, also with people and money.
    Owner,
    /// Everything with projects.
    Member,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct MemberView {
    pub(crate) user_id: String,
    pub(crate) email: String,
    pub(crate) role: RoleName,
    pub(crate) you: bool,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct InvitationView {
    id: String,
    email: String,
    role: RoleName,
    #[schema(format = "date-time")]
    created_at: String,
    #[schema(format = "date-time")]
    expires_at: String,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct Accepted {
    /// The tenant that has a member more.
    pub(crate) tenant_id: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ScopeName {
    /// Looks at things.
    Read,
    /// Changes them as well.
    Write,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct AccessTokenView {
    id: String,
    name: String,
    scope: ScopeName,
    /// To the hour.
    #[schema(format = "date-time")]
    last_used_at: Option<String>,
    #[schema(format = "date-time")]
    created_at: String,
    #[schema(format = "date-time")]
    expires_at: String,
    /// The last characters of the token.
    last4: String,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct NewAccessTokenView {
    #[serde(flatten)]
    known: AccessTokenView,
    /// For the header `Authorization: Bearer …`. Shown this once.
    token: String,
}

impl From<Role> for RoleName {
    fn from(role: Role) -> Self {
        match role {
            Role::Owner => Self::Owner,
            Role::Member => Self::Member,
        }
    }
}

impl TenantView {
    pub(crate) fn of(tenant: Tenant, role: Role) -> Self {
        Self {
            id: tenant.id.into(),
            name: tenant.name.into(),
            subdomain: tenant.subdomain.into(),
            role: role.into(),
        }
    }
}

impl InvitationView {
    pub(crate) fn of(invitation: &Invitation) -> Self {
        Self {
            id: invitation.id.to_string(),
            email: invitation.email.to_string(),
            role: invitation.role.into(),
            created_at: invitation.created_at.to_string(),
            expires_at: invitation.expires_at.to_string(),
        }
    }
}

impl AccessTokenView {
    pub(crate) fn of(token: &AccessToken) -> Self {
        Self {
            id: token.id.to_string(),
            name: token.name.clone(),
            scope: match token.scope {
                Scope::Read => ScopeName::Read,
                Scope::Write => ScopeName::Write,
            },
            last_used_at: token.last_used_at.map(|it| it.to_string()),
            created_at: token.created_at.to_string(),
            expires_at: token.expires_at.to_string(),
            last4: token.last4.clone(),
        }
    }
}

impl NewAccessTokenView {
    pub(crate) fn of(token: &AccessToken, spelled: String) -> Self {
        Self { known: AccessTokenView::of(token), token: spelled }
    }
}
