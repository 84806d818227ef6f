//! Accounts: a confirmation and a try count once, whoever else comes at the same moment.

use crate::engine;
use adapters::dynamodb::accounts::DynamoAccounts;
use domain::id::{SessionId, TenantId, UserId};
use jiff::Timestamp;
use ports::accounts::{
    Accounts, ConfirmError, EmailAddress, NewAccount, PasswordHash, Role, Session, SignUp,
    Throttle, TokenHash,
};
use std::{collections::BTreeSet, time::Duration};

const NOW: Timestamp = Timestamp::constant(1_795_262_400, 0);
const DAY: Duration = Duration::from_hours(24);

async fn store() -> DynamoAccounts {
    let (client, table) = engine::table().await;
    DynamoAccounts::on(client, table)
}

fn email(address: &str) -> EmailAddress {
    EmailAddress::try_from(address.to_owned()).expect("an address")
}

fn token(name: &str) -> TokenHash {
    TokenHash(name.to_owned())
}

fn sign_up(token_name: &str, address: &str) -> SignUp {
    SignUp {
        token: token(token_name),
        email: email(address),
        password: PasswordHash(format!("hash of {token_name}")),
        expires_at: NOW + DAY,
    }
}

fn account(name: &str, at: Timestamp) -> NewAccount {
    NewAccount {
        user: UserId::new(name).expect("an id"),
        tenant: TenantId::new(name).expect("an id"),
        at,
    }
}

fn is_spent(result: &Result<(), ConfirmError>) -> bool {
    matches!(result, Err(ConfirmError::Spent))
}

#[tokio::test]
#[ignore = "needs the local engine"]
async fn a_confirmation_opens_the_whole_account_once() {
    let accounts = store().await;
    let ada = email("ada@example.com");
    accounts.record_sign_up(&sign_up("t1", "ada@example.com")).await.unwrap();
    assert_eq!(accounts.find_credentials(&ada).await.unwrap(), None, "not before");

    accounts.confirm(&token("t1"), &account("ada", NOW)).await.unwrap();
    let credentials = accounts.find_credentials(&ada).await.unwrap().unwrap();
    assert_eq!(credentials.password.0, "hash of t1");
    let memberships = accounts.list_memberships(&credentials.user).await.unwrap();
    assert_eq!(memberships.len(), 1);
    assert_eq!(memberships[0].role, Role::Owner);
    let owner = accounts.find_owner_address(&memberships[0].tenant).await.unwrap();
    assert_eq!(owner, Some(ada));

    assert!(is_spent(&accounts.confirm(&token("t1"), &account("eve", NOW)).await), "twice");
    assert!(is_spent(&accounts.confirm(&token("t0"), &account("eve", NOW)).await), "unknown");
}

#[tokio::test]
#[ignore = "needs the local engine"]
async fn an_address_belongs_to_the_first_who_confirms_it() {
    let accounts = store().await;
    for name in ["t1", "t2"] {
        accounts.record_sign_up(&sign_up(name, "ada@example.com")).await.unwrap();
    }
    accounts.confirm(&token("t2"), &account("ada", NOW)).await.unwrap();
    assert!(is_spent(&accounts.confirm(&token("t1"), &account("eve", NOW)).await));
    let ada = accounts.find_credentials(&email("ada@example.com")).await.unwrap().unwrap();
    assert_eq!((ada.user.as_str(), ada.password.0.as_str()), ("usr_ada", "hash of t2"));
    let eve = TenantId::new("eve").unwrap();
    assert_eq!(accounts.find_owner_address(&eve).await.unwrap(), None, "all or nothing");
}

#[tokio::test]
#[ignore = "needs the local engine"]
async fn of_confirmations_at_the_same_moment_one_wins() {
    let accounts = store().await;
    accounts.record_sign_up(&sign_up("t1", "ada@example.com")).await.unwrap();
    let mut tries = tokio::task::JoinSet::new();
    for number in 0..10 {
        let accounts = accounts.clone();
        let new = account(&format!("ada{number}"), NOW);
        tries.spawn(async move { accounts.confirm(&token("t1"), &new).await.is_ok() });
    }
    let won = tries.join_all().await.into_iter().filter(|it| *it).count();
    assert_eq!(won, 1);
}

/// The table deletes expired items days late: the clock decides.
#[tokio::test]
#[ignore = "needs the local engine"]
async fn an_expired_token_is_worth_nothing() {
    let accounts = store().await;
    accounts.record_sign_up(&sign_up("t1", "ada@example.com")).await.unwrap();
    assert!(is_spent(&accounts.confirm(&token("t1"), &account("ada", NOW + DAY)).await));
    accounts.confirm(&token("t1"), &account("ada", NOW + DAY / 2)).await.unwrap();
}

#[tokio::test]
#[ignore = "needs the local engine"]
async fn a_revoked_session_is_gone_at_once() {
    let accounts = store().await;
    let session = Session {
        id: SessionId::new("one").unwrap(),
        user: UserId::new("ada").unwrap(),
        tenant: TenantId::new("ada").unwrap(),
        expires_at: NOW + DAY,
    };
    accounts.record_session(&session).await.unwrap();
    assert_eq!(accounts.find_session(&session.id).await.unwrap(), Some(session.clone()));
    for _ in 0..2 {
        accounts.revoke_session(&session.id).await.unwrap();
        assert_eq!(accounts.find_session(&session.id).await.unwrap(), None);
    }
}

#[tokio::test]
#[ignore = "needs the local engine"]
async fn of_tries_at_the_same_moment_no_two_count_the_same() {
    let accounts = store().await;
    let throttle = Throttle { key: "sign_in#ada".to_owned(), window: Duration::from_mins(1) };
    // Once on an empty table, once when the window is over.
    for now in [NOW, NOW + Duration::from_mins(1)] {
        let mut tries = tokio::task::JoinSet::new();
        for _ in 0..8 {
            let (accounts, throttle) = (accounts.clone(), throttle.clone());
            tries.spawn(async move { accounts.count_try(&throttle, now).await.unwrap() });
        }
        let tries = tries.join_all().await;
        let counts: BTreeSet<_> = tries.iter().map(|it| it.count).collect();
        assert_eq!(counts, (1..=8).collect(), "at {now}");
        assert!(tries.iter().all(|it| it.until == now + throttle.window), "at {now}");
    }
    accounts.forget_tries(&throttle).await.unwrap();
    assert_eq!(accounts.count_try(&throttle, NOW).await.unwrap().count, 1);
}

#[tokio::test]
#[ignore = "needs the local engine"]
async fn the_first_customer_counts() {
    let accounts = store().await;
    let tenant = TenantId::new("ada").unwrap();
    assert_eq!(accounts.find_customer(&tenant).await.unwrap(), None);
    for customer in ["cus_1", "cus_2"] {
        assert_eq!(accounts.record_customer(&tenant, customer).await.unwrap(), "cus_1");
    }
    assert_eq!(accounts.find_customer(&tenant).await.unwrap().as_deref(), Some("cus_1"));
}
