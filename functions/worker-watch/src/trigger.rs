//! Who calls: the schedule, our own queue, or EC2.

use serde::{Deserialize, Deserializer, Serialize, de::Error};
use serde_json::Value;

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trigger {
    /// `{}`: a minute has begun.
    Schedule,
    /// One or more [`Look`]s from the queue, which are one look.
    Look,
    Machine(MachineEvent),
}

/// The message in queue `watch`. There is nothing to say.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Look {}

/// What EC2 says of a machine, ours or somebody else's in the account.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(tag = "detail-type", content = "detail")]
pub enum MachineEvent {
    /// It is taken away in two minutes.
    #[serde(rename = "EC2 Spot Instance Interruption Warning")]
    Interruption(About),
    /// It is likelier than others to be taken away.
    #[serde(rename = "EC2 Instance Rebalance Recommendation")]
    Rebalance(About),
    #[serde(rename = "EC2 Instance State-change Notification")]
    StateChange(StateChange),
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct About {
    #[serde(rename = "instance-id")]
    pub machine_id: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct StateChange {
    #[serde(rename = "instance-id")]
    pub machine_id: String,
    pub state: MachineState,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MachineState {
    Stopping,
    Stopped,
    ShuttingDown,
    Terminated,
    /// Whatever else there is: no end.
    #[serde(other)]
    Other,
}

impl MachineState {
    pub(crate) fn is_end(self) -> bool {
        match self {
            Self::Stopping | Self::Stopped | Self::ShuttingDown | Self::Terminated => true,
            Self::Other => false,
        }
    }
}

/// Told apart by what only one of them has. Not by trying one after the other: what is wrong with an
/// event would be lost.
impl<'de> Deserialize<'de> for Trigger {
    fn deserialize<D: Deserializer<'de>>(event: D) -> Result<Self, D::Error> {
        let event = Value::deserialize(event)?;
        if event.get("Records").is_some() {
            Ok(Self::Look)
        } else if event.get("detail-type").is_some() {
            serde_json::from_value(event).map(Self::Machine).map_err(D::Error::custom)
        } else if event.as_object().is_some_and(serde_json::Map::is_empty) {
            Ok(Self::Schedule)
        } else {
            Err(D::Error::custom("neither `{}`, nor a batch of messages, nor an event of EC2"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(event: &str) -> Trigger {
        serde_json::from_str(event).unwrap()
    }

    #[test]
    fn each_golden_event_is_read_as_what_it_is() {
        let machine_id = "i-0a1b2c3d4e5f60718".to_owned();
        let about = About { machine_id: machine_id.clone() };
        let terminated = StateChange { machine_id, state: MachineState::Terminated };
        let cases = [
            (include_str!("../../../events/worker-watch/schedule.json"), Trigger::Schedule),
            (include_str!("../../../events/worker-watch/look.json"), Trigger::Look),
            (
                include_str!("../../../events/worker-watch/interruption.json"),
                Trigger::Machine(MachineEvent::Interruption(about.clone())),
            ),
            (
                include_str!("../../../events/worker-watch/rebalance.json"),
                Trigger::Machine(MachineEvent::Rebalance(about)),
            ),
            (
                include_str!("../../../events/worker-watch/terminated.json"),
                Trigger::Machine(MachineEvent::StateChange(terminated)),
            ),
        ];
        for (event, expected) in cases {
            assert_eq!(read(event), expected);
        }
    }

    #[test]
    fn a_state_of_tomorrow_is_no_end_and_another_event_is_refused_by_name() {
        let event = r#"{"detail-type":"EC2 Instance State-change Notification",
            "detail":{"instance-id":"i-1","state":"dreaming"}}"#;
        let Trigger::Machine(MachineEvent::StateChange(change)) = read(event) else {
            panic!("not read as a change of state");
        };
        assert!(!change.state.is_end());
        let other = r#"{"detail-type":"EC2 Fleet Error","detail":{}}"#;
        let error = serde_json::from_str::<Trigger>(other).unwrap_err().to_string();
        assert!(error.contains("EC2 Fleet Error"), "{error}");
        assert!(serde_json::from_str::<Trigger>(r#"{"look":true}"#).is_err());
    }
}
