//! Runs a state machine in process: as much of the Amazon States Language as our sagas use.
//!
//! A state, a field or a path that it does not know is a panic: the sagas must not outgrow it.

use serde_json::{Value, json};
use std::{fs, path::Path, sync::Arc, time::Duration};

/// The definition called `name`, which the CDK tests keep equal to what they synthesise.
pub(crate) fn machine(name: &str) -> Value {
    let snapshots = concat!(env!("CARGO_MANIFEST_DIR"), "/../infra-cdk/test/__snapshots__");
    let path = Path::new(snapshots).join(format!("{name}.asl.json"));
    let json = fs::read_to_string(&path).unwrap_or_else(|_| panic!("{} is there", path.display()));
    serde_json::from_str(&json).expect("the snapshot is JSON")
}

/// An error as a function raises it.
#[derive(Clone, Debug)]
pub(crate) struct Raised {
    pub(crate) error: String,
    pub(crate) cause: String,
}

/// One execution, a call at a time, so that several can be interleaved.
#[derive(Debug)]
pub(crate) struct Execution {
    machine: Arc<Value>,
    at: String,
    data: Value,
    tries: u64,
}

/// What an execution waits for.
#[derive(Clone, Debug)]
pub(crate) enum Next {
    /// The answer of a function.
    Call {
        state: String,
        function: String,
        payload: Value,
    },
    Time {
        duration: Duration,
    },
    /// It ended in this state, which either is a failure, and rings, or is not.
    Nothing {
        state: String,
        failed: bool,
    },
}

impl Execution {
    pub(crate) fn start(machine: Arc<Value>, input: Value) -> Self {
        let at = text(&machine["StartAt"]);
        Self { machine, at, data: input, tries: 0 }
    }

    /// What has to happen before it can go on. Asking twice is asking once.
    pub(crate) fn next(&mut self) -> Next {
        loop {
            let state = &self.machine["States"][&self.at];
            match text(&state["Type"]).as_str() {
                kind @ ("Succeed" | "Fail") => {
                    return Next::Nothing { state: self.at.clone(), failed: kind == "Fail" };
                }
                "Choice" => self.at = choose(state, &self.data),
                "Wait" => {
                    let seconds = state["Seconds"].as_u64().expect("a wait has seconds");
                    let duration = Duration::from_secs(seconds);
                    return Next::Time { duration };
                }
                "Task" => {
                    let function = text(&state["Resource"]);
                    let function = function.trim_start_matches("${").trim_end_matches('}');
                    let step = &state["Parameters"]["step"];
                    return Next::Call {
                        state: self.at.clone(),
                        function: function.to_owned(),
                        payload: json!({ "step": step, "saga": self.data }),
                    };
                }
                other => panic!("no rule for a state of type {other}"),
            }
        }
    }

    /// The time that it waited for has come.
    pub(crate) fn waited(&mut self) {
        self.at = text(&self.machine["States"][&self.at]["Next"]);
    }

    /// The function that it waited for has answered. Says how long to wait before going on.
    pub(crate) fn answered(&mut self, answer: Result<Value, Raised>) -> Duration {
        let machine = Arc::clone(&self.machine);
        let state = &machine["States"][&self.at];
        match answer {
            Ok(result) => self.leave(&state["ResultPath"], result, &state["Next"]),
            Err(raised) => {
                if let Some(pause) = pause(state, &raised.error, self.tries) {
                    self.tries += 1;
                    return pause;
                }
                let catcher = rule(&state["Catch"], &raised.error);
                let catcher =
                    catcher.unwrap_or_else(|| panic!("{}: nobody catches {raised:?}", self.at));
                let caught = json!({ "Error": raised.error, "Cause": raised.cause });
                self.leave(&catcher["ResultPath"], caught, &catcher["Next"]);
            }
        }
        Duration::ZERO
    }

    fn leave(&mut self, path: &Value, result: Value, next: &Value) {
        put(&mut self.data, path, result);
        self.at = text(next);
        self.tries = 0;
    }
}

/// How an execution ended, and through which task states it went.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) at: String,
    pub(crate) entered: Vec<String>,
    /// The input of every task state, by the order of `entered`.
    pub(crate) inputs: Vec<Value>,
    /// What it ended with.
    pub(crate) state: Value,
}

/// Runs `machine` on `input` to its end. Task states call `invoke(state, function, payload)`; time
/// takes none.
pub(crate) async fn run(
    machine: &Value,
    input: Value,
    mut invoke: impl AsyncFnMut(&str, &str, Value) -> Result<Value, Raised>,
) -> Ended {
    let mut execution = Execution::start(Arc::new(machine.clone()), input);
    let (mut entered, mut inputs): (Vec<String>, Vec<Value>) = (vec![], vec![]);
    loop {
        match execution.next() {
            Next::Nothing { state, .. } => {
                return Ended { at: state, entered, inputs, state: execution.data };
            }
            Next::Time { .. } => execution.waited(),
            Next::Call { state, function, payload } => {
                // A retry is not another entry.
                if execution.tries == 0 {
                    entered.push(state.clone());
                    inputs.push(payload["saga"].clone());
                }
                let answer = invoke(&state, &function, payload).await;
                execution.answered(answer);
            }
        }
    }
}

/// How long the state machine waits before it tries again; `None` if it does not.
fn pause(state: &Value, error: &str, tries: u64) -> Option<Duration> {
    let retry = rule(&state["Retry"], error)?;
    if tries >= retry["MaxAttempts"].as_u64()? {
        return None;
    }
    let power = i32::try_from(tries).ok()?;
    let seconds = retry["IntervalSeconds"].as_f64()? * retry["BackoffRate"].as_f64()?.powi(power);
    Some(Duration::from_secs_f64(seconds.min(retry["MaxDelaySeconds"].as_f64()?)))
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
