//! Opening a chat: the way it goes, and everything that somebody else might try on it.

use crate::bench::{Answer, Bench, Customer, EDGE_KEY, request};
use domain::project::Event;
use http::{HeaderName, StatusCode};
use ports::{
    accounts::{Accounts, Role},
    projects::Projects,
};
use serde_json::{Value, json};
use std::time::Duration;
use testkit::logs::Logs;

const SESSION: HeaderName = HeaderName::from_static("x-chat-session");
const TOKEN: HeaderName = HeaderName::from_static("x-gateway-token");
const EXCHANGE: &str = "/api/edge/chat-sessions";
const AUTHORIZE: &str = "/api/edge/chat-authorizations";

/// A project that runs, and the host where it does.
struct Running {
    id: String,
    host: String,
}

async fn running(bench: &Bench, customer: &Customer) -> Running {
    let id = bench.paid_project(customer).await;
    let project = id.parse().expect("an id");
    for event in [Event::ProvisioningBegan, Event::ProvisioningFinished] {
        bench.api.projects.change(&project, 1, event, None).await.expect("as prepared");
    }
    let host = bench.api.projects.find(&project).await.expect("up").expect("there").host;
    Running { id, host: host.to_string() }
}

async fn open(bench: &Bench, customer: &Customer, project: &Running) -> Answer {
    let path = format!("/api/projects/{}/chat", project.id);
    bench.post(&path, Some(&customer.token), &Value::Null).await
}

async fn ticket(bench: &Bench, customer: &Customer, project: &Running) -> String {
    let answer = open(bench, customer, project).await;
    assert_eq!(answer.status, StatusCode::CREATED, "{answer:?}");
    answer.text("ticket")
}

async fn asked_by(bench: &Bench, key: Option<&str>, path: &str, body: &Value) -> Answer {
    let mut asked = request("POST", path, None, &body.to_string());
    if let Some(key) = key {
        asked.headers_mut().insert("x-edge-key", key.parse().expect("text"));
    }
    bench.send(asked).await
}

async fn exchange(bench: &Bench, host: &str, ticket: &str) -> Answer {
    asked_by(bench, Some(EDGE_KEY), EXCHANGE, &json!({ "host": host, "ticket": ticket })).await
}

async fn authorize(bench: &Bench, host: &str, session: &str) -> Answer {
    asked_by(bench, Some(EDGE_KEY), AUTHORIZE, &json!({ "host": host, "session": session })).await
}

async fn session(bench: &Bench, customer: &Customer, project: &Running) -> String {
    let ticket = ticket(bench, customer, project).await;
    let answer = exchange(bench, &project.host, &ticket).await;
    assert_eq!(answer.status, StatusCode::CREATED, "{answer:?}");
    answer.header(SESSION).to_owned()
}

#[tokio::test]
async fn a_ticket_leads_to_what_opens_the_instance_and_to_nothing_else() {
    let bench = Bench::new();
    let ada = bench.customer("ada@example.com").await;
    let bot = running(&bench, &ada).await;
    let opened = open(&bench, &ada, &bot).await;
    assert_eq!(opened.status, StatusCode::CREATED);
    let action = format!("https://{}:8443/.well-known/1mins/open", bot.host);
    assert_eq!(opened.text("action"), action);

    let exchanged = exchange(&bench, &bot.host, &opened.text("ticket")).await;
    assert_eq!((exchanged.status, &exchanged.body), (StatusCode::CREATED, &Value::Null));
    let session = exchanged.header(SESSION).to_owned();
    // As often as a page asks, as long as it lasts.
    for _ in 0..2 {
        let authorized = authorize(&bench, &bot.host, &session).await;
        assert_eq!((authorized.status, &authorized.body), (StatusCode::NO_CONTENT, &Value::Null));
        let path = format!("/api/projects/{}/gateway-token", bot.id);
        let shown = bench.post(&path, Some(&ada.token), &Value::Null).await;
        assert_eq!(authorized.header(TOKEN), shown.text("gateway_token"));
    }
}

