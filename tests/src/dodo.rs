//! The stand-in for Dodo Payments by the paths that the real one lacks: what a test looks at and makes
//! go wrong.

use crate::{client, environment::Environment, failure::Failure};
use reqwest::{Client, Method, StatusCode};
use serde_json::{Value, json};

#[derive(Clone, Debug)]
pub struct StandIn {
    http: Client,
    url: String,
}

impl StandIn {
    pub fn of(environment: &Environment) -> Result<Self, Failure> {
        Ok(Self { http: client::build(environment)?, url: environment.dodo_url.clone() })
    }

    /// Asks `/_standin/PATH`, and insists on agreement.
    pub async fn ask(&self, method: Method, path: &str, body: &Value) -> Result<Value, Failure> {
        let what = format!("{method} /_standin/{path}");
        let request = self.http.request(method, format!("{}/_standin/{path}", self.url));
        client::fetch(request.json(body), &what, StatusCode::OK).await
    }

    /// Every webhook, the oldest first.
    pub async fn deliveries(&self) -> Result<Vec<Value>, Failure> {
        let all = self.ask(Method::GET, "deliveries", &Value::Null).await?;
        Ok(all["items"].as_array().cloned().unwrap_or_default())
    }

    /// Sends a webhook of this type about a record; `data` is what it says instead of the truth.
    pub async fn emit(&self, event: &str, about: &str, data: &Value) -> Result<(), Failure> {
        let emission = json!({ "type": event, "about": about, "data": data });
        self.ask(Method::POST, "emit", &emission).await.map(drop)
    }

    /// Moves its clock on, and with it the repeats of what nobody took.
    pub async fn advance(&self, seconds: u32) -> Result<(), Failure> {
        self.ask(Method::POST, "clock/advance", &json!({ "seconds": seconds })).await.map(drop)
    }

    /// Webhooks wait from now on. Returns where they went.
    pub async fn hold_webhooks(&self) -> Result<Value, Failure> {
        let health = self.ask(Method::GET, "health", &Value::Null).await?;
        self.ask(Method::PUT, "webhook", &json!({ "url": null })).await?;
        Ok(health["webhook_url"].clone())
    }

    pub async fn send_webhooks_to(&self, url: &Value) -> Result<(), Failure> {
        self.ask(Method::PUT, "webhook", &json!({ "url": url })).await.map(drop)
    }
}
