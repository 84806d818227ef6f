//! What is on sale costs as much as we last heard: the payment provider says it, and customers are
//! shown what is kept here, whether it is there or not.

use crate::{
    Unavailable,
    payments::{Payments, PaymentsError},
};
use domain::{
    plan::PlanId,
    price::{Absurd, Price},
};
use jiff::Timestamp;

/// The last good price of a plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    pub plan: PlanId,
    pub price: Price,
    /// When the provider was asked.
    pub as_of: Timestamp,
}

pub trait Prices {
    /// The last good price of each plan that has one, in no order. Strongly consistent.
    fn list(&self) -> impl Future<Output = Result<Vec<Listed>, Unavailable>> + Send;

    /// Keeps `listed`, unless a later one of its plan is kept already: that one stays, and this is
    /// success.
    fn record(&self, listed: &Listed) -> impl Future<Output = Result<(), Unavailable>> + Send;
}

#[derive(Debug, thiserror::Error)]
pub enum RenewError {
    #[error("could not ask the payment provider what `{0:?}` costs")]
    Payments(PlanId, #[source] PaymentsError),
    /// The last good price stays until a person has decided.
    #[error("`{}` `{}` is no price for `{plan:?}`", price.minor, price.currency)]
    Absurd {
        plan: PlanId,
        price: Price,
        #[source]
        why: Absurd,
    },
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

/// Asks the provider what `plan` costs and keeps that, unless it cannot be meant after `known`.
///
/// Repeating is harmless.
pub async fn renew(
    prices: &(impl Prices + Sync),
    payments: &(impl Payments + Sync),
    plan: PlanId,
    known: Option<&Price>,
    now: Timestamp,
) -> Result<Listed, RenewError> {
    let price = payments.price(plan).await.map_err(|it| RenewError::Payments(plan, it))?;
    if let Err(why) = price.follows(known) {
        return Err(RenewError::Absurd { plan, price, why });
    }
    let listed = Listed { plan, price, as_of: now };
    prices.record(&listed).await?;
    Ok(listed)
}
