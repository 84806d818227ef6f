//! What customers are shown as the price, asked for again each hour.
//!
//! The last good price is shown for as long as it takes: one of yesterday sells better than none. But
//! somebody is woken when it is older than a day, or when the new one cannot be meant.

use crate::world::{Watch, World};
use domain::plan::{PLANS, PlanId};
use jiff::{SignedDuration, Timestamp};
use ports::{
    Unavailable,
    clock::Clock,
    prices::{Listed, Prices, RenewError, renew},
};
use runtime::fault::chain;
use serde::Serialize;

/// A round is a few seconds early or late: less than an hour, so that the twelfth one asks.
const RENEW_AFTER: SignedDuration = SignedDuration::from_mins(58);
/// A price that nobody was able to confirm for so long wakes somebody.
const STALE_AFTER: SignedDuration = SignedDuration::from_hours(24);

/// What became of the prices in one run.
#[derive(Debug, Default, PartialEq, Eq, Serialize)]
pub struct Priced {
    /// Asked for, and kept.
    pub renewed: Vec<PlanId>,
    /// Asked for, and not believed: the last good ones stay.
    pub absurd: Vec<PlanId>,
    /// Older than a day, or not known at all.
    pub stale: Vec<PlanId>,
}

/// Those that are older than an hour.
pub(crate) async fn renew_old<W: World>(watch: &Watch<'_, W>) -> Result<Priced, Unavailable> {
    renew_older(watch, RENEW_AFTER).await
}

pub(crate) async fn renew_all<W: World>(watch: &Watch<'_, W>) -> Result<Priced, Unavailable> {
    renew_older(watch, SignedDuration::ZERO).await
}

/// A provider that is away fails no run: everything else is watched without it.
async fn renew_older<W: World>(
    watch: &Watch<'_, W>,
    than: SignedDuration,
) -> Result<Priced, Unavailable> {
    let known = watch.prices.list().await?;
    let mut priced = Priced::default();
    for plan in PLANS.map(|it| it.id) {
        let now = watch.clock.now();
        let last = known.iter().find(|it| it.plan == plan);
        if last.is_some_and(|it| now.duration_since(it.as_of) < than) {
            continue;
        }
        let price = last.map(|it| &it.price);
        match renew(watch.prices, watch.payments, plan, price, now).await {
            Ok(listed) => {
                tell_change(last, &listed);
                priced.renewed.push(plan);
                continue;
            }
            Err(RenewError::Unavailable(error)) => return Err(error),
            Err(error @ RenewError::Absurd { .. }) => {
                tracing::error!(?plan, reason = %chain(&error), "a price cannot be meant");
                priced.absurd.push(plan);
            }
            Err(error @ RenewError::Payments(..)) => {
                tracing::warn!(?plan, reason = %chain(&error), "the last good price stays");
            }
        }
        if is_stale(last, now) {
            let as_of = last.map(|it| tracing::field::display(it.as_of));
            tracing::error!(?plan, as_of, "a price is out of date");
            priced.stale.push(plan);
        }
    }
    Ok(priced)
}

fn is_stale(last: Option<&Listed>, now: Timestamp) -> bool {
    last.is_none_or(|it| now.duration_since(it.as_of) >= STALE_AFTER)
}

/// Somebody may ask why a customer saw what they saw.
fn tell_change(last: Option<&Listed>, now: &Listed) {
    let Some(last) = last.filter(|it| it.price != now.price) else { return };
    tracing::info!(plan = ?now.plan, before = ?last.price, after = ?now.price, "a price changed");
}
