//! What the API says and hears, as a customer's client sees it.
//!
//! Written against the documented API, not against the crates that implement it: a change there
//! that breaks a customer must break this too.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::time::Duration;

#[derive(Clone, Debug, Serialize)]
pub struct Credentials {
    pub email: String,
    pub password: String,
}

#[derive(Clone, Debug, Serialize)]
pub struct Confirmation {
    pub token: String,
}

#[derive(Clone, Debug, Deserialize)]
pub struct SignedIn {
    pub access_token: String,
    pub expires_in_s: u64,
    pub user_id: String,
    pub tenant_id: String,
}

#[derive(Clone, Debug, Deserialize)]
pub struct Plan {
    pub id: String,
    pub name: String,
    pub price_minor: i64,
    pub currency: String,
    pub memory_mib: u32,
    pub cpu_millis: u32,
}

#[derive(Clone, Debug, Serialize)]
pub struct NewProject {
    pub name: String,
    pub plan: String,
}

#[derive(Clone, Debug, Deserialize)]
pub struct Project {
    pub id: String,
    pub name: String,
    pub plan: String,
    pub state: State,
    pub url: String,
    #[serde(default)]
    pub reason: Option<String>,
    #[serde(default)]
    pub steps: Vec<Step>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    PendingPayment,
    Pending,
    Provisioning,
    Running,
    Halting,
    Stopped,
    Suspended,
    Error,
    Deleting,
    Deleted,
    /// Newer than this client.
    #[serde(other)]
    Other,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Step {
    pub name: String,
    pub state: StepState,
    #[serde(default)]
    pub started_at: Option<Timestamp>,
    #[serde(default)]
    pub duration_ms: Option<u64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StepState {
    Running,
    Done,
    Failed,
    Undone,
    #[serde(other)]
    Other,
}

#[derive(Clone, Debug, Deserialize)]
pub struct CheckoutOpened {
    pub checkout_url: String,
}

#[derive(Clone, Deserialize)]
pub struct GatewayToken {
    pub gateway_token: String,
}

/// What came of pressing "Pay".
#[derive(Clone, Debug)]
pub struct Payment {
    pub subscription_id: String,
    pub return_url: String,
}

/// A question that an instance answered.
#[derive(Clone, Debug)]
pub struct Answer {
    pub text: String,
    pub took: Duration,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Letters {
    pub(crate) messages: Vec<Letter>,
}

#[derive(Debug, Deserialize)]
pub struct Letter {
    pub subject: String,
    pub text: String,
    #[serde(default)]
    pub html: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Completion {
    pub(crate) choices: Vec<Choice>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Choice {
    pub(crate) message: Message,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Message {
    #[serde(default)]
    pub(crate) content: Option<String>,
}
