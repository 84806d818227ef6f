//! Identities: one user each, one identity each, and an address that nobody else gets later.

use crate::engine;
use adapters::dynamodb::accounts::DynamoAccounts;
use domain::{
    email::EmailAddress,
    id::{TenantId, UserId},
};
use jiff::Timestamp;
use ports::{
    accounts::{Accounts, ConfirmError, NewAccount, PasswordHash, Role, SignUp, TokenHash},
    identities::{Identities, LinkError, PendingSignIn},
    identity_provider::{Identity, Proof},
};
use std::time::Duration;

const NOW: Timestamp = Timestamp::constant(1_795_262_400, 0);
const MINUTE: Duration = Duration::from_mins(1);

async fn store() -> DynamoAccounts {
    let (client, table) = engine::table().await;
    DynamoAccounts::on(client, table)
}

fn email(address: &str) -> EmailAddress {
    EmailAddress::try_from(address.to_owned()).expect("an address")
}

fn identity(subject: &str) -> Identity {
    Identity { issuer: "https://accounts.google.com".to_owned(), subject: subject.to_owned() }
}

fn user(name: &str) -> UserId {
    UserId::new(name).expect("an id")
}

fn account(name: &str) -> NewAccount {
    NewAccount { user: user(name), tenant: TenantId::new(name).expect("an id"), at: NOW }
}

fn pending(state: &str) -> PendingSignIn {
    PendingSignIn {
        state: TokenHash(state.to_owned()),
        proof: Proof { nonce: "nonce".to_owned(), verifier: "verifier".to_owned() },
        return_to: "/projects".to_owned(),
        link_user: Some(user("ada")),
        expires_at: NOW + 10 * MINUTE,
    }
}

fn sign_up(token: &str, address: &str) -> SignUp {
    SignUp {
        token: TokenHash(token.to_owned()),
        email: email(address),
        password: PasswordHash(format!("hash of {token}")),
        expires_at: NOW + 60 * MINUTE,
    }
}

/// Somebody with a password.
async fn confirmed(accounts: &DynamoAccounts, name: &str) {
    let sign_up = sign_up(name, &format!("{name}@example.com"));
    accounts.record_sign_up(&sign_up).await.expect("it is there");
    accounts.confirm(&sign_up.token, &account(name)).await.expect("it can be confirmed");
}

fn is_taken(result: &Result<(), LinkError>) -> bool {
    matches!(result, Err(LinkError::Taken))
}

#[tokio::test]
#[ignore = "needs the local engine"]
async fn a_departure_is_taken_once_and_in_time() {
    let accounts = store().await;
    for state in ["one", "two"] {
        accounts.record_pending(&pending(state)).await.unwrap();
    }
    let one = pending("one");
    assert_eq!(accounts.take_pending(&one.state, NOW).await.unwrap(), Some(one.clone()));
    assert_eq!(accounts.take_pending(&one.state, NOW).await.unwrap(), None, "taken");
    let late = accounts.take_pending(&pending("two").state, NOW + 10 * MINUTE).await.unwrap();
    assert_eq!(late, None, "too late");
    let strange = TokenHash("three".to_owned());
    assert_eq!(accounts.take_pending(&strange, NOW).await.unwrap(), None, "unknown");
}

#[tokio::test]
#[ignore = "needs the local engine"]
async fn of_returns_at_the_same_moment_one_wins() {
    let accounts = store().await;
    accounts.record_pending(&pending("one")).await.unwrap();
    let mut tries = tokio::task::JoinSet::new();
    for _ in 0..10 {
        let accounts = accounts.clone();
        tries.spawn(async move {
            accounts.take_pending(&pending("one").state, NOW).await.is_ok_and(|it| it.is_some())
        });
    }
    assert_eq!(tries.join_all().await.into_iter().filter(|it| *it).count(), 1);
}

