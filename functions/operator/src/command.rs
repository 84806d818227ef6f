//! What is asked, and what is wrong with it, by field.

use domain::id::{MalformedId, ProjectId, WorkerId};
use serde::Serialize;
use serde_json::Value;
use std::str::FromStr;

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    ExplainPlacement { project_id: ProjectId },
    ListWorkers,
    Cordon { worker_id: WorkerId },
    Uncordon { worker_id: WorkerId },
    Drain { worker_id: WorkerId },
}

/// Why a command is not carried out. Nothing has changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Refusal {
    /// Of the command.
    pub field: &'static str,
    /// In words for the operator.
    pub reason: String,
}

impl Refusal {
    pub(crate) fn new(field: &'static str, reason: impl Into<String>) -> Self {
        Self { field, reason: reason.into() }
    }
}

impl Command {
    /// Reads `{"command": …, …}`. By hand: what serde says of a malformed id does not name its field.
    pub fn read(event: &Value) -> Result<Self, Refusal> {
        match text(event, "command")? {
            "explain_placement" => {
                Ok(Self::ExplainPlacement { project_id: id::<ProjectId>(event, "project_id")? })
            }
            "list_workers" => Ok(Self::ListWorkers),
            "cordon" => Ok(Self::Cordon { worker_id: id(event, WORKER_ID)? }),
            "uncordon" => Ok(Self::Uncordon { worker_id: id(event, WORKER_ID)? }),
            "drain" => Ok(Self::Drain { worker_id: id(event, WORKER_ID)? }),
            other => Err(Refusal::new(
                "command",
                format!(
                    "`{other}` is none of `explain_placement`, `list_workers`, `cordon`, \
                     `uncordon`, `drain`"
                ),
            )),
        }
    }
}

pub(crate) const WORKER_ID: &str = "worker_id";

fn text<'a>(event: &'a Value, field: &'static str) -> Result<&'a str, Refusal> {
    match event.get(field) {
        Some(Value::String(text)) => Ok(text),
        Some(_) => Err(Refusal::new(field, "must be a string")),
        None => Err(Refusal::new(field, "is missing")),
    }
}

fn id<T: FromStr<Err = MalformedId>>(event: &Value, field: &'static str) -> Result<T, Refusal> {
    text(event, field)?.parse().map_err(|error: MalformedId| Refusal::new(field, error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn every_golden_command_is_read() {
        let worker_id: WorkerId = "wrk_a1b2c3d4e5-1".parse().unwrap();
        let project_id = "prj_a1b2c3d4e5".parse().unwrap();
        let cases = [
            (
                include_str!("../../../events/operator/explain-placement.json"),
                Command::ExplainPlacement { project_id },
            ),
            (include_str!("../../../events/operator/list-workers.json"), Command::ListWorkers),
            (
                include_str!("../../../events/operator/cordon.json"),
                Command::Cordon { worker_id: worker_id.clone() },
            ),
            (
                include_str!("../../../events/operator/uncordon.json"),
                Command::Uncordon { worker_id: worker_id.clone() },
            ),
            (include_str!("../../../events/operator/drain.json"), Command::Drain { worker_id }),
        ];
        for (event, expected) in cases {
            let event = serde_json::from_str(event).unwrap();
            assert_eq!(Command::read(&event), Ok(expected), "{event}");
        }
    }

    #[test]
    fn what_cannot_be_read_is_refused_by_field() {
        let cases = [
            (json!({}), "command", "is missing"),
            (json!(null), "command", "is missing"),
            (json!({ "command": 7 }), "command", "must be a string"),
            (json!({ "command": "reboot" }), "command", "`reboot` is none of"),
            (json!({ "command": "cordon" }), "worker_id", "is missing"),
            (json!({ "command": "drain", "worker_id": "prj_a" }), "worker_id", "`wrk_`"),
            (json!({ "command": "uncordon", "worker_id": [] }), "worker_id", "must be a string"),
            (json!({ "command": "explain_placement", "project_id": "x" }), "project_id", "`prj_`"),
        ];
        for (event, field, reason) in cases {
            let refusal = Command::read(&event).unwrap_err();
            assert_eq!(refusal.field, field, "{event}");
            assert!(refusal.reason.contains(reason), "{event}: {}", refusal.reason);
        }
    }
}
