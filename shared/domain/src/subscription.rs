//! What the payment provider says of a subscription, what we remember of it, and what a project is
//! entitled to by it.
//!
//! Everything here goes by states and dates and never by the names of events: a late delivery shows
//! the state of today, and a lost one is made up for by the next look.

mod decide;
#[cfg(test)]
mod lives;
mod record;
mod standing;

pub use decide::{Act, Occasion, Terms, decide, deletion, next_look};
pub use record::{Deletion, Dispute, DisputeState, Observed, Record, Source, observe};
pub use standing::{End, Hold, Standing};

use crate::{
    id::{ProjectId, TenantId},
    plan::PlanId,
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// A subscription's state in the provider's words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    Pending,
    Active,
    PastDue,
    OnHold,
    Paused,
    Cancelled,
    Failed,
    Expired,
    /// A word that the provider added since. Changes nothing.
    #[serde(other)]
    Unknown,
}

/// The provider's subscription at one moment, as far as we use it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seen {
    pub id: String,
    pub status: Status,
    /// `None`: a product that is not one of ours.
    pub plan: Option<PlanId>,
    /// The provider's name for who pays.
    pub customer: String,
    /// From the metadata of the checkout. Anybody with a checkout may have written it: it counts only
    /// together with `customer`.
    pub project: Option<ProjectId>,
    pub tenant: Option<TenantId>,
    /// For each period, before tax, in the currency's smallest unit.
    pub price_minor: Option<u64>,
    /// ISO 4217.
    pub currency: Option<String>,
    pub next_billing_at: Option<Timestamp>,
    /// It is active until `next_billing_at` and ends then.
    pub cancels_at_period_end: bool,
    /// Until when a missing payment has no consequence. Only when past due.
    pub past_due_ends_at: Option<Timestamp>,
    pub cancelled_at: Option<Timestamp>,
    /// Another plan from the next period on.
    pub scheduled_plan: Option<PlanId>,
}
