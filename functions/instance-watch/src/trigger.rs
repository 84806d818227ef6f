//! Who calls: the schedule, or our own queue.

use serde::{Deserialize, Deserializer, Serialize, de::Error};
use serde_json::Value;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trigger {
    /// `{}`: a minute has begun.
    Schedule,
    /// One or more [`Another`]s from the queue, which are one look.
    Look,
}

/// The message in queue `instances`: another look. There is nothing more to say.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Another {}

impl<'de> Deserialize<'de> for Trigger {
    fn deserialize<D: Deserializer<'de>>(event: D) -> Result<Self, D::Error> {
        let event = Value::deserialize(event)?;
        if event.get("Records").is_some() {
            Ok(Self::Look)
        } else if event.as_object().is_some_and(serde_json::Map::is_empty) {
            Ok(Self::Schedule)
        } else {
            Err(D::Error::custom("neither `{}` nor a batch of messages"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_golden_event_is_read_as_what_it_is_and_nothing_else_is() {
        let cases = [
            (include_str!("../../../events/instance-watch/schedule.json"), Some(Trigger::Schedule)),
            (include_str!("../../../events/instance-watch/look.json"), Some(Trigger::Look)),
            (r#"{"look":true}"#, None),
            ("[]", None),
        ];
        for (event, expected) in cases {
            assert_eq!(serde_json::from_str(event).ok(), expected, "{event}");
        }
    }
}
