//! The payment provider: customers, checkouts, prices, subscriptions.

use crate::Unavailable;
use domain::{
    email::EmailAddress,
    id::{ProjectId, TenantId},
    plan::PlanId,
};

/// What is bought, by whom, and where the buyer goes afterwards.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Order {
    pub project: ProjectId,
    pub tenant: TenantId,
    pub plan: PlanId,
    /// The provider's name for the tenant. Without it an e-mail typed at the checkout would decide
    /// whose purchase this is.
    pub customer: String,
    pub return_url: String,
}

/// A page on which one order can be paid, once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckoutPage {
    pub session_id: String,
    pub url: String,
}

/// What became of a checkout page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CheckoutState {
    /// Nobody has paid on it yet.
    Open,
    /// A payment is on its way, or arrived: our own records will know soon.
    Paid,
    /// Used up by a payment that failed, or too old. Only another page can be paid on.
    Over,
}

/// What a plan costs for each period.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Price {
    /// In the currency's smallest unit.
    pub minor: u64,
    /// ISO 4217, upper case.
    pub currency: String,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subscription {
    pub id: String,
    /// In the provider's words, since they grow: `active`, `on_hold`, `cancelled`, …
    pub status: String,
    pub customer: String,
    /// From the metadata that the checkout was opened with.
    pub project: Option<ProjectId>,
}

pub trait Payments {
    /// The provider's name for `tenant`, made if there is none.
    ///
    /// Looks for its own earlier work first, so that a repeat after a lost answer finds the customer
    /// that was made. Two calls at the same time may still make two; the caller keeps the first
    /// that it recorded, and the other one never buys anything.
    fn ensure_customer(
        &self,
        tenant: &TenantId,
        email: &EmailAddress,
    ) -> impl Future<Output = Result<String, PaymentsError>> + Send;

    /// Opens a page to pay `order` on. *Not* idempotent: every call opens another page. It is never
    /// repeated by itself; see the caller for why a lost one does no harm.
    fn open_checkout(
        &self,
        order: &Order,
    ) -> impl Future<Output = Result<CheckoutPage, PaymentsError>> + Send;

    /// What became of the page called `session_id`.
    fn checkout_state(
        &self,
        session_id: &str,
    ) -> impl Future<Output = Result<CheckoutState, PaymentsError>> + Send;

    fn price(&self, plan: PlanId) -> impl Future<Output = Result<Price, PaymentsError>> + Send;

    /// The subscription called `id`, as it is now.
    fn find_subscription(
        &self,
        id: &str,
    ) -> impl Future<Output = Result<Option<Subscription>, PaymentsError>> + Send;
}

#[derive(Debug, thiserror::Error)]
pub enum PaymentsError {
    /// The provider understood and said no: our configuration or our request is wrong.
    #[error("payment provider refused: {code}: {message}")]
    Refused { code: String, message: String },
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}
