//! Who calls: the schedule, the queue, or a state machine.

use contracts::blank::Saga;
use serde::Deserialize;
use serde_json::Value;

/// Only a blank that became ready has anything to say. Everybody else asks for a look, and what there is
/// to see is read from the fleet.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "Value")]
pub enum Input {
    StockBlank(Box<Saga>),
    Look,
}

#[derive(Debug, thiserror::Error)]
pub enum BadInput {
    #[error("there is no step `{0}`")]
    Step(String),
    #[error("the saga of `StockBlank` cannot be read: {0}")]
    Saga(#[from] serde_json::Error),
}

impl TryFrom<Value> for Input {
    type Error = BadInput;

    fn try_from(mut event: Value) -> Result<Self, BadInput> {
        match event["step"].as_str() {
            Some("StockBlank") => {
                Ok(Self::StockBlank(serde_json::from_value(event["saga"].take())?))
            }
            Some("TopUp") | None => Ok(Self::Look),
            Some(other) => Err(BadInput::Step(other.to_owned())),
        }
    }
}
