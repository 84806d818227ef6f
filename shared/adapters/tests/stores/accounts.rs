//! Accounts: a confirmation and a new password count once, whoever else comes at the same moment.

use crate::{engine, sessions::session};
use adapters::dynamodb::{accounts::DynamoAccounts, sessions::DynamoSessions};
use domain::{
    email::EmailAddress,
    id::{SessionId, TenantId, UserId},
};
use jiff::Timestamp;
use ports::{
    accounts::{
        Accounts, ConfirmError, NewAccount, PasswordChange, PasswordHash, Reset, ResetError, Role,
        SignUp, TokenHash,
    },
    sessions::Sessions,
};
use std::time::Duration;

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
    assert_eq!(credentials.password.unwrap().0, "hash of t1");
    assert_eq!(credentials.generation, 0);
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
    assert_eq!((ada.user.as_str(), ada.password.unwrap().0), ("usr_ada", "hash of t2".to_owned()));
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

/// A confirmed account of Ada's, and both stores of its table.
async fn ada() -> (DynamoAccounts, DynamoSessions, UserId) {
    let (client, table) = engine::table().await;
    let accounts = DynamoAccounts::on(client.clone(), table.clone());
    accounts.record_sign_up(&sign_up("t1", "ada@example.com")).await.expect("as prepared");
    accounts.confirm(&token("t1"), &account("ada", NOW)).await.expect("as prepared");
    (accounts, DynamoSessions::on(client, table), UserId::new("ada").expect("an id"))
}

fn reset(name: &str, generation: u64) -> Reset {
    Reset {
        token: token(name),
        email: email("ada@example.com"),
        generation,
        expires_at: NOW + DAY / 24,
    }
}

fn hash(name: &str) -> PasswordHash {
    PasswordHash(name.to_owned())
}

fn is_void(result: &Result<(UserId, EmailAddress), ResetError>) -> bool {
    matches!(result, Err(ResetError::Spent))
}

#[tokio::test]
#[ignore = "needs the local engine"]
async fn a_reset_sets_the_password_once_and_starts_a_generation() {
    let (accounts, _, user) = ada().await;
    for name in ["r1", "r2"] {
        accounts.record_reset(&reset(name, 0)).await.unwrap();
    }
    let late = accounts.reset_password(&token("r1"), &hash("late"), NOW + DAY).await;
    assert!(is_void(&late), "an hour is over");
    let done = accounts.reset_password(&token("r1"), &hash("new"), NOW).await.unwrap();
    assert_eq!(done, (user.clone(), email("ada@example.com")));
    let found = accounts.find_user(&user).await.unwrap().unwrap();
    assert_eq!((found.password, found.generation, found.google), (Some(hash("new")), 1, false));
    for (case, name) in [("used", "r1"), ("older than the password", "r2"), ("unknown", "r3")] {
        let again = accounts.reset_password(&token(name), &hash("again"), NOW).await;
        assert!(is_void(&again), "{case}");
    }
    let credentials = accounts.find_credentials(&email("ada@example.com")).await.unwrap().unwrap();
    assert_eq!((credentials.password, credentials.generation), (Some(hash("new")), 1));
}

#[tokio::test]
#[ignore = "needs the local engine"]
async fn a_reset_for_nobody_sets_nothing() {
    let (accounts, ..) = ada().await;
    let nobodys = Reset { email: email("nobody@example.com"), ..reset("r1", 0) };
    accounts.record_reset(&nobodys).await.unwrap();
    assert!(is_void(&accounts.reset_password(&token("r1"), &hash("new"), NOW).await));
    assert_eq!(accounts.find_credentials(&email("nobody@example.com")).await.unwrap(), None);
}

/// One token ten times, and ten tokens once each: a conflict says nothing and is tried again, as a
/// client would.
#[tokio::test]
#[ignore = "needs the local engine"]
async fn of_resets_at_the_same_moment_one_wins() {
    for same in [true, false] {
        let (accounts, _, user) = ada().await;
        let name = |number: u32| if same { "r".to_owned() } else { format!("r{number}") };
        let mut tries = tokio::task::JoinSet::new();
        for number in 0..10 {
            accounts.record_reset(&reset(&name(number), 0)).await.unwrap();
        }
        for number in 0..10 {
            let (accounts, token) = (accounts.clone(), token(&name(number)));
            tries.spawn(async move {
                let password = hash(&format!("p{number}"));
                for _ in 0..20 {
                    match accounts.reset_password(&token, &password, NOW).await {
                        Ok(_) => return true,
                        Err(ResetError::Spent) => return false,
                        Err(ResetError::Unavailable(_)) => (),
                    }
                }
                panic!("it never settled")
            });
        }
        let won = tries.join_all().await.into_iter().filter(|it| *it).count();
        assert_eq!(won, 1, "the same token: {same}");
        assert_eq!(accounts.find_user(&user).await.unwrap().unwrap().generation, 1);
    }
}

#[tokio::test]
#[ignore = "needs the local engine"]
async fn a_change_takes_its_own_session_along_and_no_other() {
    let (accounts, sessions, user) = ada().await;
    for name in ["here", "there"] {
        sessions.record(&session(name)).await.unwrap();
    }
    let change = PasswordChange {
        user: user.clone(),
        generation: 0,
        password: hash("new"),
        keep: SessionId::new("here").unwrap(),
    };
    assert!(accounts.change_password(&change).await.unwrap());
    assert!(accounts.change_password(&change).await.unwrap(), "the same again");
    let other = PasswordChange { password: hash("other"), ..change.clone() };
    assert!(!accounts.change_password(&other).await.unwrap(), "the password is another one by now");
    let generation = async |name: &str| {
        let id = SessionId::new(name).unwrap();
        sessions.find(&user, &id).await.unwrap().map(|it| it.generation)
    };
    assert_eq!((generation("here").await, generation("there").await), (Some(1), Some(0)));
    assert_eq!(accounts.find_user(&user).await.unwrap().unwrap().password, Some(hash("new")));

    let gone = PasswordChange {
        generation: 1,
        password: hash("third"),
        keep: SessionId::new("gone").unwrap(),
        ..change
    };
    assert!(!accounts.change_password(&gone).await.unwrap(), "a session that is over");
    assert_eq!(generation("gone").await, None, "nothing comes back");
    assert_eq!(accounts.find_user(&user).await.unwrap().unwrap().generation, 1, "all or nothing");
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
    assert_eq!(accounts.find_tenant_of_customer("cus_1").await.unwrap(), Some(tenant));
    assert_eq!(accounts.find_tenant_of_customer("cus_2").await.unwrap(), None);
}
