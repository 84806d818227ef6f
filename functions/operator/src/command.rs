//! What is asked, and what is wrong with it, by field.

use contracts::{
    exec::{MAX_ARGV_BYTES, MAX_WAIT_S, Order, USUAL_WAIT_S},
    logs::{MAX_LINES, USUAL_LINES, read_since},
};
use domain::id::{LogsId, MalformedId, ProjectId, WorkerId};
use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;
use std::{ops::RangeInclusive, str::FromStr};

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    ExplainPlacement { project_id: ProjectId },
    ListWorkers,
    Cordon { worker_id: WorkerId },
    Uncordon { worker_id: WorkerId },
    Drain { worker_id: WorkerId },
    ReadLogs { project_id: ProjectId, tail: u32, since: Option<Timestamp> },
    ShowLogs { project_id: ProjectId, id: LogsId },
    Exec { project_id: ProjectId, number: u64, order: Order },
    ShowExec { project_id: ProjectId, number: u64 },
    ListAudit { project_id: Option<ProjectId> },
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
                Ok(Self::ExplainPlacement { project_id: id(event, PROJECT_ID)? })
            }
            "list_workers" => Ok(Self::ListWorkers),
            "cordon" => Ok(Self::Cordon { worker_id: id(event, WORKER_ID)? }),
            "uncordon" => Ok(Self::Uncordon { worker_id: id(event, WORKER_ID)? }),
            "drain" => Ok(Self::Drain { worker_id: id(event, WORKER_ID)? }),
            "read_logs" => Ok(Self::ReadLogs {
                project_id: id(event, PROJECT_ID)?,
                tail: count(event, "tail", 1..=MAX_LINES)?.unwrap_or(USUAL_LINES),
                since: since(event)?,
            }),
            "show_logs" => {
                Ok(Self::ShowLogs { project_id: id(event, PROJECT_ID)?, id: id(event, "id")? })
            }
            "exec" => Ok(Self::Exec {
                project_id: id(event, PROJECT_ID)?,
                number: number(event)?,
                order: order(event)?,
            }),
            "show_exec" => {
                Ok(Self::ShowExec { project_id: id(event, PROJECT_ID)?, number: number(event)? })
            }
            "list_audit" => Ok(Self::ListAudit {
                project_id: match event.get(PROJECT_ID) {
                    None | Some(Value::Null) => None,
                    Some(_) => Some(id(event, PROJECT_ID)?),
                },
            }),
            other => Err(Refusal::new(
                "command",
                format!(
                    "`{other}` is none of `explain_placement`, `list_workers`, `cordon`, \
                     `uncordon`, `drain`, `read_logs`, `show_logs`, `exec`, `show_exec`, `list_audit`"
                ),
            )),
        }
    }
}

pub(crate) const WORKER_ID: &str = "worker_id";
pub(crate) const PROJECT_ID: &str = "project_id";

/// Of a reason, and of a name.
const MAX_WORDS: usize = 500;

fn order(event: &Value) -> Result<Order, Refusal> {
    Ok(Order {
        argv: argv(event)?,
        reason: words(event, "reason")?,
        who: words(event, "who")?,
        wait_s: count(event, "wait_s", 1..=MAX_WAIT_S)?.unwrap_or(USUAL_WAIT_S),
    })
}

/// A program and its arguments. No system can pass a NUL on.
fn argv(event: &Value) -> Result<Vec<String>, Refusal> {
    let refuse = |why: String| Refusal::new("argv", why);
    let argv = event.get("argv").ok_or_else(|| refuse("is missing".to_owned()))?;
    if argv.to_string().len() > MAX_ARGV_BYTES {
        return Err(refuse(format!("has more than {MAX_ARGV_BYTES} bytes as JSON")));
    }
    let list: Option<Vec<String>> = serde_json::from_value(argv.clone()).ok();
    let is_sound = |it: &Vec<String>| {
        it.first().is_some_and(|it| !it.is_empty()) && !it.iter().any(|it| it.contains('\0'))
    };
    list.filter(is_sound).ok_or_else(|| {
        refuse("must be a list of words, of which the first is the program".to_owned())
    })
}

/// What somebody has to say, and does.
fn words(event: &Value, field: &'static str) -> Result<String, Refusal> {
    let words = text(event, field)?.trim();
    if words.is_empty() || words.chars().count() > MAX_WORDS {
        return Err(Refusal::new(field, format!("must have 1 to {MAX_WORDS} characters")));
    }
    Ok(words.to_owned())
}

/// `None` if it is left out.
fn count(
    event: &Value,
    field: &'static str,
    range: RangeInclusive<u32>,
) -> Result<Option<u32>, Refusal> {
    let count = match event.get(field) {
        None | Some(Value::Null) => return Ok(None),
        Some(count) => count.as_u64().and_then(|it| u32::try_from(it).ok()),
    };
    let (least, most) = (range.start(), range.end());
    let why = format!("must be a whole number from {least} to {most}");
    count.filter(|it| range.contains(it)).map(Some).ok_or_else(|| Refusal::new(field, why))
}

fn number(event: &Value) -> Result<u64, Refusal> {
    let number = event.get("number").and_then(Value::as_u64);
    number.ok_or_else(|| Refusal::new("number", "must be the time in milliseconds"))
}

fn since(event: &Value) -> Result<Option<Timestamp>, Refusal> {
    match event.get("since") {
        None | Some(Value::Null) => Ok(None),
        Some(_) => {
            let since = read_since(text(event, "since")?);
            since.map(Some).map_err(|error| Refusal::new("since", error.to_string()))
        }
    }
}

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

    fn project() -> ProjectId {
        "prj_a1b2c3d4e5".parse().unwrap()
    }

    fn order() -> Order {
        Order {
            argv: vec!["ls".to_owned(), "-la".to_owned()],
            reason: "its disk is full".to_owned(),
            who: "ada@laptop".to_owned(),
            wait_s: 60,
        }
    }

    #[test]
    fn every_golden_command_is_read() {
        let worker_id: WorkerId = "wrk_a1b2c3d4e5-1".parse().unwrap();
        let cases = [
            (
                include_str!("../../../events/operator/explain-placement.json"),
                Command::ExplainPlacement { project_id: project() },
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
            (
                include_str!("../../../events/operator/read-logs.json"),
                Command::ReadLogs {
                    project_id: project(),
                    tail: 500,
                    since: Some("2026-11-21T20:00:00Z".parse().unwrap()),
                },
            ),
            (
                include_str!("../../../events/operator/show-logs.json"),
                Command::ShowLogs { project_id: project(), id: "log_a1".parse().unwrap() },
            ),
            (
                include_str!("../../../events/operator/exec.json"),
                Command::Exec { project_id: project(), number: 1_795_262_400_000, order: order() },
            ),
            (
                include_str!("../../../events/operator/show-exec.json"),
                Command::ShowExec { project_id: project(), number: 1_795_262_400_000 },
            ),
            (
                include_str!("../../../events/operator/list-audit.json"),
                Command::ListAudit { project_id: None },
            ),
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
