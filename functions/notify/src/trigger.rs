//! Who calls: the queue with a batch of letters, or a saga with one of its steps.

use crate::Call;
use aws_lambda_events::event::sqs::SqsEvent;
use serde::{Deserialize, Deserializer, de::Error};
use serde_json::Value;

#[derive(Debug)]
pub enum Trigger {
    Letters(SqsEvent),
    Step(Call),
}

/// Told apart by the `Records` that only a queue sends. Not by trying one after the other: what is
/// wrong with a call would be lost.
impl<'de> Deserialize<'de> for Trigger {
    fn deserialize<D: Deserializer<'de>>(event: D) -> Result<Self, D::Error> {
        let event = Value::deserialize(event)?;
        let trigger = if event.get("Records").is_some() {
            serde_json::from_value(event).map(Self::Letters)
        } else {
            serde_json::from_value(event).map(Self::Step)
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
        assert!(matches!(letters, Trigger::Letters(batch) if batch.records.len() == 3));
        let running = include_str!("../../../events/notify/running.json");
        let running = serde_json::from_str(running).unwrap();
        assert!(matches!(running, Trigger::Step(call) if matches!(call, Call::Notify(_))));
        let erased = include_str!("../../../events/notify/erased.json");
        let erased = serde_json::from_str(erased).unwrap();
        assert!(matches!(erased, Trigger::Step(call) if matches!(call, Call::Receipt(_))));
        let error = serde_json::from_str::<Trigger>(r#"{"step":"Nothing"}"#).unwrap_err();
        assert!(error.to_string().contains("`Nothing`"), "{error}");
    }
}
