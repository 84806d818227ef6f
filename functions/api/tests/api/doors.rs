//! Every operation of the API, tried by everybody whom it must not serve.
//!
//! What an operation asks for is read from its description: no scheme is for everybody, `session`
//! is for members, with the scope `owner` for owners, and `access_token` lets programs in, too. A
//! new operation is thus tried by itself. Where that takes more than a description, the tables below
//! say it, and a test fails until they do.

use crate::bench::{Answer, Bench, Customer, Fakes, PASSWORD};
use http::StatusCode;
use ports::sagas::Sagas;
use serde_json::{Value, json};

/// For everybody.
const PUBLIC: [&str; 10] = [
    "get /api/google/callback",
    "get /api/google/start",
    "get /api/health",
    "get /api/models",
    "get /api/plans",
    "post /api/confirm",
    "post /api/password/forgot",
    "post /api/password/reset",
    "post /api/sign-in",
    "post /api/sign-up",
];

/// About a user and not about a tenant: it serves who belongs to none that the session knows.
const PERSONAL: [&str; 10] = [
    "delete /api/google",
    "delete /api/sessions",
    "delete /api/sessions/{id}",
    "get /api/me",
    "get /api/sessions",
    "post /api/google/link",
    "post /api/invitations/accept",
    "post /api/password/change",
    "post /api/session/tenant",
    "post /api/sign-out",
];

/// For whoever has a cookie, which is tried elsewhere.
const OF_A_COOKIE: [&str; 1] = ["post /api/session/refresh"];

/// Members may do it to themselves and to nobody else, owners to everybody.
const OF_ONESELF: [&str; 1] = ["delete /api/members/{user_id}"];

/// A reading of the logs of every household's project, which is under way.
const LOGS: &str = "log_a";

/// An import of every household's project, which is under way.
const IMPORT: &str = "imp_a";

const PROVIDER_KEY: &str = "sk-ant-api03-0123456789abcdef0123456789abcdef";
const BOT_TOKEN: &str = "123456789:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

/// A good body, so that a request gets as far as the question whose things it is about.
fn body_of(name: &str) -> Value {
    match name {
        "post /api/access-tokens" => json!({ "name": "ci", "scope": "read", "expires_in_days": 1 }),
        "post /api/google/link" => json!({ "password": PASSWORD }),
        "post /api/intents" => json!({ "plan": "standard" }),
        "post /api/invitations" => json!({ "email": "new@example.com", "role": "member" }),
        "post /api/invitations/accept" | "post /api/confirm" => json!({ "token": "a.1.s" }),
        "post /api/projects/{id}/plan/quote" => json!({ "plan": "pro" }),
        "put /api/projects/{id}/plan" => json!({
            "plan": "pro", "due_now_minor": 1600, "recurring_minor": 6500, "currency": "USD",
        }),
        "post /api/keys" => {
            json!({ "provider": "anthropic", "label": "ours", "key": PROVIDER_KEY })
        }
        "put /api/keys/{id}" => json!({ "key": PROVIDER_KEY }),
        "post /api/keys/{id}/apply" => json!({ "projects": "all", "model": "claude-sonnet-4-6" }),
        "put /api/projects/{id}/keep-awake" => json!({ "keep_awake": true }),
        "put /api/projects/{id}/model" => json!({ "provider": "platform", "model": "auto" }),
        "put /api/projects/{id}/telegram" => json!({ "token": BOT_TOKEN }),
        "post /api/password/change" => {
            json!({ "current_password": "a wrong password", "password": PASSWORD })
        }
        "post /api/projects/{id}/logs" => json!({ "tail": 100 }),
        "post /api/projects/{id}/checkout" => json!({ "price_minor": 4_900, "currency": "USD" }),
        "post /api/projects/{id}/imports" => json!({ "bytes": 1 }),
        "post /api/projects/{id}/deletion" => json!({ "name": "mybot" }),
        "put /api/projects/{id}/spend-cap" => json!({ "cap_cents": 500 }),
        "post /api/projects/{id}/restore" => json!({ "backup_id": "1-0" }),
        "post /api/projects" => json!({ "name": "mybot", "plan": "standard" }),
        "post /api/session/tenant" => json!({ "tenant_id": "ten_nobodys" }),
        "post /api/sign-in" | "post /api/sign-up" => {
            json!({ "email": "new@example.com", "password": PASSWORD })
        }
        "patch /api/members/{user_id}" => json!({ "role": "member" }),
        "patch /api/tenant" => json!({ "name": "Ours" }),
        _ => panic!("say in `body_of` what a good body of `{name}` is"),
    }
}

