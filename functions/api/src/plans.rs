//! What is on sale, and for how much.

use crate::{
    refusal::Refusal,
    view::PlanView,
    world::{Api, World},
};
use axum::{Json, extract::State};
use domain::plan::PLANS;
use jiff::Timestamp;
use ports::{
    clock::Clock,
    payments::{Payments, PaymentsError},
};
use runtime::fault::chain;
use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

/// How old a price may be.
const PRICES_TTL: Duration = Duration::from_hours(1);
/// How long the last good prices do after a failed look, before the next one: nobody is to wait for
/// a provider that is down with every page.
const LOOK_AGAIN: Duration = Duration::from_mins(1);

/// The last good prices, for as long as this copy of the function lives.
#[derive(Debug, Default)]
pub struct PriceBoard(Mutex<Option<Prices>>);

#[derive(Clone, Debug)]
struct Prices {
    plans: Vec<PlanView>,
    look_again_at: Timestamp,
}

impl PriceBoard {
    fn read(&self) -> Option<Prices> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn write(&self, plans: &[PlanView], look_again_at: Timestamp) {
        let prices = Prices { plans: plans.to_vec(), look_again_at };
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(prices);
    }
}

/// Every plan with its price of today, or of the last day that the payment provider answered.
#[utoipa::path(
    get, path = "/api/plans", tag = "plans",
    responses((status = 200, description = "All plans on sale", body = Vec<PlanView>))
)]
pub(crate) async fn list<W: World>(
    State(api): State<Arc<Api<W>>>,
) -> Result<Json<Vec<PlanView>>, Refusal> {
    let now = api.clock.now();
    let last = api.prices.read();
    if let Some(last) = last.as_ref().filter(|it| it.look_again_at > now) {
        return Ok(Json(last.plans.clone()));
    }
    match (prices(&api.payments).await, last) {
        (Ok(plans), _) => {
            api.prices.write(&plans, now + PRICES_TTL);
            Ok(Json(plans))
        }
        (Err(error), Some(last)) => {
            tracing::warn!(reason = %chain(&error), "showing the last good prices");
            api.prices.write(&last.plans, now + LOOK_AGAIN);
            Ok(Json(last.plans))
        }
        (Err(error), None) => Err(error.into()),
    }
}

async fn prices(payments: &impl Payments) -> Result<Vec<PlanView>, PaymentsError> {
    let mut plans = Vec::new();
    for plan in &PLANS {
        let price = payments.price(plan.id).await?;
        plans.push(PlanView {
            id: plan.id.into(),
            name: plan.name,
            price_minor: price.minor,
            currency: price.currency,
            memory_mib: plan.limits.memory_mib,
            cpu_millis: plan.limits.cpu_millis,
        });
    }
    Ok(plans)
}
