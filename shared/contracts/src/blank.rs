//! The saga that boots a blank instance: one that waits, warm, for a project to take it over.

use crate::provision::{Caught, ReadyWorker};
use domain::{
    id::{BlankId, InstanceId, ReservationId},
    plan::PlanId,
};
use serde::{Deserialize, Serialize};

/// A blank is booted once and never again: its generation on the worker is always this.
pub const GENERATION: u32 = 1;

/// The state of one execution. It holds names and numbers, never a secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Saga {
    pub blank_id: BlankId,
    pub plan: PlanId,
    pub reservation_id: ReservationId,
    pub instance_id: InstanceId,
    /// Blanks are placed where there is room; nothing is bought for them.
    #[serde(rename = "ReserveBlank", default, skip_serializing_if = "Option::is_none")]
    pub worker: Option<ReadyWorker>,
    /// Why the saga unwinds, as the state machine caught it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<Caught>,
}

impl Saga {
    pub fn of(blank: &BlankId, plan: PlanId) -> Self {
        Self {
            blank_id: blank.clone(),
            plan,
            reservation_id: blank.reservation(),
            instance_id: blank.instance(),
            worker: None,
            error: None,
        }
    }

    /// The execution's name, which is its idempotency key.
    pub fn execution_name(blank: &BlankId) -> String {
        format!("blank-{blank}")
    }
}
