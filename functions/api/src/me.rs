//! Who one is.

use crate::{
    refusal::Refusal,
    session::SignedIn,
    view::{MeView, PlaceView, RoleName},
    world::{Api, World},
};
use axum::{Json, extract::State};
use domain::email::EmailAddress;
use ports::accounts::{Accounts, Membership};
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
    let mut tenants = vec![];
    for Membership { tenant, role } in api.accounts.list_memberships(&user.id).await? {
        let owner = api.accounts.find_owner_address(&tenant).await?;
        tenants.push(PlaceView {
            id: tenant.into(),
            name: name_after(owner.as_ref().unwrap_or(&user.email)),
            subdomain: None,
            role: RoleName::from(role),
        });
    }
    Ok(Json(MeView {
        user_id: user.id.into(),
        operator: api.settings.operators.contains(&user.email),
        email: user.email.to_string(),
        has_password: user.password.is_some(),
        google: user.google,
        tenant_id: session.tenant.into(),
        tenants,
    }))
}

/// What a tenant is called until somebody calls it otherwise: as its owner is, before the `@`.
fn name_after(owner: &EmailAddress) -> String {
    let address = owner.as_str();
    address.split_once('@').map_or(address, |(local, _)| local).to_owned()
}