#[tokio::test]
async fn a_ticket_is_used_once_and_for_a_minute() {
    let bench = Bench::new();
    let ada = bench.customer("ada@example.com").await;
    let bot = running(&bench, &ada).await;
    let used = ticket(&bench, &ada, &bot).await;
    assert_eq!(exchange(&bench, &bot.host, &used).await.status, StatusCode::CREATED);
    assert_eq!(exchange(&bench, &bot.host, &used).await.status, StatusCode::UNAUTHORIZED, "used");

    let (last, late) = (ticket(&bench, &ada, &bot).await, ticket(&bench, &ada, &bot).await);
    bench.api.clock.advance(Duration::from_secs(59));
    assert_eq!(exchange(&bench, &bot.host, &last).await.status, StatusCode::CREATED);
    bench.api.clock.advance(Duration::from_secs(1));
    assert_eq!(
        exchange(&bench, &bot.host, &late).await.status,
        StatusCode::UNAUTHORIZED,
        "expired"
    );
}

/// The ticket is gone, and the next click makes another one.
#[tokio::test]
async fn an_exchange_that_was_cut_off_is_repeated_by_opening_again() {
    let bench = Bench::new();
    let ada = bench.customer("ada@example.com").await;
    let bot = running(&bench, &ada).await;
    let lost = ticket(&bench, &ada, &bot).await;
    bench.api.chat_tickets.outage.begin_after(1, 1);
    let cut_off = exchange(&bench, &bot.host, &lost).await;
    assert_eq!(cut_off.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(exchange(&bench, &bot.host, &lost).await.status, StatusCode::UNAUTHORIZED);
    session(&bench, &ada, &bot).await;
}

#[tokio::test]
async fn a_session_lasts_five_minutes() {
    let bench = Bench::new();
    let ada = bench.customer("ada@example.com").await;
    let bot = running(&bench, &ada).await;
    let session = session(&bench, &ada, &bot).await;
    bench.api.clock.advance(Duration::from_secs(299));
    assert_eq!(authorize(&bench, &bot.host, &session).await.status, StatusCode::NO_CONTENT);
    bench.api.clock.advance(Duration::from_secs(1));
    assert_eq!(authorize(&bench, &bot.host, &session).await.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn what_opens_one_host_is_worth_nothing_at_another() {
    let bench = Bench::new();
    let ada = bench.customer("ada@example.com").await;
    let eve = bench.customer("eve@example.com").await;
    let (hers, eves) = (running(&bench, &ada).await, running(&bench, &eve).await);

    // Eve has a ticket of Ada's, or one of her own, and carries it wherever she likes.
    let stolen = ticket(&bench, &ada, &hers).await;
    let own = ticket(&bench, &eve, &eves).await;
    for (case, host, ticket) in [("hers", &eves.host, &stolen), ("own", &hers.host, &own)] {
        let answer = exchange(&bench, host, ticket).await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{case}");
        assert_eq!(answer.header(SESSION), "", "{case}");
    }
    // The same with sessions.
    let stolen = session(&bench, &ada, &hers).await;
    let own = session(&bench, &eve, &eves).await;
    for (case, host, session) in [("hers", &eves.host, &stolen), ("own", &hers.host, &own)] {
        let answer = authorize(&bench, host, session).await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{case}");
        assert_eq!(answer.header(TOKEN), "", "{case}");
    }
    // A ticket is no session, and a session is no ticket.
    let unused = ticket(&bench, &eve, &eves).await;
    assert_eq!(authorize(&bench, &eves.host, &unused).await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(exchange(&bench, &eves.host, &own).await.status, StatusCode::UNAUTHORIZED);
    for noise in ["", "x", "../../etc/passwd", &"x".repeat(10_000)] {
        let answer = exchange(&bench, &hers.host, noise).await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
        let answer = authorize(&bench, &hers.host, noise).await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
    }
}

#[tokio::test]
async fn only_the_edge_may_ask_what_the_edge_asks() {
    let bench = Bench::new();
    let ada = bench.customer("ada@example.com").await;
    let bot = running(&bench, &ada).await;
    let ticket = ticket(&bench, &ada, &bot).await;
    let session = session(&bench, &ada, &bot).await;
    let nobodys = asked_by(&bench, None, "/api/edge/nothing", &json!({})).await;
    for key in [None, Some(""), Some("x"), Some(crate::bench::KEY), Some(&ada.token)] {
        let right = json!({ "host": bot.host, "ticket": ticket });
        let answer = asked_by(&bench, key, EXCHANGE, &right).await;
        assert_eq!((answer.status, answer.header(SESSION)), (StatusCode::NOT_FOUND, ""));
        assert_eq!(answer.body, nobodys.body, "{key:?}");
        let right = json!({ "host": bot.host, "session": session });
        let answer = asked_by(&bench, key, AUTHORIZE, &right).await;
        assert_eq!((answer.status, answer.header(TOKEN)), (StatusCode::NOT_FOUND, ""));
        assert_eq!(answer.body, nobodys.body, "{key:?}");
    }
    let exchanged = exchange(&bench, &bot.host, &ticket).await;
    assert_eq!(exchanged.status, StatusCode::CREATED, "nobody has used it up");
}

#[tokio::test]
async fn only_what_runs_can_be_talked_to() {
    let bench = Bench::new();
    let ada = bench.customer("ada@example.com").await;
    let unpaid = Running { id: bench.project(&ada).await, host: String::new() };
    let pending = Running { id: bench.paid_project(&ada).await, host: String::new() };
    for project in [unpaid, pending] {
        assert_eq!(open(&bench, &ada, &project).await.status, StatusCode::CONFLICT);
    }
    assert_eq!(bench.api.chat_tickets.passes(), []);

    let bot = running(&bench, &ada).await;
    let session = session(&bench, &ada, &bot).await;
    let id = bot.id.parse().unwrap();
    bench.api.projects.change(&id, 1, Event::InstanceLost, None).await.unwrap();
    assert_eq!(authorize(&bench, &bot.host, &session).await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(open(&bench, &ada, &bot).await.status, StatusCode::CONFLICT);
}

#[tokio::test]
async fn who_leaves_a_tenant_leaves_its_chats() {
    let bench = Bench::new();
    let ada = bench.customer("ada@example.com").await;
    let bot = running(&bench, &ada).await;
    let session = session(&bench, &ada, &bot).await;
    assert_eq!(authorize(&bench, &bot.host, &session).await.status, StatusCode::NO_CONTENT);
    let visit = bench.api.chat_tickets.passes().remove(0).visit;
    let elsewhere = testkit::make::tenant_id("elsewhere");
    bench.api.accounts.put_membership(&visit.user, &elsewhere, Role::Owner);
    let left = bench.api.accounts.list_memberships(&visit.user).await.unwrap();
    assert!(left.iter().all(|it| it.tenant != visit.tenant), "as prepared");
    assert_eq!(authorize(&bench, &bot.host, &session).await.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn one_person_gets_thirty_tickets_in_five_minutes() {
    let bench = Bench::new();
    let ada = bench.customer("ada@example.com").await;
    let eve = bench.customer("eve@example.com").await;
    let (hers, eves) = (running(&bench, &ada).await, running(&bench, &eve).await);
    for number in 0..30 {
        assert_eq!(open(&bench, &ada, &hers).await.status, StatusCode::CREATED, "{number}");
    }
    let refused = open(&bench, &ada, &hers).await;
    assert_eq!(refused.status, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(refused.header(http::header::RETRY_AFTER), "300");
    assert_eq!(open(&bench, &eve, &eves).await.status, StatusCode::CREATED, "not hers");
    bench.api.clock.advance(Duration::from_mins(5));
    assert_eq!(open(&bench, &ada, &hers).await.status, StatusCode::CREATED);
}

#[tokio::test]
async fn what_opens_is_neither_stored_nor_logged() {
    let bench = Bench::new();
    let ada = bench.customer("ada@example.com").await;
    let bot = running(&bench, &ada).await;
    // Not before: a line that is first reached in another test's thread would be caught in none.
    let logs = Logs::catch();
    let ticket = ticket(&bench, &ada, &bot).await;
    let stored = format!("{:?}", bench.api.chat_tickets.passes());
    assert!(!stored.contains(&ticket), "{stored}");

    let exchanged = exchange(&bench, &bot.host, &ticket).await;
    let session = exchanged.header(SESSION).to_owned();
    let stored = format!("{:?}", bench.api.chat_tickets.passes());
    assert!(!stored.contains(&session), "{stored}");
    let authorized = authorize(&bench, &bot.host, &session).await;
    let token = authorized.header(TOKEN).to_owned();
    exchange(&bench, &bot.host, &ticket).await;
    bench.api.vault.outage.begin(1);
    let failed = authorize(&bench, &bot.host, &session).await;
    assert_eq!(failed.status, StatusCode::SERVICE_UNAVAILABLE);

    let answered = logs.lines(&["/api/edge/chat-authorizations", "answered"]);
    assert_eq!(answered.len(), 2, "{:?}", logs.lines(&[]));
    for secret in [&ticket, &session, &token, EDGE_KEY] {
        assert!(!secret.is_empty());
        assert_eq!(logs.lines(&[secret]), Vec::<String>::new());
    }
    assert!(!format!("{exchanged:?}{authorized:?}").contains(&session), "sensitive headers");
}
