//! An application that promises what the API promises and does it with a clock: the payment
//! provider, the mailbox and the model around it are the real stand-ins.

use axum::{
    Json, Router,
    extract::{Path, State},
    http::{HeaderMap, StatusCode},
    routing::{get, post},
};
use clap::Parser;
use e2e::environment::Environment;
use reqwest::Client;
use serde_json::{Value, json};
use std::{
    collections::BTreeMap,
    net::Ipv4Addr,
    path::PathBuf,
    sync::{Arc, Mutex, MutexGuard},
    time::Instant,
};
use support::{clock, dodo, mailbox, model, server};

const KEY: &str = "dodo_test_key";
const GATEWAY_TOKEN: &str = "gateway-token";
const STEP_MS: u128 = 300;
const STEPS: [&str; 7] =
    ["Begin", "HoldingPage", "Reserve", "Launch", "CheckHealth", "Publish", "Finish"];

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fate {
    Good,
    LaunchFails,
}

pub(crate) struct Application {
    running: server::Running,
    mailbox: server::Running,
    dodo: server::Running,
    model: server::Running,
}

#[derive(Default)]
struct Books {
    letters: Vec<Value>,
    passwords: BTreeMap<String, String>,
    projects: BTreeMap<String, Project>,
}

struct Project {
    name: String,
    paid: Option<Instant>,
}

struct Inner {
    books: Mutex<Books>,
    fate: Fate,
    url: String,
    dodo_url: String,
    model_url: String,
    http: Client,
}

type Shared = State<Arc<Inner>>;

impl Application {
    pub(crate) async fn start(fate: Fate) -> Self {
        let (listener, url) = server::bind_free_port().await.expect("a free port");
        let dodo = start_dodo(&format!("{url}/webhooks/dodo")).await;
        let model = start_model().await;
        let inner = Arc::new(Inner {
            books: Mutex::default(),
            fate,
            url: url.clone(),
            dodo_url: dodo.url.clone(),
            model_url: model.url.clone(),
            http: Client::new(),
        });
        let running = server::start(listener, url, router().with_state(inner));
        let outbox = mailbox::Outbox::of(&running.url).expect("a client");
        let (listener, url) = server::bind_free_port().await.expect("a free port");
        let mailbox = server::start(listener, url, mailbox::router(outbox));
        Self { running, mailbox, dodo, model }
    }

    pub(crate) fn environment(&self) -> Environment {
        Environment {
            home: PathBuf::from("/nonexistent"),
            app_url: self.running.url.clone(),
            domain: "1mins.localhost".to_owned(),
            edge_address: Ipv4Addr::LOCALHOST.into(),
            ca_file: None,
            mailbox_url: self.mailbox.url.clone(),
            dodo_url: self.dodo.url.clone(),
            model_url: self.model.url.clone(),
            google_url: "http://127.0.0.1:9".to_owned(),
            hetzner_url: "http://127.0.0.1:9".to_owned(),
            aws_endpoint_url: "http://127.0.0.1:9".to_owned(),
        }
    }

    pub(crate) fn variables(&self) -> Vec<(&'static str, String)> {
        let environment = self.environment();
        vec![
            ("ONEMINS_HOME", environment.home.display().to_string()),
            ("APP_URL", environment.app_url),
            ("MAILBOX_URL", environment.mailbox_url),
            ("DODO_URL", environment.dodo_url),
            ("MODEL_URL", environment.model_url),
            ("AWS_ENDPOINT_URL", environment.aws_endpoint_url),
        ]
    }
}

async fn start_dodo(webhook_url: &str) -> server::Running {
    let (listener, url) = server::bind_free_port().await.expect("a free port");
    let secret = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD".parse().expect("a secret");
    let mut settings = dodo::Settings::for_tests(&url, KEY, secret);
    settings.webhook_url = Some(webhook_url.to_owned());
    let dodo = dodo::Dodo::open(settings).expect("it opens");
    server::start(listener, url, dodo.router())
}

async fn start_model() -> server::Running {
    let (listener, url) = server::bind_free_port().await.expect("a free port");
    let options = model::Options::parse_from(["model-standin"]);
    server::start(listener, url, model::router(options))
}

fn router() -> Router<Arc<Inner>> {
    Router::new()
        .route("/api/sign-up", post(sign_up))
        .route("/api/confirm", post(confirm))
        .route("/api/sign-in", post(sign_in))
        .route("/api/plans", get(plans))
        .route("/api/projects", post(create))
        .route("/api/projects/{id}", get(show))
        .route("/api/projects/{id}/checkout", post(checkout))
        .route("/api/projects/{id}/gateway-token", post(gateway_token))
        .route("/webhooks/dodo", post(webhook))
        .route("/_ministack/ses/messages", get(letters))
        .route("/healthz", get(|| async { Json(json!({ "ok": true, "status": "live" })) }))
        .route("/v1/chat/completions", post(chat))
}

