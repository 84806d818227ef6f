//! An API in memory and somebody who calls it.

mod billing;

use api::{Api, EdgeKey, FrontDoor, Keys, Settings, World, router};
use axum::{Router, body::Body};
use contracts::{billing::Message, mail::Letter, warm::Poke};
use domain::subscription::Terms;
use http::{HeaderMap, Request, StatusCode, header};
use jiff::SignedDuration;
use ports::identity_provider::IdentityProvider;
use serde_json::{Value, json};
use std::{marker::PhantomData, sync::Arc};
use testkit::{
    access_tokens::FakeAccessTokens, accounts::FakeAccounts, backups::FakeBackupLists,
    cases::FakeCases, chat_tickets::FakeChatTickets, clock::FakeClock,
    configurations::FakeConfigurations, identity_provider::FakeIdentityProvider,
    imports::FakeImports, instance_logs::FakeInstanceLogs, intents::FakeIntents,
    keys::FakeProviderKeys, payments::FakePayments, prices::FakePrices, projects::FakeProjects,
    provider_check::FakeProviderCheck, queue::FakeQueue, sagas::FakeSagas, sessions::FakeSessions,
    subscriptions::FakeSubscriptions, tenants::FakeTenants, throttles::FakeThrottles,
    usage::FakeUsage, vault::FakeVault,
};
use tower::ServiceExt;

pub(crate) const APP_URL: &str = "https://app.test";
pub(crate) const KEY: &str = "0123456789abcdef0123456789abcdef";
pub(crate) const EDGE_KEY: &str = "edge-edge-edge-edge-edge-edge-ed";
/// More than any test makes that does not mean to.
pub(crate) const TRIES_PER_NETWORK: u32 = 100;
pub(crate) const PASSWORD: &str = "correct horse battery";

pub(crate) const MODELS: &str = r#"[
    { "provider": "platform", "models": [{ "id": "auto", "name": "Automatic" }] },
    { "provider": "anthropic", "models": [{ "id": "claude-sonnet-4-6", "name": "Claude Sonnet 4.6" }] }
]"#;

#[derive(Debug)]
pub(crate) struct Fakes<G = FakeIdentityProvider>(PhantomData<G>);

impl<G: IdentityProvider + Send + Sync + 'static> World for Fakes<G> {
    type Accounts = FakeAccounts;
    type Sessions = FakeSessions;
    type Throttles = FakeThrottles;
    type Tenants = FakeTenants;
    type AccessTokens = FakeAccessTokens;
    type Projects = FakeProjects;
    type Cases = FakeCases;
    type ChatTickets = FakeChatTickets;
    type Letters = FakeQueue<Letter>;
    type Intents = FakeIntents;
    type Pokes = FakeQueue<Poke>;
    type Subscriptions = FakeSubscriptions;
    type Sagas = FakeSagas;
    type Backups = FakeBackupLists;
    type Vault = FakeVault;
    type Payments = FakePayments;
    type Prices = FakePrices;
    type Looks = FakeQueue<Message>;
    type Google = G;
    type ProviderKeys = FakeProviderKeys;
    type Configurations = FakeConfigurations;
    type ProviderCheck = FakeProviderCheck;
    type InstanceLogs = FakeInstanceLogs;
    type Usage = FakeUsage;
    type Imports = FakeImports;
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

/// A customer in somebody else's tenant.
#[derive(Clone, Debug)]
pub(crate) struct Guest {
    customer: Customer,
    pub(crate) user: String,
}

impl std::ops::Deref for Guest {
    type Target = Customer;

    fn deref(&self) -> &Customer {
        &self.customer
    }
}

/// An access token.
#[derive(Clone, Debug)]
pub(crate) struct Program {
    pub(crate) id: String,
    pub(crate) token: String,
}

/// What a browser has of a session: the access token in memory, the cookie on disk.
#[derive(Clone, Debug)]
pub(crate) struct Browser {
    pub(crate) token: String,
    pub(crate) cookie: String,
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

