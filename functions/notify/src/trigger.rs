//! Who calls: the queue with a batch of letters, or a saga with its step.

use crate::Step;
use aws_lambda_events::event::sqs::SqsEvent;
use contracts::provision::Call;
use serde::{Deserialize, Deserializer, de::Error};
use serde_json::Value;

#[derive(Debug)]
pub enum Trigger {
    Letters(SqsEvent),
    Announce(Box<Call<Step>>),
}

/// Told apart by the `Records` that only a queue sends. Not by trying one after the other: what is
/// wrong with a call would be lost.
impl<'de> Deserialize<'de> for Trigger {
    fn deserialize<D: Deserializer<'de>>(event: D) -> Result<Self, D::Error> {
        let event = Value::deserialize(event)?;
        let trigger = if event.get("Records").is_some() {
            serde_json::from_value(event).map(Self::Letters)
        } else {
            serde_json::from_value(event).map(Self::Announce)
        };
        trigger.map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_batch_is_told_from_a_step() {
        let letters = include_str!("../../../events/notify/letters.json");
        let letters = serde_json::from_str(letters).unwrap();
        assert!(matches!(letters, Trigger::Letters(batch) if batch.records.len() == 2));
        let running = include_str!("../../../events/notify/running.json");
        let running = serde_json::from_str(running).unwrap();
        assert!(matches!(running, Trigger::Announce(call) if call.step == Step::Notify));
        let error = serde_json::from_str::<Trigger>(r#"{"step":"Nothing"}"#).unwrap_err();
        assert!(error.to_string().contains("`Nothing`"), "{error}");
    }
}
