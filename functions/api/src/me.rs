//! Who one is.

use crate::{
    refusal::Refusal,
    session::SignedIn,
    view::{MeView, TenantView},
    world::{Api, World},
};
use axum::{Json, extract::State};
use ports::{accounts::Accounts, tenants::Tenants};
use std::sync::Arc;

/// Who is signed in, and to which tenants they belong.
#[utoipa::path(
    get, path = "/api/me", tag = "account", security(("session" = [])),
    responses((status = 200, description = "Whoever is signed in", body = MeView))
)]
pub(crate) async fn show<W: World>(
    State(api): State<Arc<Api<W>>>,
    SignedIn(session): SignedIn,
) -> Result<Json<MeView>, Refusal> {
    let user = api.accounts.find_user(&session.user).await?.ok_or(Refusal::NotSignedIn)?;
    let tenants = api.tenants.list_of_user(&user.id).await?;
    Ok(Json(MeView {
        user_id: user.id.into(),
        operator: api.settings.operators.contains(&user.email),
        email: user.email.to_string(),
        has_password: user.password.is_some(),
        google: user.google,
        tenant_id: session.tenant.into(),
        tenants: tenants.into_iter().map(|(it, role)| TenantView::of(it, role)).collect(),
    }))
}
