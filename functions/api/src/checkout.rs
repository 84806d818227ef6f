//! The page on which a project is paid for.

use crate::{
    caller::Owner,
    input::{Fields, Input, OptionalBody, ProjectPath},
    plans,
    project::own,
    refusal::Refusal,
    view::{CheckoutBody, CheckoutView},
    world::{Api, World},
};
use axum::{Json, extract::State};
use domain::{
    id::TenantId,
    price::{Price, in_words},
    project::State as Stage,
    subscription::{End, Standing},
};
use ports::{
    accounts::Accounts,
    clock::Clock,
    payments::{CheckoutState, Order, Payments},
    projects::Checkout,
    subscriptions::Subscriptions,
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

/// How long the halt of what is not paid for any more takes, or nearly.
const HALT_S: u32 = 30;

/// The price that the page showed.
pub(crate) struct Shown {
    minor: u32,
    currency: String,
}

impl Input for Shown {
    fn read(fields: &mut Fields) -> Option<Self> {
        let minor = fields.integer("price_minor", 0..=u32::MAX);
        let currency = fields.text("currency", Ok::<_, &str>);
        Some(Self { minor: minor?, currency: currency? })
    }
}

/// Where to pay for a project, for the first time or anew.
///
/// One page for each project at a time, for as long as it lives: two pages could both be paid on. A
/// page whose address got lost on the way to us does no harm. Nobody ever saw it, so nobody can pay
/// on it, and it closes by itself; the repeat opens another one. Whoever says what price they were
/// shown is sent to no page that asks for another one: that is refused as `price-changed`.
#[utoipa::path(
    post, path = "/api/projects/{id}/checkout", tag = "projects", security(("session" = ["owner"])),
    params(("id" = String, Path)), request_body = Option<CheckoutBody>,
    responses((status = 200, description = "The page", body = CheckoutView))
)]
pub(crate) async fn open<W: World>(
    State(api): State<Arc<Api<W>>>,
    Owner(scope): Owner,
    ProjectPath(id): ProjectPath,
    OptionalBody(shown): OptionalBody<Shown>,
) -> Result<Json<CheckoutView>, Refusal> {
    let project = own(&api, &scope, &id).await?;
    require_unpaid(&api, &project).await?;
    // One at a time: a double click would find no page twice and open two.
    let turn = Throttle { key: format!("checkout#{id}"), window: TURN_TTL };
    if api.throttles.count_try(&turn, api.clock.now()).await?.count > 1 {
        return Err(Refusal::Busy { retry_after_s: 2 });
    }
    let page = page(&api, &project, shown).await;
    if let Err(error) = api.throttles.forget_tries(&turn).await {
        tracing::warn!(reason = %chain(&error), "the next checkout has to wait");
    }
    page.map(|checkout_url| Json(CheckoutView { checkout_url }))
}

/// Nobody pays twice: what had paid for the project must be over, and its instance at rest, so that
/// the new one starts from all that there is to keep.
async fn require_unpaid<W: World>(api: &Api<W>, project: &Owned) -> Result<(), Refusal> {
    match project.state {
        Stage::PendingPayment => return Ok(()),
        Stage::Deleting | Stage::Deleted => {
            return Err(Refusal::Conflict("the project is deleted: make another one"));
        }
        _ => (),
    }
    let record = match &project.subscription_id {
        Some(id) => api.subscriptions.find(id).await?,
        None => None,
    };
    let standing = record.map(|it| it.standing(api.clock.now()));
    if let Some(Standing::Ended { why: End::OwnerDeleted, .. }) = standing {
        return Err(Refusal::Conflict("the project is to be deleted: take that back"));
    }
    let is_over = standing.is_some_and(Standing::is_ended);
    match project.state {
        Stage::Suspended if is_over => Ok(()),
        _ if is_over => Err(Refusal::Busy { retry_after_s: HALT_S }),
        _ => Err(Refusal::Conflict("a subscription pays for the project, or may do so again")),
    }
}

async fn page<W: World>(
    api: &Api<W>,
    project: &Owned,
    shown: Option<Shown>,
) -> Result<String, Refusal> {
    let now = api.clock.now();
    let price = match shown {
        Some(shown) => Some(agreed(api, project, &shown).await?),
        None => None,
    };
    if let Some(last) = last_page(api, project).await? {
        let lasts = last.expires_at > now + LAST_CALL;
        let is_as_shown = price.is_none() || last.price == price;
        match api.payments.checkout_state(&last.session_id).await? {
            CheckoutState::Open if lasts && is_as_shown => return Ok(last.url),
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
    let checkout = Checkout {
        session_id: page.session_id,
        url: page.url.clone(),
        expires_at: now + PAGE_TTL,
        follows: project.subscription_id.clone(),
        price,
    };
    api.projects.record_checkout(project, &checkout).await?;
    Ok(page.url)
}

/// The page that was opened last, unless the project was paid for on it.
async fn last_page<W: World>(api: &Api<W>, project: &Owned) -> Result<Option<Checkout>, Refusal> {
    let last = api.projects.checkout(project).await?;
    Ok(last.filter(|it| it.follows == project.subscription_id))
}

/// Whether somebody has paid on the page that was opened last, and we have not heard of it yet.
pub(crate) async fn is_being_paid<W: World>(
    api: &Api<W>,
    project: &Owned,
) -> Result<bool, Refusal> {
    match last_page(api, project).await? {
        Some(page) => {
            Ok(api.payments.checkout_state(&page.session_id).await? == CheckoutState::Paid)
        }
        None => Ok(false),
    }
}

/// The price of today, if that is what was shown.
async fn agreed<W: World>(api: &Api<W>, project: &Owned, shown: &Shown) -> Result<Price, Refusal> {
    let price = plans::price_of_today(api, project.plan).await?;
    if price.costs_like(shown.minor.into(), &shown.currency) {
        Ok(price)
    } else {
        Err(Refusal::PriceChanged(in_words(price.minor, &price.currency)))
    }
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
