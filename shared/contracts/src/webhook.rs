//! What Dodo Payments sends. Lenient on purpose: a new event type, status or field is normal, so
//! only what we use is read, and nearly all of it may be missing.

use domain::{
    plan::{PLANS, PlanId},
    subscription::{DisputeState, Seen, Status},
};
use jiff::Timestamp;
use serde::{Deserialize, Deserializer};
use std::collections::HashMap;

/// The body of every webhook.
///
/// It carries the state at the time of *delivery*: trust `data.status`, not `type`.
#[derive(Clone, Debug, Deserialize)]
pub struct Webhook {
    #[serde(rename = "type", default, deserialize_with = "null_as_default")]
    pub kind: String,
    #[serde(default, deserialize_with = "null_as_default")]
    pub data: Data,
}

/// What a webhook is about; also what the provider's API answers about the same thing.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct Data {
    /// `Payment`, `Subscription`, `Refund`, …
    #[serde(default, deserialize_with = "null_as_default")]
    pub payload_type: String,
    #[serde(default)]
    pub subscription_id: Option<String>,
    #[serde(default)]
    pub payment_id: Option<String>,
    #[serde(default)]
    pub status: Option<String>,
    #[serde(default)]
    pub product_id: Option<String>,
    #[serde(default)]
    pub customer: Option<Customer>,
    #[serde(default)]
    pub recurring_pre_tax_amount: Option<u64>,
    #[serde(default)]
    pub currency: Option<String>,
    #[serde(default)]
    pub next_billing_date: Option<Timestamp>,
    #[serde(default, deserialize_with = "null_as_default")]
    pub cancel_at_next_billing_date: bool,
    #[serde(default)]
    pub past_due_ends_at: Option<Timestamp>,
    #[serde(default)]
    pub cancelled_at: Option<Timestamp>,
    #[serde(default)]
    pub scheduled_change: Option<ScheduledChange>,
    /// Of a payment.
    #[serde(default)]
    pub checkout_session_id: Option<String>,
    /// Of a refund.
    #[serde(default)]
    pub is_partial: Option<bool>,
    #[serde(default)]
    pub dispute_id: Option<String>,
    #[serde(default)]
    pub dispute_status: Option<String>,
    /// What we gave the checkout session. Values are strings, numbers or booleans.
    #[serde(default, deserialize_with = "null_as_default")]
    pub metadata: HashMap<String, serde_json::Value>,
}

#[derive(Clone, Debug, Deserialize)]
pub struct Customer {
    #[serde(default)]
    pub customer_id: Option<String>,
}

#[derive(Clone, Debug, Deserialize)]
pub struct ScheduledChange {
    #[serde(default)]
    pub product_id: Option<String>,
}

/// What each plan is called at the payment provider.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Products {
    pub standard: String,
    pub pro: String,
    pub dedicated: String,
}

impl Products {
    pub fn product(&self, plan: PlanId) -> &str {
        match plan {
            PlanId::Standard => &self.standard,
            PlanId::Pro => &self.pro,
            PlanId::Dedicated => &self.dedicated,
        }
    }

    /// `None`: not one that we sell.
    pub fn plan(&self, product: &str) -> Option<PlanId> {
        PLANS.iter().map(|it| it.id).find(|it| self.product(*it) == product)
    }
}

impl Data {
    /// A value of the metadata, if it is a string.
    pub fn metadata(&self, key: &str) -> Option<&str> {
        self.metadata.get(key)?.as_str()
    }

    /// How the dispute stands that this shows. `None`: it shows none, or a word that we do not know.
    pub fn dispute_state(&self) -> Option<DisputeState> {
        match self.dispute_status.as_deref()? {
            "dispute_opened" | "dispute_challenged" => Some(DisputeState::Open),
            "dispute_won" | "dispute_cancelled" => Some(DisputeState::Won),
            "dispute_lost" | "dispute_accepted" | "dispute_expired" => Some(DisputeState::Lost),
            _ => None,
        }
    }

    /// The subscription that this shows. `None` if it shows something else.
    pub fn subscription(&self, products: &Products) -> Option<Seen> {
        let plan = |it: &String| products.plan(it);
        let status = serde_json::Value::from(self.status.as_deref()?);
        Some(Seen {
            id: self.subscription_id.clone()?,
            status: serde_json::from_value(status).unwrap_or(Status::Unknown),
            plan: self.product_id.as_ref().and_then(plan),
            customer: self.customer.as_ref()?.customer_id.clone()?,
            project: self.metadata("project_id").and_then(|it| it.parse().ok()),
            tenant: self.metadata("tenant_id").and_then(|it| it.parse().ok()),
            price_minor: self.recurring_pre_tax_amount,
            currency: self.currency.clone(),
            next_billing_at: self.next_billing_date,
            cancels_at_period_end: self.cancel_at_next_billing_date,
            past_due_ends_at: self.past_due_ends_at,
            cancelled_at: self.cancelled_at,
            scheduled_plan: self
                .scheduled_change
                .as_ref()
                .and_then(|it| plan(it.product_id.as_ref()?)),
        })
    }
}

/// What is null says as little as what is missing.
fn null_as_default<'de, D, T>(from: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Default + Deserialize<'de>,
{
    Option::<T>::deserialize(from).map(Option::unwrap_or_default)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_null_or_missing_is_read_as_nothing() {
        for body in ["{}", r#"{"type":null,"data":null}"#, r#"{"data":{"metadata":null}}"#] {
            let webhook: Webhook = serde_json::from_str(body).expect(body);
            assert!(webhook.data.metadata.is_empty(), "{body}");
        }
    }
}
