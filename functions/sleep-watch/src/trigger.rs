//! Who calls: the schedule, or an edge.

use contracts::wake::Wake;
use domain::route::HostName;
use serde::{Deserialize, Deserializer, de::Error};
use serde_json::Value;
use std::collections::BTreeSet;

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trigger {
    /// `{}`: a minute has begun.
    Schedule,
    /// Somebody came to these.
    Wakes(BTreeSet<HostName>),
}

impl<'de> Deserialize<'de> for Trigger {
    fn deserialize<D: Deserializer<'de>>(event: D) -> Result<Self, D::Error> {
        let event = Value::deserialize(event)?;
        if let Some(records) = event.get("Records").and_then(Value::as_array) {
            Ok(Self::Wakes(records.iter().filter_map(host).collect()))
        } else if event.as_object().is_some_and(serde_json::Map::is_empty) {
            Ok(Self::Schedule)
        } else {
            Err(D::Error::custom("neither `{}` nor a batch of messages"))
        }
    }
}

/// One that cannot be read keeps nobody else from being woken. Its visitor's edge says it again.
fn host(record: &Value) -> Option<HostName> {
    let body = record.get("body").and_then(Value::as_str).unwrap_or_default();
    match serde_json::from_str::<Wake>(body) {
        Ok(wake) => Some(wake.host),
        Err(error) => {
            tracing::error!(%error, "unreadable wake");
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_golden_event_is_read_as_what_it_is_and_nothing_else_is() {
        let host = HostName::try_from("mybot-a1b2c3d4e5.1mins.in".to_owned()).unwrap();
        let (of_one, none) = (BTreeSet::from([host]), BTreeSet::new());
        let cases = [
            (include_str!("../../../events/sleep-watch/schedule.json"), Some(Trigger::Schedule)),
            (include_str!("../../../events/sleep-watch/wakes.json"), Some(Trigger::Wakes(of_one))),
            (r#"{"Records":[{"body":"{}"},{"body":"nonsense"}]}"#, Some(Trigger::Wakes(none))),
            (r#"{"look":true}"#, None),
            ("[]", None),
        ];
        for (event, expected) in cases {
            assert_eq!(serde_json::from_str(event).ok(), expected, "{event}");
        }
    }
}
