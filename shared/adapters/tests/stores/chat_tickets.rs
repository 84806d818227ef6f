//! Tickets of chats: each opens once, at its own host, in its own minute.

use crate::engine;
use adapters::dynamodb::chat_tickets::DynamoChatTickets;
use domain::{
    id::{ProjectId, TenantId, UserId},
    route::HostName,
};
use jiff::Timestamp;
use ports::{
    accounts::TokenHash,
    chat_tickets::{ChatPass, ChatTickets, Visit},
};
use std::time::Duration;

const NOW: Timestamp = Timestamp::constant(1_795_262_400, 0);
const MINUTE: Duration = Duration::from_mins(1);

async fn store() -> DynamoChatTickets {
    let (client, table) = engine::table().await;
    DynamoChatTickets::on(client, table)
}

fn host(name: &str) -> HostName {
    format!("{name}.1mins.test").try_into().expect("a host")
}

fn hash(name: &str) -> TokenHash {
    TokenHash(name.to_owned())
}

fn pass(name: &str) -> ChatPass {
    let visit = Visit {
        user: UserId::new("ada").expect("an id"),
        tenant: TenantId::new("ada").expect("an id"),
        project: ProjectId::new("one").expect("an id"),
        host: host("bot-one"),
    };
    ChatPass { hash: hash(name), visit, expires_at: NOW + MINUTE }
}

#[tokio::test]
#[ignore = "needs the local engine"]
async fn a_ticket_is_taken_once() {
    let tickets = store().await;
    tickets.record_ticket(&pass("t")).await.unwrap();
    let mut takers = tokio::task::JoinSet::new();
    for _ in 0..10 {
        let tickets = tickets.clone();
        takers.spawn(async move {
            tickets.take_ticket(&hash("t"), &host("bot-one"), NOW).await.unwrap()
        });
    }
    let taken: Vec<_> = takers.join_all().await.into_iter().flatten().collect();
    assert_eq!(taken, [pass("t").visit]);
    let again = tickets.take_ticket(&hash("t"), &host("bot-one"), NOW).await.unwrap();
    assert_eq!(again, None);
}

#[tokio::test]
#[ignore = "needs the local engine"]
async fn a_ticket_is_worth_nothing_elsewhere_or_later() {
    let tickets = store().await;
    tickets.record_ticket(&pass("t")).await.unwrap();
    let take = async |name: &str, at: &str, when| {
        tickets.take_ticket(&hash(name), &host(at), when).await.unwrap()
    };
    assert_eq!(take("t", "bot-two", NOW).await, None, "another host");
    assert_eq!(take("t", "bot-one", NOW + MINUTE).await, None, "too late");
    assert_eq!(take("u", "bot-one", NOW).await, None, "unknown");
    assert_eq!(take("t", "bot-one", NOW).await, Some(pass("t").visit), "untaken by all that");
}

#[tokio::test]
#[ignore = "needs the local engine"]
async fn a_session_is_no_ticket_and_a_ticket_no_session() {
    let tickets = store().await;
    tickets.record_session(&pass("s")).await.unwrap();
    tickets.record_ticket(&pass("t")).await.unwrap();
    assert_eq!(tickets.find_session(&hash("s")).await.unwrap(), Some(pass("s")));
    assert_eq!(tickets.find_session(&hash("t")).await.unwrap(), None);
    assert_eq!(tickets.take_ticket(&hash("s"), &host("bot-one"), NOW).await.unwrap(), None);
}
