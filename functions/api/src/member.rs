//! Who belongs to a tenant, and as what.

use crate::{
    caller::{Owner, Person, TenantScope},
    input::{Body, Fields, IdPath, Input, role},
    refusal::Refusal,
    view::{MemberView, RoleBody},
    world::{Api, World},
};
use axum::{Json, extract::State};
use domain::{id::UserId, tenant::Role};
use http::StatusCode;
use ports::tenants::{Member, MemberError, Tenants};
use std::sync::Arc;

pub(crate) struct NewRole(Role);

impl Input for NewRole {
    fn read(fields: &mut Fields) -> Option<Self> {
        fields.text("role", |it| role(&it)).map(Self)
    }
}

/// Everybody in the tenant, who came first first.
#[utoipa::path(
    get, path = "/api/members", tag = "members", security(("session" = [])),
    responses((status = 200, description = "All members", body = Vec<MemberView>))
)]
pub(crate) async fn list<W: World>(
    State(api): State<Arc<Api<W>>>,
    Person(scope): Person,
) -> Result<Json<Vec<MemberView>>, Refusal> {
    let mut members = api.tenants.list_members(scope.tenant()).await?;
    members.sort_by(|one, other| (one.since, &one.user).cmp(&(other.since, &other.user)));
    Ok(Json(members.into_iter().map(|it| view(it, &scope)).collect()))
}

/// Gives a member another role. The last owner stays one.
#[utoipa::path(
    patch, path = "/api/members/{user_id}", tag = "members", security(("session" = ["owner"])),
    params(("user_id" = String, Path)), request_body = RoleBody,
    responses((status = 200, description = "The member", body = MemberView))
)]
pub(crate) async fn change<W: World>(
    State(api): State<Arc<Api<W>>>,
    Owner(scope): Owner,
    IdPath(user): IdPath<UserId>,
    Body(NewRole(role)): Body<NewRole>,
) -> Result<Json<MemberView>, Refusal> {
    let changed = api.tenants.change_role(scope.tenant(), &user, role).await;
    Ok(Json(view(changed.map_err(refuse)?, &scope)))
}

/// Takes a member out, or leaves. From the next request on they are strangers. The last owner
/// stays.
///
/// Owners remove anybody, members only themselves. A repeat finds nobody any more.
#[utoipa::path(
    delete, path = "/api/members/{user_id}", tag = "members", security(("session" = [])),
    params(("user_id" = String, Path)),
    responses((status = 204, description = "They are out"))
)]
pub(crate) async fn remove<W: World>(
    State(api): State<Arc<Api<W>>>,
    Person(scope): Person,
    IdPath(user): IdPath<UserId>,
) -> Result<StatusCode, Refusal> {
    if user != *scope.user() && !scope.is_owner() {
        return Err(Refusal::OwnerNeeded);
    }
    api.tenants.remove_member(scope.tenant(), &user).await.map_err(refuse)?;
    Ok(StatusCode::NO_CONTENT)
}

fn view(member: Member, scope: &TenantScope) -> MemberView {
    MemberView {
        you: member.user == *scope.user(),
        user_id: member.user.into(),
        email: member.email.to_string(),
        role: member.role.into(),
    }
}

fn refuse(error: MemberError) -> Refusal {
    match error {
        MemberError::NotMember => Refusal::NotFound,
        MemberError::LastOwner => Refusal::LastOwner,
        MemberError::LostRace => Refusal::Busy { retry_after_s: 1 },
        MemberError::Unavailable(error) => error.into(),
    }
}
