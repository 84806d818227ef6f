//! What is on sale, and for how much.
//!
//! The billing watch keeps the prices no older than an hour. Nobody who only looks waits for the payment
//! provider, and what it says last is shown while it is away.

use crate::{
    refusal::Refusal,
    view::PlanView,
    world::{Api, World},
};
use axum::{Json, extract::State};
use domain::{
    plan::{PLANS, Plan, PlanId},
    price::Price,
};
use ports::{
    Unavailable,
    clock::Clock,
    prices::{Listed, Prices, RenewError, renew},
    throttles::{Throttle, Throttles},
};
use runtime::fault::chain;
use std::{sync::Arc, time::Duration};

/// Longer than it takes to ask for all of them.
const TURN_TTL: Duration = Duration::from_secs(30);

/// Every plan with its price of today, or of the last day that the payment provider answered.
#[utoipa::path(
    get, path = "/api/plans", tag = "plans",
    responses((status = 200, description = "All plans on sale", body = Vec<PlanView>))
)]
pub(crate) async fn list<W: World>(
    State(api): State<Arc<Api<W>>>,
) -> Result<Json<Vec<PlanView>>, Refusal> {
    let mut known = api.prices.list().await?;
    if PLANS.iter().any(|it| of(&known, it.id).is_none()) {
        known = first(&api, known).await?;
    }
    let on_sale = |plan: &Plan| Some(view(plan, of(&known, plan.id)?));
    Ok(Json(PLANS.iter().filter_map(on_sale).collect()))
}

/// What `plan` costs at this moment, for somebody who is about to pay it. While nobody can say so, the
/// last good price.
pub(crate) async fn price_of_today<W: World>(api: &Api<W>, plan: PlanId) -> Result<Price, Refusal> {
    let known = api.prices.list().await?;
    let last = of(&known, plan);
    match (renew(&api.prices, &api.payments, plan, last, api.clock.now()).await, last) {
        (Ok(listed), _) => Ok(listed.price),
        (Err(error @ RenewError::Payments(..)), Some(last)) => {
            tracing::warn!(reason = %chain(&error), "going by the last good price");
            Ok(last.clone())
        }
        // Also a price that cannot be meant: nobody is sent to pay it.
        (Err(error), _) => Err(error.into()),
    }
}

/// What `plan` costs as far as we have heard. Asks nobody.
pub(crate) async fn last_price<W: World>(
    api: &Api<W>,
    plan: PlanId,
) -> Result<Option<Price>, Refusal> {
    Ok(of(&api.prices.list().await?, plan).cloned())
}

/// A stage that is new asks for its first prices itself, once: whoever comes meanwhile comes again.
async fn first<W: World>(api: &Api<W>, known: Vec<Listed>) -> Result<Vec<Listed>, Refusal> {
    let turn = Throttle { key: "first_prices".to_owned(), window: TURN_TTL };
    if api.throttles.count_try(&turn, api.clock.now()).await?.count > 1 {
        return Err(Unavailable::new("prices", "somebody is asking for them").into());
    }
    let asked = ask(api, known).await;
    if let Err(error) = api.throttles.forget_tries(&turn).await {
        tracing::warn!(reason = %chain(&error), "the next one has to wait for the first prices");
    }
    asked
}

async fn ask<W: World>(api: &Api<W>, mut known: Vec<Listed>) -> Result<Vec<Listed>, Refusal> {
    for plan in PLANS.map(|it| it.id) {
        if of(&known, plan).is_none() {
            let now = api.clock.now();
            known.push(renew(&api.prices, &api.payments, plan, None, now).await?);
        }
    }
    Ok(known)
}

fn of(known: &[Listed], plan: PlanId) -> Option<&Price> {
    known.iter().find(|it| it.plan == plan).map(|it| &it.price)
}

fn view(plan: &Plan, price: &Price) -> PlanView {
    PlanView {
        id: plan.id.into(),
        name: plan.name,
        price_minor: price.minor,
        currency: price.currency.clone(),
        memory_mib: plan.limits.memory_mib,
        cpu_millis: plan.limits.cpu_millis,
        storage_mib: plan.storage_mib,
        sleeps_after_minutes: plan.sleeps_after_min,
    }
}
