//! An API in memory and somebody who calls it.

use api::{Api, Keys, PriceBoard, Settings, World, router};
use axum::{Router, body::Body};
use contracts::{mail::Letter, warm::Poke};
use http::{HeaderMap, Request, StatusCode, header};
use serde_json::{Value, json};
use std::sync::Arc;
use testkit::{
    accounts::FakeAccounts, clock::FakeClock, configurations::FakeConfigurations,
    intents::FakeIntents, keys::FakeProviderKeys, payments::FakePayments, projects::FakeProjects,
    provider_check::FakeProviderCheck, queue::FakeQueue, sagas::FakeSagas, vault::FakeVault,
};
use tower::ServiceExt;

pub(crate) const APP_URL: &str = "https://app.test";
pub(crate) const KEY: &str = "0123456789abcdef0123456789abcdef";
pub(crate) const PASSWORD: &str = "correct horse battery";

pub(crate) const MODELS: &str = r#"[
    { "provider": "platform", "models": [{ "id": "auto", "name": "Automatic" }] },
    { "provider": "anthropic", "models": [{ "id": "claude-sonnet-4-6", "name": "Claude Sonnet 4.6" }] }
]"#;

#[derive(Debug)]
pub(crate) struct Fakes;

impl World for Fakes {
    type Accounts = FakeAccounts;
    type Projects = FakeProjects;
    type Letters = FakeQueue<Letter>;
    type Intents = FakeIntents;
    type Pokes = FakeQueue<Poke>;
    type Sagas = FakeSagas;
    type Vault = FakeVault;
    type Payments = FakePayments;
    type ProviderKeys = FakeProviderKeys;
    type Configurations = FakeConfigurations;
    type ProviderCheck = FakeProviderCheck;
    type Clock = FakeClock;
}

pub(crate) struct Bench {
    pub(crate) api: Arc<Api<Fakes>>,
    router: Router,
}

#[derive(Clone, Debug)]
pub(crate) struct Customer {
    pub(crate) token: String,
    pub(crate) tenant: String,
}

#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Value,
}

impl Answer {
    /// The fields that a problem document complains about.
    pub(crate) fn fields(&self) -> Vec<&str> {
        let errors = self.body["errors"].as_array();
        errors.into_iter().flatten().filter_map(|it| it["field"].as_str()).collect()
    }

    pub(crate) fn header(&self, name: header::HeaderName) -> &str {
        self.headers.get(name).map_or("", |it| it.to_str().expect("text"))
    }

    pub(crate) fn text(&self, field: &str) -> String {
        self.body[field].as_str().unwrap_or_else(|| panic!("{field} in {self:?}")).to_owned()
    }
}

/// A request with the usual headers.
pub(crate) fn request(method: &str, path: &str, token: Option<&str>, body: &str) -> Request<Body> {
    let mut request = Request::builder().method(method).uri(path);
    if !body.is_empty() {
        request = request.header(header::CONTENT_TYPE, "application/json");
    }
    if let Some(token) = token {
        request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
    }
    request.body(Body::from(body.to_owned())).expect("a request")
}

impl Bench {
    pub(crate) fn new() -> Self {
        let provider_keys = FakeProviderKeys::default();
        let api = Arc::new(Api {
            accounts: FakeAccounts::default(),
            projects: FakeProjects::default(),
            letters: FakeQueue::default(),
            intents: FakeIntents::default(),
            pokes: FakeQueue::default(),
            sagas: FakeSagas::default(),
            vault: FakeVault::default(),
            payments: FakePayments::default(),
            provider_keys: provider_keys.clone(),
            provider_check: FakeProviderCheck::default(),
            configurations: FakeConfigurations::with_keys(provider_keys),
            configures: FakeSagas::default(),
            clock: FakeClock::default(),
            keys: Keys::new(KEY, APP_URL).expect("a good key"),
            prices: PriceBoard::default(),
            settings: Settings {
                app_url: APP_URL.to_owned(),
                domain: testkit::make::DOMAIN.to_owned(),
                instance_url_port: ":8443".to_owned(),
                models: serde_json::from_str(MODELS).expect("a catalogue"),
            },
        });
        Self { router: router(api.clone()), api }
    }

    pub(crate) async fn send(&self, request: Request<Body>) -> Answer {
        let response = self.router.clone().oneshot(request).await.expect("it never fails");
        let (parts, body) = response.into_parts();
        let body = axum::body::to_bytes(body, usize::MAX).await.expect("a body");
        let body = if body.is_empty() {
            Value::Null
        } else {
            serde_json::from_slice(&body).expect("every answer is JSON")
        };
        Answer { status: parts.status, headers: parts.headers, body }
    }

    pub(crate) async fn get(&self, path: &str, token: Option<&str>) -> Answer {
        self.send(request("GET", path, token, "")).await
    }

    pub(crate) async fn post(&self, path: &str, token: Option<&str>, body: &Value) -> Answer {
        let body = if body.is_null() { String::new() } else { body.to_string() };
        self.send(request("POST", path, token, &body)).await
    }

    pub(crate) async fn sign_up(&self, email: &str, password: &str) -> Answer {
        let body = json!({ "email": email, "password": password });
        self.post("/api/sign-up", None, &body).await
    }

    pub(crate) async fn sign_in(&self, email: &str, password: &str) -> Answer {
        let body = json!({ "email": email, "password": password });
        self.post("/api/sign-in", None, &body).await
    }

    pub(crate) async fn confirm(&self, token: &str) -> Answer {
        self.post("/api/confirm", None, &json!({ "token": token })).await
    }

    /// The token of the last letter.
    pub(crate) fn mailed_token(&self) -> String {
        match self.api.letters.sent().pop() {
            Some(Letter::ConfirmAddress { token, .. }) => token,
            other => panic!("no token in {other:?}"),
        }
    }

    /// Somebody who signed up, confirmed and signed in.
    pub(crate) async fn customer(&self, email: &str) -> Customer {
        assert_eq!(self.sign_up(email, PASSWORD).await.status, StatusCode::ACCEPTED);
        assert_eq!(self.confirm(&self.mailed_token()).await.status, StatusCode::OK);
        self.signed_in(email).await
    }

    /// A new session of somebody who has an account.
    pub(crate) async fn signed_in(&self, email: &str) -> Customer {
        let answer = self.sign_in(email, PASSWORD).await;
        assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
        Customer { token: answer.text("access_token"), tenant: answer.text("tenant_id") }
    }

    /// The id of a new project of `customer`.
    pub(crate) async fn project(&self, customer: &Customer) -> String {
        let body = json!({ "name": "mybot", "plan": "standard" });
        let answer = self.post("/api/projects", Some(&customer.token), &body).await;
        assert_eq!(answer.status, StatusCode::CREATED, "{answer:?}");
        answer.text("id")
    }

    /// The same, paid for.
    pub(crate) async fn paid_project(&self, customer: &Customer) -> String {
        use ports::projects::Projects;
        let id = self.project(customer).await;
        let paid = self.api.projects.record_paid(&id.parse().expect("an id"), "sub_1").await;
        paid.expect("it can be paid for");
        id
    }

    /// The same, and it runs.
    pub(crate) async fn running_project(&self, customer: &Customer) -> String {
        use domain::project::Event;
        use ports::projects::Projects;
        let id = self.paid_project(customer).await;
        for event in [Event::ProvisioningBegan, Event::ProvisioningFinished] {
            let project = id.parse().expect("an id");
            self.api.projects.change(&project, 1, event, None).await.expect("as prepared");
        }
        id
    }
}
