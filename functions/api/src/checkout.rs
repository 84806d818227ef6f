//! The page on which a project is paid for.

use crate::{
    caller::Owner,
    input::ProjectPath,
    project::own,
    refusal::Refusal,
    view::CheckoutView,
    world::{Api, World},
};
use axum::{Json, extract::State};
use domain::{id::TenantId, project::State as Stage};
use ports::{
    accounts::Accounts,
    clock::Clock,
    payments::{CheckoutState, Order, Payments},
    projects::Checkout,
    tenant_projects::{Owned, TenantProjects},
    throttles::{Throttle, Throttles},
};
use runtime::fault::chain;
use std::{sync::Arc, time::Duration};

/// How long the provider keeps a page.
const PAGE_TTL: Duration = Duration::from_hours(24);
/// A page that is about to close is not worth sending anybody to.
const LAST_CALL: Duration = Duration::from_mins(15);
/// Longer than this function may run: whoever takes it and dies, or is killed, gives it back.
const TURN_TTL: Duration = Duration::from_secs(30);

/// Where to pay for a project.
///
/// One page for each project at a time, for as long as it lives: two pages could both be paid on. A
/// page whose address got lost on the way to us does no harm. Nobody ever saw it, so nobody can pay
/// on it, and it closes by itself; the repeat opens another one.
#[utoipa::path(
    post, path = "/api/projects/{id}/checkout", tag = "projects", security(("session" = ["owner"])),
    params(("id" = String, Path)),
    responses((status = 200, description = "The page", body = CheckoutView))
)]
pub(crate) async fn open<W: World>(
    State(api): State<Arc<Api<W>>>,
    Owner(scope): Owner,
    ProjectPath(id): ProjectPath,
) -> Result<Json<CheckoutView>, Refusal> {
    let project = own(&api, &scope, &id).await?;
    if project.state != Stage::PendingPayment {
        return Err(Refusal::Conflict("the project is paid for"));
    }
    // One at a time: a double click would find no page twice and open two.
    let turn = Throttle { key: format!("checkout#{id}"), window: TURN_TTL };
    if api.throttles.count_try(&turn, api.clock.now()).await?.count > 1 {
        return Err(Refusal::Busy { retry_after_s: 2 });
    }
    let page = page(&api, &project).await;
    if let Err(error) = api.throttles.forget_tries(&turn).await {
        tracing::warn!(reason = %chain(&error), "the next checkout has to wait");
    }
    page.map(|checkout_url| Json(CheckoutView { checkout_url }))
}

async fn page<W: World>(api: &Api<W>, project: &Owned) -> Result<String, Refusal> {
    let now = api.clock.now();
    if let Some(last) = api.projects.checkout(project).await? {
        match api.payments.checkout_state(&last.session_id).await? {
            CheckoutState::Open if last.expires_at > now + LAST_CALL => return Ok(last.url),
            CheckoutState::Open | CheckoutState::Over => (),
            // Our records learn of it by webhook, in a moment. Nobody is to pay twice meanwhile.
            CheckoutState::Paid => {
                return Err(Refusal::Conflict("a payment for the project is on its way"));
            }
        }
    }
    let order = Order {
        project: project.id.clone(),
        tenant: project.tenant_id.clone(),
        plan: project.plan,
        customer: customer(api, &project.tenant_id).await?,
        return_url: format!("{}/projects/{}", api.settings.app_url, project.id),
    };
    let page = api.payments.open_checkout(&order).await?;
    let checkout =
        Checkout { session_id: page.session_id, url: page.url.clone(), expires_at: now + PAGE_TTL };
    api.projects.record_checkout(project, &checkout).await?;
    Ok(page.url)
}

/// The provider's name for the tenant: looked up, or made once.
async fn customer<W: World>(api: &Api<W>, tenant: &TenantId) -> Result<String, Refusal> {
    if let Some(customer) = api.accounts.find_customer(tenant).await? {
        return Ok(customer);
    }
    let owner = api.accounts.find_owner_address(tenant).await?;
    let owner = owner.ok_or_else(|| Refusal::internal("a tenant without an owner"))?;
    let customer = api.payments.ensure_customer(tenant, &owner).await?;
    Ok(api.accounts.record_customer(tenant, &customer).await?)
}