/// A tenant of whose things there is one of each.
struct Household {
    owner: Customer,
    project: String,
    user: String,
    invitation: String,
    access_token: String,
    key: String,
    session: String,
    payment: String,
}

impl Household {
    async fn of(bench: &Bench, email: &str) -> Self {
        let owner = bench.customer(email).await;
        let members = bench.get("/api/members", Some(&owner.token)).await;
        let asked = json!({ "email": format!("guest-of-{email}"), "role": "member" });
        let invitation = bench.post("/api/invitations", Some(&owner.token), &asked).await;
        let access_token = bench.access_token(&owner, "read").await;
        let key = body_of("post /api/keys");
        let key = bench.post("/api/keys", Some(&owner.token), &key).await;
        let sessions = bench.get("/api/sessions", Some(&owner.token)).await;
        let project = bench.project(&owner).await;
        let reading = format!("logs-{project}-a");
        bench.api.readings.ensure_started(&reading, "{}").await.expect("is up");
        let import = format!("import-{project}-a");
        bench.api.intakes.ensure_started(&import, "{}").await.expect("is up");
        Self {
            payment: bench.payment(&owner).await,
            session: sessions.body[0]["id"].as_str().expect("a session").to_owned(),
            project,
            user: members.body[0]["user_id"].as_str().expect("a member").to_owned(),
            invitation: invitation.text("id"),
            access_token: access_token.id,
            key: key.text("id"),
            owner,
        }
    }

    /// `path` about a thing of this tenant.
    fn fill(&self, path: &str) -> String {
        let (place, id) = if path.starts_with("/api/projects/{id}") {
            ("{id}", &self.project)
        } else if path.starts_with("/api/members/{user_id}") {
            ("{user_id}", &self.user)
        } else if path.starts_with("/api/invitations/{id}") {
            ("{id}", &self.invitation)
        } else if path.starts_with("/api/access-tokens/{id}") {
            ("{id}", &self.access_token)
        } else if path.starts_with("/api/keys/{id}") {
            ("{id}", &self.key)
        } else if path.starts_with("/api/sessions/{id}") {
            ("{id}", &self.session)
        } else if path.starts_with("/api/billing/payments/{id}") {
            ("{id}", &self.payment)
        } else {
            ("", &self.project)
        };
        let path = path.replace("{logs_id}", LOGS).replace("{import_id}", IMPORT);
        let filled = if place.is_empty() { path.clone() } else { path.replace(place, id) };
        assert!(!filled.contains('{'), "say in `fill` what `{path}` is about");
        filled
    }

    /// By what others would recognise this tenant.
    fn marks(&self) -> [&str; 7] {
        let Self { project, user, invitation, access_token, key, owner, payment, session: _ } =
            self;
        [&owner.tenant, project, user, invitation, access_token, key, payment]
    }

    /// Everything that can be seen of it.
    async fn seen(&self, bench: &Bench) -> Vec<Value> {
        let mut seen = vec![];
        let lists =
            ["projects", "members", "invitations", "access-tokens", "keys", "billing/payments"];
        for path in lists.map(|it| format!("/api/{it}")) {
            let answer = bench.get(&path, Some(&self.owner.token)).await;
            assert_eq!(answer.status, StatusCode::OK, "{path}");
            seen.push(answer.body);
        }
        seen
    }
}

/// What an operation says of itself.
struct Operation {
    name: String,
    method: String,
    path: String,
    /// The scopes of the scheme `session`, if it takes a session.
    session: Option<Vec<String>>,
    /// The scopes of the scheme `access_token`, if it takes a token.
    access_token: Option<Vec<String>>,
    has_body: bool,
}

