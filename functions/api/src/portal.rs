//! The payment provider's own page about a customer: cards, addresses, all invoices.

use crate::{
    caller::Owner,
    refusal::Refusal,
    throttle::count_question,
    view::PortalView,
    world::{Api, World},
};
use axum::{Json, extract::State};
use http::StatusCode;
use ports::{accounts::Accounts, payments::Payments};
use std::sync::Arc;

/// A page of the payment provider for payment methods and invoices.
///
/// Its address opens once, to whoever has it: ask for it on the click, and keep it nowhere. We do not
/// keep it either.
#[utoipa::path(
    post, path = "/api/billing/portal", tag = "billing", security(("session" = ["owner"])),
    responses((status = 201, description = "The page", body = PortalView))
)]
pub(crate) async fn open<W: World>(
    State(api): State<Arc<Api<W>>>,
    Owner(scope): Owner,
) -> Result<(StatusCode, Json<PortalView>), Refusal> {
    let customer = api.accounts.find_customer(scope.tenant()).await?;
    let customer = customer.ok_or(Refusal::Conflict("nothing was bought yet"))?;
    count_question(&api, scope.user()).await?;
    let back = format!("{}/billing", api.settings.app_url);
    let url = api.payments.portal_link(&customer, &back).await?;
    Ok((StatusCode::CREATED, Json(PortalView { url })))
}
