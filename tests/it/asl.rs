//! Runs a state machine in process: as much of the Amazon States Language as our sagas use.
//!
//! A state, a field or a path that it does not know is a panic: the sagas must not outgrow it.

use serde_json::{Value, json};

/// Where the definition lies that the CDK tests keep equal to what they synthesise.
const PROVISION: &str = include_str!("../../infra-cdk/test/__snapshots__/provision.asl.json");

pub(crate) fn provision() -> Value {
    serde_json::from_str(PROVISION).expect("the snapshot is JSON")
}

/// An error as a function raises it.
#[derive(Clone, Debug)]
pub(crate) struct Raised {
    pub(crate) error: String,
    pub(crate) cause: String,
}

/// How an execution ended, and through which task states it went.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) at: String,
    pub(crate) entered: Vec<String>,
    /// The input of every task state, by the order of `entered`.
    pub(crate) inputs: Vec<Value>,
}

/// Runs `machine` on `input`. Task states call `invoke(state, function, payload)`.
pub(crate) async fn run(
    machine: &Value,
    input: Value,
    mut invoke: impl AsyncFnMut(&str, &str, Value) -> Result<Value, Raised>,
) -> Ended {
    let mut ended = Ended { at: text(&machine["StartAt"]), entered: vec![], inputs: vec![] };
    let mut data = input;
    loop {
        let name = ended.at.clone();
        let state = &machine["States"][&name];
        ended.at = match text(&state["Type"]).as_str() {
            "Succeed" | "Fail" => return ended,
            "Choice" => choose(state, &data),
            "Task" => {
                ended.entered.push(name.clone());
                ended.inputs.push(data.clone());
                task(&name, state, &mut data, &mut invoke).await
            }
            other => panic!("no rule for a state of type {other}"),
        };
    }
}

/// Carries out one task state with its retries and returns the next state.
async fn task(
    name: &str,
    state: &Value,
    data: &mut Value,
    invoke: &mut impl AsyncFnMut(&str, &str, Value) -> Result<Value, Raised>,
) -> String {
    let function = text(&state["Resource"]);
    let function = function.trim_start_matches("${").trim_end_matches('}');
    let mut tries = 0;
    loop {
        let payload = json!({ "step": state["Parameters"]["step"], "saga": data.clone() });
        match invoke(name, function, payload).await {
            Ok(result) => {
                put(data, &state["ResultPath"], result);
                return text(&state["Next"]);
            }
            Err(raised) if tries < retries(state, &raised.error) => tries += 1,
            Err(raised) => {
                let catcher = rule(&state["Catch"], &raised.error);
                let catcher =
                    catcher.unwrap_or_else(|| panic!("{name}: nobody catches {raised:?}"));
                let caught = json!({ "Error": raised.error, "Cause": raised.cause });
                put(data, &catcher["ResultPath"], caught);
                return text(&catcher["Next"]);
            }
        }
    }
}

fn retries(state: &Value, error: &str) -> u64 {
    rule(&state["Retry"], error).and_then(|it| it["MaxAttempts"].as_u64()).unwrap_or(0)
}

/// The first rule of `rules` that names `error`.
fn rule<'a>(rules: &'a Value, error: &str) -> Option<&'a Value> {
    let names = |rule: &&Value| {
        let names = rule["ErrorEquals"].as_array().expect("rules name errors");
        names.iter().any(|it| it == error || it == "States.ALL")
    };
    rules.as_array()?.iter().find(names)
}

fn choose(state: &Value, data: &Value) -> String {
    let choices = state["Choices"].as_array().expect("a choice has choices");
    for choice in choices {
        assert_eq!(choice["IsNull"], json!(true), "no rule for {choice}");
        let pointer = text(&choice["Variable"]).replace(['$', '.'], "/").replace("//", "/");
        let value = data.pointer(&pointer);
        let value = value.unwrap_or_else(|| panic!("{pointer} is missing: the execution dies"));
        if value.is_null() {
            return text(&choice["Next"]);
        }
    }
    text(&state["Default"])
}

fn put(data: &mut Value, path: &Value, value: Value) {
    let path = text(path);
    let field = path.strip_prefix("$.").unwrap_or_else(|| panic!("no rule for {path}"));
    data[field] = value;
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("{value} is no string")).to_owned()
}