impl Operation {
    fn of(method: &str, path: &str, described: &Value) -> Self {
        let mut operation = Self {
            name: format!("{method} {path}"),
            method: method.to_uppercase(),
            path: path.to_owned(),
            session: None,
            access_token: None,
            has_body: described["requestBody"].is_object(),
        };
        for way in described["security"].as_array().into_iter().flatten() {
            for (scheme, scopes) in way.as_object().expect("a requirement") {
                let scopes = serde_json::from_value(scopes.clone()).expect("scopes");
                match scheme.as_str() {
                    "session" => operation.session = Some(scopes),
                    "access_token" => operation.access_token = Some(scopes),
                    "refresh" => (),
                    other => panic!("say what `{}` expects of `{other}`", operation.name),
                }
            }
        }
        operation
    }

    fn is_in(&self, table: &[&str]) -> bool {
        table.contains(&self.name.as_str())
    }

    fn needs_owner(&self) -> bool {
        self.session.as_ref().is_some_and(|scopes| scopes.iter().any(|it| it == "owner"))
    }

    fn is_of_a_tenant(&self) -> bool {
        self.session.is_some() && !self.is_in(&PERSONAL)
    }

    /// Asks for it, about the things of `household`.
    async fn ask(&self, bench: &Bench, household: &Household, token: Option<&str>) -> Answer {
        let body = if self.has_body { body_of(&self.name) } else { Value::Null };
        bench.call(&self.method, &household.fill(&self.path), token, &body).await
    }
}

fn operations() -> Vec<Operation> {
    let document: Value = serde_json::from_str(&api::document::<Fakes>()).expect("a document");
    let mut operations = vec![];
    for (path, item) in document["paths"].as_object().expect("paths") {
        for (method, described) in item.as_object().expect("a path item") {
            operations.push(Operation::of(method, path, described));
        }
    }
    assert!(operations.len() > 20, "they are all there");
    operations
}

fn refused(answer: &Answer) -> (StatusCode, &str) {
    let kind = answer.body["type"].as_str().unwrap_or_default();
    (answer.status, kind.strip_prefix("urn:1mins:problem:").unwrap_or(kind))
}

#[test]
fn every_operation_says_whom_it_is_for() {
    let operations = operations();
    for it in &operations {
        let is_declared = it.is_in(&PUBLIC) || it.is_in(&OF_A_COOKIE);
        assert_eq!(it.session.is_none(), is_declared, "{}: all or members?", it.name);
        let programs = it.access_token.as_deref().unwrap_or_default();
        let scope = if it.method == "GET" { "read" } else { "write" };
        assert!(it.access_token.is_none() || programs == [scope], "{}", it.name);
        assert!(it.access_token.is_none() || !it.needs_owner(), "{}: not for programs", it.name);
    }
    let names: Vec<_> = operations.iter().map(|it| it.name.as_str()).collect();
    for name in PUBLIC.iter().chain(&PERSONAL).chain(&OF_A_COOKIE).chain(&OF_ONESELF) {
        assert!(names.contains(name), "{name} is no operation any more");
    }
}

#[tokio::test]
async fn a_stranger_gets_nowhere() {
    let bench = Bench::new();
    let ada = Household::of(&bench, "ada@example.com").await;
    let before = ada.seen(&bench).await;
    for it in operations().iter().filter(|it| it.session.is_some()) {
        for token in [None, Some("noise"), Some("1mins_pat_noise"), Some("1mins_pat_a_1_s3cret")] {
            let answer = it.ask(&bench, &ada, token).await;
            let expected = (StatusCode::UNAUTHORIZED, "not-signed-in");
            let shut = refused(&answer) == expected;
            // Where programs are not served at all their tokens are not even looked at.
            let unseen = it.is_in(&PERSONAL) && refused(&answer).1 == "session-needed";
            assert!(shut || unseen, "{} with {token:?}: {answer:?}", it.name);
        }
    }
    assert_eq!(ada.seen(&bench).await, before);
}