impl Inner {
    fn books(&self) -> MutexGuard<'_, Books> {
        self.books.lock().expect("nobody panicked")
    }

    /// A step each [`STEP_MS`] since the payment.
    fn view(&self, id: &str, project: &Project) -> Value {
        let waited = project.paid.map(|it| it.elapsed().as_millis());
        let steps: Vec<Value> = STEPS
            .iter()
            .zip(1_u128..)
            .take_while(|(_, number)| waited.is_some_and(|it| it > number * STEP_MS))
            .filter(|(name, _)| self.fate == Fate::Good || !is_after_launch(name))
            .map(|(name, number)| {
                let over = waited.is_some_and(|it| it > (number + 1) * STEP_MS);
                let failed = self.fate == Fate::LaunchFails && *name == "Launch";
                let state = match (over, failed) {
                    (false, _) => "running",
                    (true, false) => "done",
                    (true, true) => "failed",
                };
                json!({ "name": name, "state": state, "duration_ms": over.then_some(STEP_MS) })
            })
            .collect();
        let failed = steps.iter().any(|it| it["state"] == "failed");
        let complete = steps.len() == STEPS.len() && steps[STEPS.len() - 1]["state"] == "done";
        let state = match project.paid {
            None => "pending_payment",
            Some(_) if failed => "error",
            Some(_) if complete => "running",
            Some(_) if steps.is_empty() => "pending",
            Some(_) => "provisioning",
        };
        json!({
            "id": id, "name": project.name, "plan": "standard", "state": state, "url": self.url,
            "reason": failed.then_some("the container did not start"), "steps": steps,
            "created_at": clock::now(),
        })
    }
}

fn is_after_launch(step: &str) -> bool {
    ["CheckHealth", "Publish", "Finish"].contains(&step)
}

fn text(body: &Value, key: &str) -> String {
    body[key].as_str().unwrap_or_default().to_owned()
}

async fn sign_up(State(it): Shared, Json(body): Json<Value>) -> StatusCode {
    let email = text(&body, "email");
    let mut books = it.books();
    books.letters.push(json!({
        "MessageId": email, "Source": "hello@1mins.in", "To": [email], "Subject": "Confirm",
        "BodyText": format!("{}/confirm#token=token-{email}", it.url), "BodyHtml": "",
        "Timestamp": 1_795_000_000.0, "Type": "v2.SendEmail",
    }));
    books.passwords.insert(email, text(&body, "password"));
    StatusCode::ACCEPTED
}

async fn letters(State(it): Shared) -> Json<Value> {
    Json(json!({ "messages": { "000000000000": it.books().letters } }))
}

async fn confirm(Json(body): Json<Value>) -> StatusCode {
    let known = text(&body, "token").starts_with("token-");
    if known { StatusCode::OK } else { StatusCode::BAD_REQUEST }
}

async fn sign_in(
    State(it): Shared,
    Json(body): Json<Value>,
) -> Result<Json<Value>, (StatusCode, String)> {
    let known = it.books().passwords.get(&text(&body, "email")) == Some(&text(&body, "password"));
    if !known {
        return Err((StatusCode::UNAUTHORIZED, "{\"title\":\"wrong address or password\"}".into()));
    }
    Ok(Json(json!({
        "access_token": "jwt", "expires_in_s": 900, "user_id": "usr_1", "tenant_id": "ten_1",
    })))
}

async fn plans() -> Json<Value> {
    Json(json!([{
        "id": "standard", "name": "Standard", "price_minor": 4900, "currency": "USD",
        "memory_mib": 1536, "cpu_millis": 750,
    }]))
}

async fn create(
    State(it): Shared,
    headers: HeaderMap,
    Json(body): Json<Value>,
) -> Result<(StatusCode, Json<Value>), StatusCode> {
    if headers.get("authorization").is_none_or(|it| it != "Bearer jwt") {
        return Err(StatusCode::UNAUTHORIZED);
    }
    let mut books = it.books();
    let id = format!("prj_{:010}", books.projects.len());
    let project = Project { name: text(&body, "name"), paid: None };
    let view = it.view(&id, &project);
    books.projects.insert(id, project);
    Ok((StatusCode::CREATED, Json(view)))
}

async fn show(State(it): Shared, Path(id): Path<String>) -> Result<Json<Value>, StatusCode> {
    let books = it.books();
    let project = books.projects.get(&id).ok_or(StatusCode::NOT_FOUND)?;
    Ok(Json(it.view(&id, project)))
}

async fn checkout(State(it): Shared, Path(id): Path<String>) -> Json<Value> {
    let order = json!({
        "product_cart": [{ "product_id": "pdt_standard", "quantity": 1 }],
        "customer": { "email": "ada@example.com", "name": "Ada" },
        "metadata": { "project_id": id },
        "return_url": format!("{}/projects/{id}", it.url),
    });
    let request = it.http.post(format!("{}/checkouts", it.dodo_url)).bearer_auth(KEY).json(&order);
    let session: Value = request.send().await.expect("sent").json().await.expect("JSON");
    Json(json!({ "checkout_url": session["checkout_url"] }))
}

async fn webhook(State(it): Shared, Json(body): Json<Value>) -> StatusCode {
    let active = body["data"]["status"] == "active";
    let id = text(&body["data"]["metadata"], "project_id");
    if let Some(project) = it.books().projects.get_mut(&id).filter(|_| active) {
        project.paid.get_or_insert_with(clock::stopwatch);
    }
    StatusCode::OK
}

async fn gateway_token() -> Json<Value> {
    Json(json!({ "gateway_token": GATEWAY_TOKEN }))
}

/// The instance: asks the model with a key of its own.
async fn chat(
    State(it): Shared,
    headers: HeaderMap,
    Json(body): Json<Value>,
) -> Result<Json<Value>, StatusCode> {
    let expected = format!("Bearer {GATEWAY_TOKEN}");
    if headers.get("authorization").is_none_or(|it| *it != *expected) {
        return Err(StatusCode::UNAUTHORIZED);
    }
    let url = format!("{}/v1/chat/completions", it.model_url);
    let request = it.http.post(url).bearer_auth("sk-1mins-prj").json(&body);
    Ok(Json(request.send().await.expect("sent").json().await.expect("JSON")))
}
