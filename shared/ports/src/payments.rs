//! The payment provider: customers, checkouts, prices, subscriptions.

use crate::Unavailable;
use domain::{
    email::EmailAddress,
    id::{ProjectId, TenantId},
    plan::PlanId,
    price::Price,
    subscription::{DisputeState, Seen},
};
use jiff::Timestamp;
use std::collections::BTreeSet;

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

/// What a change of the plan costs now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Quote {
    /// Charged at once, in the currency's smallest unit; less than zero is credited.
    pub due_now_minor: i64,
    pub currency: String,
    /// From the next period on.
    pub recurring_minor: u64,
}

/// One charge, as the provider's books have it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Payment {
    pub id: String,
    pub subscription: Option<String>,
    pub customer: String,
    /// In the provider's words: `succeeded`, `failed`, …
    pub status: String,
    pub total_minor: i64,
    pub currency: String,
    pub created_at: Timestamp,
    pub refunded: Refunded,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refunded {
    No,
    Partly,
    Fully,
}

/// What a payer's bank asks back, as the provider's books have it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Disputed {
    pub id: String,
    pub payment: String,
    pub state: DisputeState,
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

    /// What `plan` costs today. Nobody has judged whether that can be meant.
    fn price(&self, plan: PlanId) -> impl Future<Output = Result<Price, PaymentsError>> + Send;

    /// The subscription called `id`, as it is now.
    fn find_subscription(
        &self,
        id: &str,
    ) -> impl Future<Output = Result<Option<Seen>, PaymentsError>> + Send;

    /// Every subscription of the account, ended ones too, in no order.
    fn subscriptions(&self) -> impl Future<Output = Result<Vec<Seen>, PaymentsError>> + Send;

    fn find_payment(
        &self,
        id: &str,
    ) -> impl Future<Output = Result<Option<Payment>, PaymentsError>> + Send;

    /// Every payment of the account of which something was given back, or all of it.
    fn refunded_payments(
        &self,
    ) -> impl Future<Output = Result<BTreeSet<String>, PaymentsError>> + Send;

    /// Every dispute of the account whose state we understand, settled ones too, in no order.
    fn disputes(&self) -> impl Future<Output = Result<Vec<Disputed>, PaymentsError>> + Send;

    /// The latest payments of `customer`, newest first, at most 100.
    fn payments(
        &self,
        customer: &str,
    ) -> impl Future<Output = Result<Vec<Payment>, PaymentsError>> + Send;

    /// What [`Payments::change_plan`] would cost. Changes nothing.
    fn quote_change(
        &self,
        subscription: &str,
        plan: PlanId,
    ) -> impl Future<Output = Result<Quote, PaymentsError>> + Send;

    /// Puts `subscription` on `plan` at once; the difference is charged or credited. A charge that
    /// fails changes nothing ([`PaymentsError::Declined`]). One that takes its time may still change
    /// the plan after this has returned.
    ///
    /// *Not* idempotent, and never repeated by itself: ask what the subscription is on first.
    fn change_plan(
        &self,
        subscription: &str,
        plan: PlanId,
    ) -> impl Future<Output = Result<(), PaymentsError>> + Send;

    /// Whether the subscription ends with the period that is paid for. Repeating is success.
    fn set_cancellation(
        &self,
        subscription: &str,
        at_period_end: bool,
    ) -> impl Future<Output = Result<(), PaymentsError>> + Send;

    /// An address where `customer` looks after cards and invoices. Opens once: make it on the click,
    /// and never store it.
    fn portal_link(
        &self,
        customer: &str,
        return_url: &str,
    ) -> impl Future<Output = Result<String, PaymentsError>> + Send;

    /// The invoice of a payment, as PDF. `None`: there is no such payment, or it has no invoice.
    fn invoice(
        &self,
        payment: &str,
    ) -> impl Future<Output = Result<Option<Vec<u8>>, PaymentsError>> + Send;
}

#[derive(Debug, thiserror::Error)]
pub enum PaymentsError {
    /// The provider understood and said no: our configuration or our request is wrong.
    #[error("payment provider refused: {code}: {message}")]
    Refused { code: String, message: String },
    /// The payer's bank or card said no. Nothing has changed.
    #[error("the payment was declined")]
    Declined,
    /// It cannot be done with the subscription as it is now.
    #[error("not possible: {0}")]
    Impossible(#[from] Obstacle),
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

/// What about a subscription stands in the way of a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Obstacle {
    #[error("the subscription is not active")]
    Inactive,
    #[error("the subscription ends with its period")]
    Ending,
    #[error("another change of the plan is on its way")]
    ChangePending,
}