#[tokio::test]
async fn another_tenant_sees_and_changes_nothing() {
    let bench = Bench::new();
    let ada = Household::of(&bench, "ada@example.com").await;
    let eve = Household::of(&bench, "eve@example.com").await;
    let before = ada.seen(&bench).await;
    let token = Some(eve.owner.token.as_str());
    for it in operations().iter().filter(|it| it.is_in(&PERSONAL) && it.path.contains('{')) {
        it.ask(&bench, &ada, token).await;
    }
    for it in operations().iter().filter(|it| it.is_of_a_tenant()) {
        let answer = it.ask(&bench, &ada, token).await;
        if it.path.contains('{') {
            assert_eq!(refused(&answer), (StatusCode::NOT_FOUND, "not-found"), "{}", it.name);
        } else {
            assert!(answer.status.is_success(), "{}: {answer:?}", it.name);
        }
        let said = answer.body.to_string();
        for mark in ada.marks() {
            assert!(!said.contains(mark), "{} tells of {mark}: {said}", it.name);
        }
    }
    assert_eq!(ada.seen(&bench).await, before);
}

#[tokio::test]
async fn what_is_for_owners_is_refused_to_members() {
    let bench = Bench::new();
    let ada = Household::of(&bench, "ada@example.com").await;
    let bob = bench.member(&ada.owner, "bob@example.com", "member").await;
    let before = ada.seen(&bench).await;
    let operations = operations();
    let for_owners = |it: &&Operation| it.needs_owner() || it.is_in(&OF_ONESELF);
    for it in operations.iter().filter(for_owners) {
        let answer = it.ask(&bench, &ada, Some(&bob.token)).await;
        assert_eq!(refused(&answer), (StatusCode::FORBIDDEN, "owner-needed"), "{}", it.name);
    }
    assert_eq!(ada.seen(&bench).await, before);
    for it in operations.iter().filter(|it| it.is_of_a_tenant() && !for_owners(it)) {
        let answer = it.ask(&bench, &ada, Some(&bob.token)).await;
        assert_ne!(answer.status, StatusCode::FORBIDDEN, "{}: {answer:?}", it.name);
        assert_ne!(answer.status, StatusCode::UNAUTHORIZED, "{}: {answer:?}", it.name);
    }
}

#[tokio::test]
async fn a_program_does_what_its_token_says_and_no_more() {
    let bench = Bench::new();
    let ada = Household::of(&bench, "ada@example.com").await;
    let read = bench.access_token(&ada.owner, "read").await.token;
    let write = bench.access_token(&ada.owner, "write").await.token;
    for it in operations().iter().filter(|it| it.session.is_some()) {
        let by_read = it.ask(&bench, &ada, Some(&read)).await;
        let by_write = it.ask(&bench, &ada, Some(&write)).await;
        let expected = match it.access_token.as_deref() {
            None => [Some("session-needed"); 2],
            Some([scope]) if scope == "read" => [None, None],
            Some(_) => [Some("write-needed"), None],
        };
        for (answer, problem) in [by_read, by_write].iter().zip(expected) {
            match problem {
                Some(problem) => {
                    assert_eq!(refused(answer), (StatusCode::FORBIDDEN, problem), "{}", it.name);
                }
                None => assert!(
                    answer.status.is_success() || answer.status == StatusCode::CONFLICT,
                    "{}: {answer:?}",
                    it.name
                ),
            }
        }
    }
}

#[tokio::test]
async fn who_was_removed_is_out_with_the_next_request() {
    let bench = Bench::new();
    let ada = Household::of(&bench, "ada@example.com").await;
    let bob = bench.member(&ada.owner, "bob@example.com", "owner").await;
    let program = bench.access_token(&bob, "write").await.token;
    assert_eq!(bench.get("/api/projects", Some(&program)).await.status, StatusCode::OK);
    let path = format!("/api/members/{}", bob.user);
    let removed = bench.call("DELETE", &path, Some(&ada.owner.token), &Value::Null).await;
    assert_eq!(removed.status, StatusCode::NO_CONTENT, "{removed:?}");
    let before = ada.seen(&bench).await;
    for it in operations().iter().filter(|it| it.is_of_a_tenant()) {
        let answer = it.ask(&bench, &ada, Some(&bob.token)).await;
        assert_eq!(refused(&answer), (StatusCode::FORBIDDEN, "not-a-member"), "{}", it.name);
        let answer = it.ask(&bench, &ada, Some(&program)).await;
        assert_eq!(refused(&answer), (StatusCode::UNAUTHORIZED, "not-signed-in"), "{}", it.name);
    }
    assert_eq!(ada.seen(&bench).await, before);
}
