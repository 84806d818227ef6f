//! The Lambda service, and what a function finds around it, as far as a cold start goes.

use axum::{
    Json, Router,
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::{get, post},
};
use serde::Deserialize;
use serde_json::{Value, json};
use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Instant,
};
use support::clock;
use tokio::sync::Notify;

const DEADLINE_MS: i64 = 30_000;

/// Names that functions ask their environment for. The values lead nowhere.
pub(super) const VARIABLES: [(&str, &str); 52] = [
    ("ACCOUNTS_TABLE", "accounts"),
    ("PROJECTS_TABLE", "projects"),
    ("FLEET_TABLE", "fleet"),
    ("LEDGER_TABLE", "ledger"),
    ("KEY_ID", "alias/1mins-bench"),
    ("MAIL_QUEUE_URL", "http://127.0.0.1:9/000000000000/mail"),
    ("BILLING_QUEUE_URL", "http://127.0.0.1:9/000000000000/billing"),
    (
        "BILLING",
        r#"{"graceSeconds":1209600,"remindSecondsBefore":[86400],"provisioningTargetSeconds":120,"paidNotRunningSeconds":300}"#,
    ),
    ("ROUTES_QUEUE_URL", "http://127.0.0.1:9/000000000000/routes.fifo"),
    ("PROVISION_ARN", "arn:aws:states:us-east-1:000000000000:stateMachine:bench"),
    ("JWT_KEY_PARAMETER", "/bench/jwt-key"),
    ("EDGE_KEY_PARAMETER", "/bench/edge-key"),
    ("FRONT_SECRET_PARAMETER", "/bench/front"),
    ("TRIES_PER_NETWORK", "100"),
    ("OPERATORS", ""),
    ("WARM_QUEUE_URL", "http://127.0.0.1:9/000000000000/warm"),
    ("CONFIGURE_ARN", "arn:aws:states:us-east-1:000000000000:stateMachine:configure"),
    ("LOGS_ARN", "arn:aws:states:us-east-1:000000000000:stateMachine:logs"),
    ("EXEC_ARN", "arn:aws:states:us-east-1:000000000000:stateMachine:exec"),
    ("DODO_URL", "http://127.0.0.1:9"),
    ("DODO_KEY_PARAMETER", "/bench/dodo-api-key"),
    ("DODO_WEBHOOK_PARAMETER", "/bench/dodo-webhook"),
    ("DODO_PRODUCT_STANDARD", "pdt_standard"),
    ("DODO_PRODUCT_PRO", "pdt_pro"),
    ("DODO_PRODUCT_DEDICATED", "pdt_dedicated"),
    ("GOOGLE_ISSUER", "http://127.0.0.1:9"),
    ("GOOGLE_AUTHORIZE_URL", "http://127.0.0.1:9/auth"),
    ("GOOGLE_EXCHANGE_URL", "http://127.0.0.1:9/token"),
    ("GOOGLE_JWKS_URL", "http://127.0.0.1:9/certs"),
    ("GOOGLE_CLIENT_ID", "client"),
    ("GOOGLE_SECRET_PARAMETER", "/bench/google-client-secret"),
    ("APP_URL", "https://1mins.localhost:8443"),
    ("DOMAIN", "1mins.localhost"),
    ("INSTANCE_URL_PORT", ":8443"),
    ("POOL", "us-east-1"),
    ("LAUNCH_TEMPLATE_ID", "lt-bench"),
    ("SUBNET_IDS", "subnet-bench"),
    (
        "OFFERINGS",
        r#"[{"provider":"ec2","machine_type":"c7i-flex.large","memory_mib":4096,"cpu_millis":2000,"reserved_mib":512,"usd_per_hour":0.08479}]"#,
    ),
    ("BUNDLES_BUCKET", "bundles"),
    ("BACKUPS_BUCKET", "backups"),
    (
        "PROVIDER_URLS",
        r#"{"anthropic":"http://127.0.0.1:9","openai":"http://127.0.0.1:9/v1","google":"http://127.0.0.1:9/v1","openrouter":"http://127.0.0.1:9/v1"}"#,
    ),
    ("MODELS", r#"[{"provider":"platform","models":[{"id":"auto","name":"Automatic"}]}]"#),
    ("MODEL_URL", "http://127.0.0.1:9/v1"),
    ("MODEL_ID", "stand-in"),
    ("MODEL_EGRESS", "127.0.0.1:9"),
    ("EDGE_CIDR", "127.0.0.1/32"),
    ("AGENT_IMAGE", "openclaw-agent:bench"),
    ("ROUTES_PREFIX", "/bench/routes"),
    ("MAIL_FROM", "hello@1mins.in"),
    ("AWS_REGION", "us-east-1"),
    ("AWS_ACCESS_KEY_ID", "bench"),
    ("AWS_SECRET_ACCESS_KEY", "bench"),
];

#[derive(Clone, Default)]
pub(super) struct Seen {
    pub(super) asked: Option<Instant>,
    pub(super) answered: Option<Instant>,
    pub(super) complaint: Option<String>,
}

/// The Lambda service, as one function sees it.
#[derive(Default)]
pub(super) struct Service {
    seen: Mutex<Seen>,
    pub(super) answered: Notify,
}

impl Service {
    pub(super) fn seen(&self) -> Seen {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// True for the first request for work.
    fn record_request(&self) -> bool {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let first = seen.asked.is_none();
        seen.asked.get_or_insert_with(clock::stopwatch);
        first
    }

    fn record_answer(&self, complaint: Option<String>) {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.answered.get_or_insert_with(clock::stopwatch);
        seen.complaint = complaint;
        self.answered.notify_one();
    }
}

pub(super) fn router(service: Arc<Service>) -> Router {
    Router::new()
        .route("/2018-06-01/runtime/invocation/next", get(next))
        .route("/2018-06-01/runtime/invocation/{id}/{outcome}", post(answer))
        .route("/2018-06-01/runtime/init/error", post(complain))
        .route("/", post(get_parameter))
        .with_state(service)
}

async fn next(State(service): State<Arc<Service>>) -> Response {
    if !service.record_request() {
        // There is no second event: the function waits until it is stopped.
        std::future::pending::<()>().await;
    }
    let deadline = (clock::now().as_millisecond() + DEADLINE_MS).to_string();
    let headers = [
        ("content-type", "application/json"),
        ("lambda-runtime-aws-request-id", "00000000-0000-4000-8000-000000000000"),
        ("lambda-runtime-deadline-ms", deadline.as_str()),
        (
            "lambda-runtime-invoked-function-arn",
            "arn:aws:lambda:us-east-1:000000000000:function:bench",
        ),
        ("lambda-runtime-trace-id", "Root=1-00000000-000000000000000000000000"),
    ];
    (headers, "{}").into_response()
}

async fn answer(State(service): State<Arc<Service>>) -> StatusCode {
    service.record_answer(None);
    StatusCode::ACCEPTED
}

async fn complain(State(service): State<Arc<Service>>, complaint: String) -> StatusCode {
    service.record_answer(Some(complaint));
    StatusCode::ACCEPTED
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct GetParameter {
    name: String,
}

/// Parameter Store. Other services post here too; they are not understood, and refused.
async fn get_parameter(body: String) -> Result<Json<Value>, StatusCode> {
    let asked: GetParameter = serde_json::from_str(&body).map_err(|_| StatusCode::BAD_REQUEST)?;
    let value = if asked.name.ends_with("dodo-webhook") {
        "whsec_YmVuY2gtb25seS1iZW5jaC1vbmx5LWJlbmNo".to_owned()
    } else {
        "0123456789abcdef".repeat(4)
    };
    let parameter = json!({ "Name": asked.name, "Type": "SecureString", "Value": value });
    Ok(Json(json!({ "Parameter": parameter })))
}