#[tokio::test]
#[ignore = "needs the local engine"]
async fn an_account_without_a_password_is_a_whole_account() {
    let accounts = store().await;
    let (ada, one) = (email("ada@gmail.com"), identity("1"));
    accounts.open_account(&account("ada"), &ada, &one).await.unwrap();
    let credentials = accounts.find_credentials(&ada).await.unwrap().unwrap();
    assert_eq!((&credentials.user, &credentials.password), (&user("ada"), &None));
    assert!(accounts.find_user(&user("ada")).await.unwrap().unwrap().google);
    assert_eq!(accounts.find_identity(&one).await.unwrap(), Some(user("ada")));
    assert_eq!(accounts.find_linked(&user("ada")).await.unwrap(), Some(one.clone()));
    let memberships = accounts.list_memberships(&user("ada")).await.unwrap();
    assert_eq!(memberships[0].role, Role::Owner);
    let owner = accounts.find_owner_address(&memberships[0].tenant).await.unwrap();
    assert_eq!(owner, Some(ada.clone()));

    let other_address = accounts.open_account(&account("eve"), &email("eve@gmail.com"), &one).await;
    assert!(is_taken(&other_address), "the identity is somebody's");
    let other_identity = accounts.open_account(&account("eve"), &ada, &identity("2")).await;
    assert!(is_taken(&other_identity), "the address is somebody's");
    assert_eq!(accounts.find_user(&user("eve")).await.unwrap(), None, "all or nothing");
    assert_eq!(accounts.find_identity(&identity("2")).await.unwrap(), None);
}

/// Somebody signs up with a stranger's address and waits for its owner to come by Google.
#[tokio::test]
#[ignore = "needs the local engine"]
async fn a_sign_up_that_waits_gets_nothing_of_an_account_that_google_opened() {
    let accounts = store().await;
    let waiting = sign_up("t1", "ada@gmail.com");
    accounts.record_sign_up(&waiting).await.unwrap();
    accounts.open_account(&account("ada"), &waiting.email, &identity("1")).await.unwrap();
    let late = accounts.confirm(&waiting.token, &account("eve")).await;
    assert!(matches!(late, Err(ConfirmError::Spent)), "{late:?}");
    let ada = accounts.find_credentials(&waiting.email).await.unwrap().unwrap();
    assert_eq!((ada.user, ada.password), (user("ada"), None));
}

#[tokio::test]
#[ignore = "needs the local engine"]
async fn a_link_is_between_two_who_have_no_other() {
    let accounts = store().await;
    for name in ["ada", "bob"] {
        confirmed(&accounts, name).await;
    }
    let (ada, bob, one) = (user("ada"), user("bob"), identity("1"));
    for _ in 0..2 {
        accounts.link(&ada, &one, NOW).await.unwrap();
    }
    assert!(is_taken(&accounts.link(&bob, &one, NOW).await), "another user's");
    assert!(is_taken(&accounts.link(&ada, &identity("2"), NOW).await), "another identity");
    assert!(is_taken(&accounts.link(&user("eve"), &identity("3"), NOW).await), "nobody");
    assert_eq!(accounts.find_identity(&one).await.unwrap(), Some(ada.clone()));
    assert_eq!(accounts.find_linked(&ada).await.unwrap(), Some(one.clone()));
    assert_eq!(accounts.find_linked(&bob).await.unwrap(), None);
    assert_eq!(accounts.find_identity(&identity("2")).await.unwrap(), None);

    for _ in 0..2 {
        assert!(accounts.unlink(&ada).await.unwrap());
    }
    assert_eq!(accounts.find_identity(&one).await.unwrap(), None);
    accounts.link(&bob, &one, NOW).await.unwrap();
    let after = accounts.find_user(&ada).await.unwrap().unwrap();
    assert!(after.password.is_some() && !after.google, "{after:?}");
}

#[tokio::test]
#[ignore = "needs the local engine"]
async fn the_only_way_in_is_not_unlinked() {
    let accounts = store().await;
    let one = identity("1");
    accounts.open_account(&account("ada"), &email("ada@gmail.com"), &one).await.unwrap();
    assert!(!accounts.unlink(&user("ada")).await.unwrap());
    assert_eq!(accounts.find_identity(&one).await.unwrap(), Some(user("ada")));
    assert!(accounts.unlink(&user("nobody")).await.unwrap());
}
