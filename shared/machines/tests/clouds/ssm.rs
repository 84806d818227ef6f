//! Systems Manager in miniature: activations, and the nodes that joined by them.

use aws_sdk_ssm::{
    Client, Config,
    config::{BehaviorVersion, Credentials, Region, retry::RetryConfig},
};
use axum::{Json, Router, body::Bytes, extract::State, http::HeaderMap, http::StatusCode};
use serde_json::{Value, json};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use support::server;

/// Few, so that tests see more than one page.
const PAGE: usize = 2;

pub(crate) struct Ssm {
    running: server::Running,
    books: Arc<Books>,
}

#[derive(Default)]
struct Books(Mutex<Entries>);

#[derive(Default)]
pub(crate) struct Entries {
    /// As they were asked for, with their ids.
    pub(crate) activations: Vec<Value>,
    pub(crate) nodes: Vec<Value>,
    ever: u32,
    pub(crate) is_out: bool,
}

impl Ssm {
    pub(crate) async fn start() -> Self {
        let books = Arc::<Books>::default();
        let app = Router::new().fallback(answer).with_state(books.clone());
        let (listener, url) = server::bind_free_port().await.expect("a free port");
        Self { running: server::start(listener, url, app), books }
    }

    pub(crate) fn client(&self) -> Client {
        let config = Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new("us-east-1"))
            .endpoint_url(&self.running.url)
            .retry_config(RetryConfig::disabled())
            .credentials_provider(Credentials::new("id", "secret", None, None, "test"))
            .build();
        Client::from_conf(config)
    }

    pub(crate) fn entries(&self) -> MutexGuard<'_, Entries> {
        self.books.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Joins as a machine does that runs `user_data`. `None`: its activation is not there any more.
    pub(crate) fn join(&self, user_data: &str) -> Option<String> {
        let lines = |name| user_data.lines().filter_map(move |it: &str| it.strip_prefix(name));
        let id = lines("ACTIVATION_ID=").next().expect("an activation in the user data");
        let mut entries = self.entries();
        let activation = entries.activations.iter().find(|it| it["ActivationId"] == id)?.clone();
        entries.ever += 1;
        let node = format!("mi-{:017}", entries.ever);
        let joined = json!({
            "InstanceId": node, "Name": activation["DefaultInstanceName"], "PingStatus": "Online",
            "RegistrationDate": entries.ever, "Tags": activation["Tags"],
        });
        entries.nodes.push(joined);
        Some(node)
    }
}

async fn answer(
    State(books): State<Arc<Books>>,
    headers: HeaderMap,
    body: Bytes,
) -> (StatusCode, Json<Value>) {
    let target = headers["x-amz-target"].to_str().expect("ASCII");
    let request: Value = serde_json::from_slice(&body).expect("JSON");
    let mut entries = books.0.lock().unwrap_or_else(PoisonError::into_inner);
    if entries.is_out {
        let out = json!({ "__type": "InternalServerError", "message": "out" });
        return (StatusCode::INTERNAL_SERVER_ERROR, Json(out));
    }
    let outcome = match target.trim_start_matches("AmazonSSM.") {
        "CreateActivation" => Ok(create(&mut entries, &request)),
        "DescribeActivations" => Ok(activations(&entries, &request)),
        "DeleteActivation" => delete(&mut entries.activations, "ActivationId", &request),
        "DescribeInstanceInformation" => Ok(nodes(&entries, &request)),
        "DeregisterManagedInstance" => delete(&mut entries.nodes, "InstanceId", &request),
        other => panic!("nobody asks for {other}"),
    };
    match outcome {
        Ok(answer) => (StatusCode::OK, Json(answer)),
        Err(code) => (StatusCode::BAD_REQUEST, Json(json!({ "__type": code, "message": "no" }))),
    }
}

fn create(entries: &mut Entries, request: &Value) -> Value {
    entries.ever += 1;
    let id = format!("00000000-0000-0000-0000-{:012}", entries.ever);
    let mut activation = request.clone();
    activation["ActivationId"] = id.clone().into();
    entries.activations.push(activation);
    json!({ "ActivationId": id, "ActivationCode": "SECRETCODE" })
}

fn activations(entries: &Entries, request: &Value) -> Value {
    let filter = &request["Filters"][0];
    let key = filter["FilterKey"].as_str().expect("a key");
    let matches = |it: &&Value| filter["FilterValues"][0] == it[key];
    // The rest of a request has not the shape of a description.
    let brief = |it: &Value| json!({ "ActivationId": it["ActivationId"], "Expired": it["Expired"] == json!(true) });
    page("ActivationList", entries.activations.iter().filter(matches).map(brief), request)
}

fn nodes(entries: &Entries, request: &Value) -> Value {
    let filter = &request["Filters"][0];
    let key = filter["Key"].as_str().and_then(|it| it.strip_prefix("tag:")).expect("by tag");
    let wanted = json!({ "Key": key, "Value": filter["Values"][0] });
    let matches = |it: &&Value| it["Tags"].as_array().is_some_and(|tags| tags.contains(&wanted));
    let found = entries.nodes.iter().filter(matches).cloned();
    page("InstanceInformationList", found, request)
}

fn page(list: &str, all: impl Iterator<Item = Value>, request: &Value) -> Value {
    let from: usize = request["NextToken"].as_str().map_or(0, |it| it.parse().expect("our token"));
    let all: Vec<_> = all.collect();
    let next = (from + PAGE < all.len()).then(|| (from + PAGE).to_string());
    let some: Vec<_> = all.into_iter().skip(from).take(PAGE).collect();
    json!({ list: some, "NextToken": next })
}

fn delete(entries: &mut Vec<Value>, key: &str, request: &Value) -> Result<Value, &'static str> {
    let before = entries.len();
    entries.retain(|it| it[key] != request[key]);
    let missing = if key == "ActivationId" { "InvalidActivation" } else { "InvalidInstanceId" };
    if entries.len() == before { Err(missing) } else { Ok(json!({})) }
}