    /// The value of the cookie that the browser is to keep; empty if it is to forget it.
    pub(crate) fn cookie(&self) -> String {
        let set = self.header(header::SET_COOKIE);
        let value = set.strip_prefix("__Host-refresh=").and_then(|it| it.split(';').next());
        value.unwrap_or_else(|| panic!("no cookie in {self:?}")).to_owned()
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

/// A request of a page of our own, with what its browser keeps.
pub(crate) fn from_site(
    method: &str,
    path: &str,
    cookie: Option<&str>,
    token: Option<&str>,
) -> Request<Body> {
    let mut request = request(method, path, token, "");
    request.headers_mut().insert(header::ORIGIN, APP_URL.parse().expect("an origin"));
    if let Some(cookie) = cookie {
        let cookie = format!("theme=dark; __Host-refresh={cookie}");
        request.headers_mut().insert(header::COOKIE, cookie.parse().expect("a cookie"));
    }
    request
}

/// `request` as the front door passes it on, from somebody at `address`.
pub(crate) fn through_front_door(mut request: Request<Body>, address: &str) -> Request<Body> {
    for (name, value) in [("x-front-secret", KEY), ("x-client-address", address)] {
        request.headers_mut().insert(name, value.parse().expect("a header"));
    }
    request
}

/// Everything in memory, and `google` to ask who somebody is.
pub(crate) fn api<G>(google: G) -> Api<Fakes<G>>
where
    G: IdentityProvider + Send + Sync + 'static,
{
    let sessions = FakeSessions::default();
    let accounts = FakeAccounts::beside(&sessions);
    let provider_keys = FakeProviderKeys::default();
    Api {
        tenants: accounts.tenants(),
        access_tokens: FakeAccessTokens::default(),
        accounts,
        sessions,
        throttles: FakeThrottles::default(),
        projects: FakeProjects::default(),
        cases: FakeCases::default(),
        chat_tickets: FakeChatTickets::default(),
        letters: FakeQueue::default(),
        intents: FakeIntents::default(),
        pokes: FakeQueue::default(),
        subscriptions: FakeSubscriptions::default(),
        sagas: FakeSagas::default(),
        halts: FakeSagas::default(),
        restarts: FakeSagas::default(),
        erasures: FakeSagas::default(),
        backups: FakeBackupLists::default(),
        usage: FakeUsage::default(),
        vault: FakeVault::default(),
        payments: FakePayments::default(),
        prices: FakePrices::default(),
        looks: FakeQueue::default(),
        provider_keys: provider_keys.clone(),
        provider_check: FakeProviderCheck::default(),
        configurations: FakeConfigurations::with_keys(provider_keys),
        configures: FakeSagas::default(),
        readings: FakeSagas::default(),
        instance_logs: FakeInstanceLogs::default(),
        imports: FakeImports::default(),
        intakes: FakeSagas::default(),
        google,
        clock: FakeClock::default(),
        keys: Keys::new(KEY, APP_URL).expect("a good key"),
        edge_key: EdgeKey::new(EDGE_KEY).expect("a good key"),
        front_door: FrontDoor::new(KEY).expect("a good secret"),
        settings: Settings {
            app_url: APP_URL.to_owned(),
            domain: testkit::make::DOMAIN.to_owned(),
            instance_url_port: ":8443".to_owned(),
            tries_per_network: TRIES_PER_NETWORK,
            operators: ["root@example.com".to_owned().try_into().expect("an address")].into(),
            models: serde_json::from_str(MODELS).expect("a catalogue"),
            terms: Terms { grace: SignedDuration::from_hours(14 * 24), remind_before: vec![] },
        },
    }
}

impl Bench {
    pub(crate) fn new() -> Self {
        let api = Arc::new(api(FakeIdentityProvider::default()));
        Self { router: router(api.clone()), api }
    }

    pub(crate) async fn send(&self, request: Request<Body>) -> Answer {
        let response = self.router.clone().oneshot(request).await.expect("it never fails");
        let (parts, body) = response.into_parts();
        let body = axum::body::to_bytes(body, usize::MAX).await.expect("a body");
        let kind = parts.headers.get(header::CONTENT_TYPE).map_or(&b""[..], |it| it.as_bytes());
        let is_file = kind == b"application/pdf" || kind.starts_with(b"text/plain");
        let body = if body.is_empty() {
            Value::Null
        } else if is_file {
            Value::String(String::from_utf8_lossy(&body).into_owned())
        } else {
            serde_json::from_slice(&body).expect("every other answer is JSON")
        };
        Answer { status: parts.status, headers: parts.headers, body }
    }

    /// Any method. `null` is no body.
    pub(crate) async fn call(
        &self,
        method: &str,
        path: &str,
        token: Option<&str>,
        body: &Value,
    ) -> Answer {
        let body = if body.is_null() { String::new() } else { body.to_string() };
        self.send(request(method, path, token, &body)).await
    }

    pub(crate) async fn get(&self, path: &str, token: Option<&str>) -> Answer {
        self.send(request("GET", path, token, "")).await
    }

    pub(crate) async fn post(&self, path: &str, token: Option<&str>, body: &Value) -> Answer {
        self.call("POST", path, token, body).await
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
            Some(
                Letter::ConfirmAddress { token, .. }
                | Letter::Invitation { token, .. }
                | Letter::ResetPassword { token, .. },
            ) => token,
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

    /// Somebody who was asked into the tenant of `owner`, came, and switched to it.
    pub(crate) async fn member(&self, owner: &Customer, email: &str, role: &str) -> Guest {
        let customer = self.customer(email).await;
        let asked = json!({ "email": email, "role": role });
        let invited = self.post("/api/invitations", Some(&owner.token), &asked).await;
        assert_eq!(invited.status, StatusCode::CREATED, "{invited:?}");
        let token = json!({ "token": self.mailed_token() });
        let came = self.post("/api/invitations/accept", Some(&customer.token), &token).await;
        assert_eq!(came.status, StatusCode::OK, "{came:?}");
        self.switched(&customer, &owner.tenant).await
    }

    /// The session of `customer`, in another of their tenants.
    pub(crate) async fn switched(&self, customer: &Customer, tenant: &str) -> Guest {
        let there = json!({ "tenant_id": tenant });
        let answer = self.post("/api/session/tenant", Some(&customer.token), &there).await;
        assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
        let token = answer.text("access_token");
        let members = self.get("/api/members", Some(&token)).await;
        let members = members.body.as_array().expect("members").clone();
        let you = members.iter().find(|it| it["you"] == true).expect("it is there");
        Guest {
            customer: Customer { token, tenant: answer.text("tenant_id") },
            user: you["user_id"].as_str().expect("an id").to_owned(),
        }
    }

    /// A new access token of `customer`.
    pub(crate) async fn access_token(&self, customer: &Customer, scope: &str) -> Program {
        let body = json!({ "name": "ci", "scope": scope, "expires_in_days": 30 });
        let answer = self.post("/api/access-tokens", Some(&customer.token), &body).await;
        assert_eq!(answer.status, StatusCode::CREATED, "{answer:?}");
        Program { id: answer.text("id"), token: answer.text("token") }
    }

    /// A new session of somebody who has an account, as a browser keeps it.
    pub(crate) async fn browser(&self, email: &str) -> Browser {
        let answer = self.sign_in(email, PASSWORD).await;
        assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
        Browser { token: answer.text("access_token"), cookie: answer.cookie() }
    }

    /// Asks for the next access token with `cookie`, as the site does.
    pub(crate) async fn refresh(&self, cookie: &str) -> Answer {
        self.send(from_site("POST", "/api/session/refresh", Some(cookie), None)).await
    }

    /// Whether `token` opens the door.
    pub(crate) async fn opens(&self, token: &str) -> bool {
        let answer = self.get("/api/projects", Some(token)).await;
        assert!([200, 401].contains(&answer.status.as_u16()), "{answer:?}");
        answer.status == StatusCode::OK
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
