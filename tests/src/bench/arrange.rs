//! Brings the fleet into the state that a measurement is about: nothing there, room on a worker that
//! runs, a stopped worker, a warm blank. By the same door as an operator: the functions `operator` and
//! `warm-pool`, and the warm pool's own configuration.

use crate::{
    environment::Environment,
    executions::{Way, aws},
};
use adapters::clock::SystemClock;
use ports::clock::Clock;
use serde_json::{Value, json};
use std::time::Duration;

const POOL: &str = "1mins-local-warm-pool";
const OPERATOR: &str = "1mins-local-operator";
const PAUSE: Duration = Duration::from_secs(2);
const SETTING: &str = "WARM_POOL";

#[derive(Debug, thiserror::Error)]
pub(super) enum ArrangeError {
    #[error("`aws {0}` failed: is the stack the local one, and up?")]
    Aws(String),
    #[error("`{0}` failed: {1}")]
    Failed(&'static str, String),
    #[error("the answer of `{0}` cannot be read")]
    Answer(&'static str),
    #[error("waited {0} s in vain for {1}")]
    TooLong(u64, &'static str),
}

/// The warm pool of the stack that runs, to be configured anew and put back.
pub(super) struct Pool<'a> {
    environment: &'a Environment,
    patience: Duration,
    before: Value,
}

impl<'a> Pool<'a> {
    pub(super) async fn of(
        environment: &'a Environment,
        patience: Duration,
    ) -> Result<Self, ArrangeError> {
        let mut pool = Self { environment, patience, before: Value::Null };
        pool.before = pool.variables().await?;
        Ok(pool)
    }

    /// The next project finds what `way` says, as far as the warm pool can see to it: room, or none,
    /// on running workers is what earlier projects left.
    pub(super) async fn arrange(&self, way: Way) -> Result<(), ArrangeError> {
        match way {
            Way::Bought | Way::Running => self.configure(&json!({})).await,
            Way::Stopped => {
                self.configure(&json!({ "stopped_workers": 1 })).await?;
                self.wait_for("a stopped worker", |it| it["state"] == "warm_stopped").await
            }
            Way::Blank => {
                let one = json!({ "standard": { "least": 1, "most": 1 } });
                self.configure(&json!({ "blanks": one })).await?;
                self.wait_for("a warm blank", |it| it["warm_blanks"].as_u64() > Some(0)).await
            }
        }
    }

    /// Undo of every [`Pool::arrange`].
    pub(super) async fn put_back(self) -> Result<(), ArrangeError> {
        self.set(&self.before).await
    }

    /// Nothing in stock but what `stock` says.
    async fn configure(&self, stock: &Value) -> Result<(), ArrangeError> {
        let mut variables = self.before.clone();
        let setting = variables[SETTING].as_str().ok_or(ArrangeError::Answer(POOL))?;
        let mut pool: Value =
            serde_json::from_str(setting).map_err(|_| ArrangeError::Answer(POOL))?;
        pool["blanks"] = json!({});
        pool["headroom"]["instances"] = json!(0);
        pool["stopped_workers"] = json!(0);
        for (field, value) in stock.as_object().into_iter().flatten() {
            pool[field] = value.clone();
        }
        variables[SETTING] = Value::String(pool.to_string());
        self.set(&variables).await
    }

    async fn variables(&self) -> Result<Value, ArrangeError> {
        let arguments = ["lambda", "get-function-configuration", "--function-name", POOL];
        let answer = self.aws(&arguments).await?;
        let configuration: Value =
            serde_json::from_slice(&answer).map_err(|_| ArrangeError::Answer(POOL))?;
        Ok(configuration["Environment"]["Variables"].clone())
    }

    async fn set(&self, variables: &Value) -> Result<(), ArrangeError> {
        let environment = json!({ "Variables": variables }).to_string();
        let arguments = [
            "lambda",
            "update-function-configuration",
            "--function-name",
            POOL,
            "--environment",
            &environment,
        ];
        self.aws(&arguments).await.map(drop)
    }

    async fn wait_for(
        &self,
        what: &'static str,
        is_there: impl Fn(&Value) -> bool,
    ) -> Result<(), ArrangeError> {
        let deadline = SystemClock.now() + self.patience;
        while SystemClock.now() < deadline {
            self.invoke(POOL, &json!({})).await?;
            let fleet = self.invoke(OPERATOR, &json!({ "command": "list_workers" })).await?;
            let workers = fleet["workers"].as_array().ok_or(ArrangeError::Answer(OPERATOR))?;
            if workers.iter().any(&is_there) {
                return Ok(());
            }
            SystemClock.sleep(PAUSE).await;
        }
        Err(ArrangeError::TooLong(self.patience.as_secs(), what))
    }

    async fn invoke(&self, function: &'static str, payload: &Value) -> Result<Value, ArrangeError> {
        let payload = payload.to_string();
        let arguments =
            ["lambda", "invoke", "--function-name", function, "--payload", &payload, "/dev/stdout"];
        let output = self.aws(&arguments).await?;
        // The answer comes first, then what `aws` says of the invocation.
        let mut values = serde_json::Deserializer::from_slice(&output).into_iter::<Value>();
        let answer = values.next().and_then(Result::ok).ok_or(ArrangeError::Answer(function))?;
        let about = values.next().and_then(Result::ok).unwrap_or_default();
        if about["FunctionError"].is_string() {
            return Err(ArrangeError::Failed(function, answer["errorMessage"].to_string()));
        }
        Ok(answer)
    }

    async fn aws(&self, arguments: &[&str]) -> Result<Vec<u8>, ArrangeError> {
        let called = || ArrangeError::Aws(arguments[..2].join(" "));
        aws(self.environment, arguments).await.ok_or_else(called)
    }
}
