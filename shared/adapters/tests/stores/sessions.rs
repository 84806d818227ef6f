//! Sessions: one secret leads on once, and what is over stays over.

use crate::engine;
use adapters::dynamodb::sessions::DynamoSessions;
use domain::id::{SessionId, TenantId, UserId};
use jiff::Timestamp;
use ports::{
    accounts::TokenHash,
    sessions::{Device, Refresh, Rotation, Session, Sessions},
};
use std::time::Duration;

const NOW: Timestamp = Timestamp::constant(1_795_262_400, 0);
const DAY: Duration = Duration::from_hours(24);

async fn store() -> DynamoSessions {
    let (client, table) = engine::table().await;
    DynamoSessions::on(client, table)
}

fn ada() -> UserId {
    UserId::new("ada").expect("an id")
}

/// One of Ada's, whose present secret is `s0`.
pub(crate) fn session(name: &str) -> Session {
    Session {
        id: SessionId::new(name).expect("an id"),
        user: ada(),
        tenant: TenantId::new("ada").expect("an id"),
        generation: 0,
        refresh: Refresh { current: hash("s0"), previous: None, rotated_at: NOW },
        device: Device { user_agent: "Firefox".to_owned(), ip: "203.0.113.7".to_owned() },
        created_at: NOW,
        last_used_at: NOW,
        expires_at: NOW + DAY,
    }
}

fn hash(name: &str) -> TokenHash {
    TokenHash(name.to_owned())
}

fn rotation(from: &str, to: &str) -> Rotation {
    Rotation {
        from: hash(from),
        to: hash(to),
        tenant: TenantId::new("other").expect("an id"),
        at: NOW + DAY / 24,
        expires_at: NOW + DAY * 2,
    }
}

#[tokio::test]
#[ignore = "needs the local engine"]
async fn a_revoked_session_is_gone_at_once() {
    let sessions = store().await;
    let session = session("one");
    sessions.record(&session).await.unwrap();
    assert_eq!(sessions.find(&ada(), &session.id).await.unwrap(), Some(session.clone()));
    let eve = UserId::new("eve").unwrap();
    sessions.revoke(&eve, &session.id).await.unwrap();
    assert_eq!(sessions.find(&eve, &session.id).await.unwrap(), None, "it is not hers");
    assert!(sessions.find(&ada(), &session.id).await.unwrap().is_some());
    for _ in 0..2 {
        sessions.revoke(&ada(), &session.id).await.unwrap();
        assert_eq!(sessions.find(&ada(), &session.id).await.unwrap(), None);
    }
}

#[tokio::test]
#[ignore = "needs the local engine"]
async fn a_list_holds_all_of_one_user_and_no_others() {
    let sessions = store().await;
    let eves = Session { user: UserId::new("eve").unwrap(), ..session("eves") };
    for it in [session("one"), session("two"), eves] {
        sessions.record(&it).await.unwrap();
    }
    assert_eq!(sessions.list(&ada()).await.unwrap(), [session("one"), session("two")]);
    assert_eq!(sessions.list(&UserId::new("nobody").unwrap()).await.unwrap(), []);
}

#[tokio::test]
#[ignore = "needs the local engine"]
async fn a_rotation_moves_a_session_on_and_counts_once() {
    let sessions = store().await;
    let one = session("one");
    sessions.record(&one).await.unwrap();
    assert!(sessions.rotate(&ada(), &one.id, &rotation("s0", "s1")).await.unwrap());
    let moved = Session {
        tenant: TenantId::new("other").unwrap(),
        refresh: Refresh {
            current: hash("s1"),
            previous: Some(hash("s0")),
            rotated_at: NOW + DAY / 24,
        },
        last_used_at: NOW + DAY / 24,
        expires_at: NOW + DAY * 2,
        ..one.clone()
    };
    assert_eq!(sessions.find(&ada(), &one.id).await.unwrap(), Some(moved.clone()));
    assert!(!sessions.rotate(&ada(), &one.id, &rotation("s0", "s2")).await.unwrap());
    assert_eq!(sessions.find(&ada(), &one.id).await.unwrap(), Some(moved));
}

#[tokio::test]
#[ignore = "needs the local engine"]
async fn of_rotations_at_the_same_moment_one_is_made() {
    let sessions = store().await;
    let one = session("one");
    sessions.record(&one).await.unwrap();
    let mut tries = tokio::task::JoinSet::new();
    for number in 0..10 {
        let (sessions, id) = (sessions.clone(), one.id.clone());
        let rotation = rotation("s0", &format!("t{number}"));
        tries.spawn(async move { sessions.rotate(&ada(), &id, &rotation).await.unwrap() });
    }
    assert_eq!(tries.join_all().await.into_iter().filter(|it| *it).count(), 1);
}

/// An update makes an item that is not there: these must not.
#[tokio::test]
#[ignore = "needs the local engine"]
async fn nothing_brings_a_session_back() {
    let sessions = store().await;
    let one = session("one");
    sessions.record(&one).await.unwrap();
    let tenant = TenantId::new("other").unwrap();
    assert!(sessions.switch_tenant(&ada(), &one.id, &tenant).await.unwrap());
    assert_eq!(sessions.find(&ada(), &one.id).await.unwrap().unwrap().tenant, tenant);
    sessions.revoke(&ada(), &one.id).await.unwrap();
    assert!(!sessions.rotate(&ada(), &one.id, &rotation("s0", "s1")).await.unwrap());
    assert!(!sessions.switch_tenant(&ada(), &one.id, &tenant).await.unwrap());
    assert_eq!(sessions.find(&ada(), &one.id).await.unwrap(), None);
}
