//! Behind the curtain: what the state machine's execution says about a provisioning. Reads only,
//! with the AWS command line that the machine has, and does without when it has none.

use crate::environment::Environment;
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;
use tokio::process::Command;

const ACCOUNT: &str = "000000000000";
const REGION: &str = "us-east-1";
/// Before a state machine's or any other part's own name.
const STAGE: &str = "1mins-local";

/// Where a project landed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Landing {
    pub worker_id: String,
    /// Under what name its machine takes commands.
    pub node_id: String,
    pub way: Way,
}

/// What a project found when it came.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, clap::ValueEnum)]
pub enum Way {
    /// A warm blank instance.
    Blank,
    /// Room on a running worker.
    Running,
    /// A worker that was stopped.
    Stopped,
    /// Nothing: a worker was bought.
    Bought,
}

impl Way {
    pub const ALL: [Way; 4] = [Way::Blank, Way::Running, Way::Stopped, Way::Bought];

    pub fn words(self) -> &'static str {
        match self {
            Way::Blank => "a warm blank",
            Way::Running => "a running worker",
            Way::Stopped => "a stopped worker",
            Way::Bought => "a bought worker",
        }
    }
}

#[derive(Deserialize)]
struct Executions {
    executions: Vec<Execution>,
}

#[derive(Deserialize)]
struct Execution {
    name: String,
    status: String,
}

#[derive(Deserialize)]
struct Events {
    events: Vec<Event>,
}

#[derive(Deserialize)]
struct Event {
    #[serde(rename = "type")]
    kind: String,
    #[serde(rename = "stateEnteredEventDetails", default)]
    entered: Option<Entered>,
}

#[derive(Deserialize)]
struct Entered {
    #[serde(default)]
    input: Option<String>,
}

/// Where attempt `attempt` of a project landed, as soon as the execution knows; `None` if nobody can
/// tell. Read from its history: it goes on for a while after the project runs.
pub async fn landing(environment: &Environment, project_id: &str, attempt: u32) -> Option<Landing> {
    let arn = execution(project_id, attempt);
    let arguments = ["stepfunctions", "get-execution-history", "--execution-arn", &arn];
    let history: Events = serde_json::from_slice(&aws(environment, &arguments).await?).ok()?;
    let entered = history.events.iter().rev().filter_map(|it| it.entered.as_ref());
    let mut inputs = entered.filter_map(|it| it.input.as_deref());
    inputs.find_map(landing_in)
}

/// The machine that attempt `attempt` of a project went to.
pub async fn machine_of(
    environment: &Environment,
    project_id: &str,
    attempt: u32,
) -> Option<String> {
    Some(landing(environment, project_id, attempt).await?.node_id)
}

/// How many states the execution entered: what Step Functions charges for.
pub async fn transitions(
    environment: &Environment,
    project_id: &str,
    attempt: u32,
) -> Option<usize> {
    let arn = execution(project_id, attempt);
    let arguments = ["stepfunctions", "get-execution-history", "--execution-arn", &arn];
    let history: Events = serde_json::from_slice(&aws(environment, &arguments).await?).ok()?;
    Some(history.events.iter().filter(|it| it.kind.ends_with("StateEntered")).count())
}

/// How each execution of the state machine `act` about a project stands, by its name.
pub async fn standings(
    environment: &Environment,
    act: &str,
    project_id: &str,
) -> Option<BTreeMap<String, String>> {
    let machine = format!("arn:aws:states:{REGION}:{ACCOUNT}:stateMachine:{STAGE}-{act}");
    let arguments = ["stepfunctions", "list-executions", "--state-machine-arn", &machine];
    let all: Executions = serde_json::from_slice(&aws(environment, &arguments).await?).ok()?;
    let prefix = format!("{act}-{project_id}-");
    let ours = all.executions.into_iter().filter(|it| it.name.starts_with(&prefix));
    Some(ours.map(|it| (it.name, it.status)).collect())
}

fn execution(project_id: &str, attempt: u32) -> String {
    format!(
        "arn:aws:states:{REGION}:{ACCOUNT}:execution:{STAGE}-provision:provision-{project_id}-{attempt}"
    )
}

fn landing_in(output: &str) -> Option<Landing> {
    let saga: Value = serde_json::from_str(output).ok()?;
    let worker = &saga["AwaitWorker"];
    let worker_id = worker["worker_id"].as_str()?.to_owned();
    let reserve = &saga["Reserve"];
    let way = if saga["new_worker_id"] == worker_id.as_str() {
        Way::Bought
    } else if reserve["blank_id"].is_string() {
        Way::Blank
    } else if reserve["woken"] == true {
        Way::Stopped
    } else {
        Way::Running
    };
    let node_id = worker["node_id"].as_str().unwrap_or_default().to_owned();
    Some(Landing { worker_id, node_id, way })
}

/// What the AWS command line answers to `arguments`, if it does.
pub async fn aws(environment: &Environment, arguments: &[&str]) -> Option<Vec<u8>> {
    let own = environment.home.join("venv/bin/aws");
    let program = if own.exists() { own } else { "aws".into() };
    let output = Command::new(program)
        .args(["--endpoint-url", &environment.aws_endpoint_url, "--region", REGION])
        .args(["--output", "json"])
        .args(arguments)
        .env("AWS_ACCESS_KEY_ID", ACCOUNT)
        .env("AWS_SECRET_ACCESS_KEY", "local")
        .env("AWS_MAX_ATTEMPTS", "1")
        .kill_on_drop(true)
        .output()
        .await
        .ok()?;
    output.status.success().then_some(output.stdout)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_landing_says_what_the_project_found() {
        let output = |new: &str, reserve: &str| {
            format!(
                r#"{{"new_worker_id":"{new}","Reserve":{reserve},"AwaitWorker":{{"worker_id":
                "wrk_1","node_id":"i-1","address":"172.17.0.5","port":18789}}}}"#
            )
        };
        let cases = [
            ("wrk_1", r#"{"worker_id":null,"blank_id":null}"#, Way::Bought),
            ("wrk_2", r#"{"worker_id":"wrk_1","blank_id":"blk_1"}"#, Way::Blank),
            ("wrk_2", r#"{"worker_id":"wrk_1","woken":true}"#, Way::Stopped),
            ("wrk_2", r#"{"worker_id":"wrk_1"}"#, Way::Running),
        ];
        for (new, reserve, way) in cases {
            assert_eq!(landing_in(&output(new, reserve)).unwrap().way, way, "{reserve}");
        }
        assert_eq!(landing_in("{}"), None);
    }
}
