//! The tenant itself, and going from one to another.

use crate::{
    caller::Owner,
    input::{Body, Fields, Input},
    refusal::Refusal,
    session::{self, SignedIn},
    view::{SignedInView, SwitchBody, TenantBody, TenantView},
    world::{Api, World},
};
use axum::{Json, extract::State};
use domain::{
    id::TenantId,
    tenant::{Role, Subdomain, TenantName},
};
use ports::{
    clock::Clock,
    sessions::Sessions,
    tenants::{ChangeTenantError, TenantChange, Tenants},
};
use std::sync::Arc;

impl Input for TenantChange {
    fn read(fields: &mut Fields) -> Option<Self> {
        let name = fields.optional_text("name", TenantName::try_from);
        let subdomain = fields.optional_text("subdomain", Subdomain::try_from);
        Some(Self { name, subdomain })
    }
}

/// Changes name or subdomain. What is left out stays.
#[utoipa::path(
    patch, path = "/api/tenant", tag = "tenants", security(("session" = ["owner"])),
    request_body = TenantBody,
    responses((status = 200, description = "The tenant as it is now", body = TenantView))
)]
pub(crate) async fn change<W: World>(
    State(api): State<Arc<Api<W>>>,
    Owner(scope): Owner,
    Body(change): Body<TenantChange>,
) -> Result<Json<TenantView>, Refusal> {
    match api.tenants.change(scope.tenant(), &change).await {
        Ok(tenant) => Ok(Json(TenantView::of(tenant, Role::Owner))),
        Err(taken @ ChangeTenantError::Taken) => {
            Err(Refusal::Taken { field: "subdomain", message: taken.to_string() })
        }
        Err(ChangeTenantError::LostRace) => Err(Refusal::Busy { retry_after_s: 1 }),
        Err(ChangeTenantError::Unavailable(error)) => Err(error.into()),
    }
}

pub(crate) struct Destination(TenantId);

impl Input for Destination {
    fn read(fields: &mut Fields) -> Option<Self> {
        fields.text("tenant_id", TenantId::try_from).map(Self)
    }
}

/// Goes on in another tenant of the same user. The present access token is over.
#[utoipa::path(
    post, path = "/api/session/tenant", tag = "tenants", security(("session" = [])),
    request_body = SwitchBody,
    responses((status = 200, description = "The same session, there", body = SignedInView))
)]
pub(crate) async fn switch<W: World>(
    State(api): State<Arc<Api<W>>>,
    SignedIn(mut session): SignedIn,
    Body(Destination(tenant)): Body<Destination>,
) -> Result<Json<SignedInView>, Refusal> {
    let member = api.tenants.find_member(&tenant, &session.user).await?;
    member.ok_or(Refusal::NotFound)?;
    session.tenant = tenant;
    let (user, tenant) = (&session.user, &session.tenant);
    if !api.sessions.switch_tenant(user, &session.id, tenant).await? {
        return Err(Refusal::NotSignedIn);
    }
    session::view(&api, &session, api.clock.now()).map(Json)
}
