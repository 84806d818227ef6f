//! Tenants: an owner is always left, a subdomain has one tenant, an invitation lets one person in,
//! whoever else writes at the same moment.

use crate::engine;
use adapters::dynamodb::{accounts::DynamoAccounts, tenants::DynamoTenants};
use domain::{
    email::EmailAddress,
    id::{InvitationId, TenantId, UserId},
    tenant::{Role, Subdomain, TenantName},
};
use jiff::Timestamp;
use ports::{
    accounts::{Accounts, NewAccount, PasswordHash, SignUp, TokenHash},
    tenants::{
        AcceptError, Acceptance, ChangeTenantError, Invitation, Member, MemberError, TenantChange,
        Tenants,
    },
};
use std::time::Duration;
use tokio::task::JoinSet;

const NOW: Timestamp = Timestamp::constant(1_795_262_400, 0);
const WEEK: Duration = Duration::from_hours(7 * 24);

struct World {
    accounts: DynamoAccounts,
    tenants: DynamoTenants,
}

fn email(name: &str) -> EmailAddress {
    EmailAddress::try_from(format!("{name}@example.com")).expect("an address")
}

fn user(name: &str) -> UserId {
    UserId::new(name).expect("an id")
}

fn tenant(name: &str) -> TenantId {
    TenantId::new(name).expect("an id")
}

fn subdomain(label: &str) -> Subdomain {
    Subdomain::try_from(label.to_owned()).expect("a label")
}

fn to_subdomain(label: &str) -> TenantChange {
    TenantChange { name: None, subdomain: Some(subdomain(label)) }
}

impl World {
    /// Everybody of `names` has an account and a tenant of that name.
    async fn of(names: &[&str]) -> Self {
        let (client, table) = engine::table().await;
        let accounts = DynamoAccounts::on(client.clone(), table.clone());
        let world = Self { accounts, tenants: DynamoTenants::on(client, table) };
        for name in names {
            world.sign_up(email(name), name).await;
        }
        world
    }

    async fn sign_up(&self, email: EmailAddress, id: &str) {
        let token = TokenHash(format!("sign-up of {id}"));
        let sign_up = SignUp {
            token: token.clone(),
            email,
            password: PasswordHash(String::new()),
            expires_at: NOW + WEEK,
        };
        self.accounts.record_sign_up(&sign_up).await.expect("it is up");
        let account = NewAccount { user: user(id), tenant: tenant(id), at: NOW };
        self.accounts.confirm(&token, &account).await.expect("a fresh token");
    }

    async fn invite(&self, into: &str, name: &str, role: Role) -> Acceptance {
        let invitation = Invitation {
            id: InvitationId::new(name).expect("an id"),
            tenant: tenant(into),
            email: email(name),
            role,
            token: TokenHash(format!("letter to {name}")),
            created_at: NOW,
            expires_at: NOW + WEEK,
        };
        self.tenants.invite(&invitation).await.expect("it is up");
        Acceptance {
            tenant: invitation.tenant,
            invitation: invitation.id,
            token: invitation.token,
            user: user(name),
            email: invitation.email,
            at: NOW,
        }
    }

    async fn join(&self, into: &str, name: &str, role: Role) {
        let acceptance = self.invite(into, name, role).await;
        self.tenants.accept(&acceptance).await.expect("a fresh invitation");
    }

    async fn owners(&self, of: &str) -> usize {
        let members = self.tenants.list_members(&tenant(of)).await.expect("it is up");
        members.iter().filter(|it| it.role == Role::Owner).count()
    }
}

#[tokio::test]
#[ignore = "needs the local engine"]
async fn a_confirmation_opens_a_tenant_with_a_name_of_its_own() {
    let world = World::of(&["ada"]).await;
    let ada = world.tenants.find(&tenant("ada")).await.unwrap().unwrap();
    assert_eq!((ada.name.as_str(), ada.subdomain.as_str()), ("ada", "ada"));
    let owner = Member { user: user("ada"), email: email("ada"), role: Role::Owner, since: NOW };
    let members = world.tenants.list_members(&tenant("ada")).await.unwrap();
    assert_eq!(members, std::slice::from_ref(&owner));
    let found = world.tenants.find_member(&tenant("ada"), &user("ada")).await.unwrap();
    assert_eq!(found, Some(owner));
    let of_user = world.tenants.list_of_user(&user("ada")).await.unwrap();
    assert_eq!(of_user, [(ada, Role::Owner)]);

    let namesake = EmailAddress::try_from("ada@example.org".to_owned()).unwrap();
    world.sign_up(namesake, "x1y2z3w4").await;
    let other = world.tenants.find(&tenant("x1y2z3w4")).await.unwrap().unwrap();
    assert_eq!(other.subdomain.as_str(), "ada-x1y2z3", "the plain one is taken");
}

#[tokio::test]
#[ignore = "needs the local engine"]
async fn a_change_is_made_once_and_frees_the_old_subdomain() {
    let world = World::of(&["ada", "eve"]).await;
    let change = TenantChange {
        name: Some(TenantName::try_from("Engines".to_owned()).unwrap()),
        subdomain: Some(subdomain("engines")),
    };
    for _ in 0..2 {
        let changed = world.tenants.change(&tenant("ada"), &change).await.unwrap();
        assert_eq!((changed.name.as_str(), changed.subdomain.as_str()), ("Engines", "engines"));
    }
    let taken = world.tenants.change(&tenant("eve"), &to_subdomain("engines")).await;
    assert!(matches!(taken, Err(ChangeTenantError::Taken)), "{taken:?}");
    world.tenants.change(&tenant("eve"), &to_subdomain("ada")).await.unwrap();
    let renamed = TenantChange {
        name: Some(TenantName::try_from("Eve".to_owned()).unwrap()),
        subdomain: None,
    };
    let eve = world.tenants.change(&tenant("eve"), &renamed).await.unwrap();
    assert_eq!((eve.name.as_str(), eve.subdomain.as_str()), ("Eve", "ada"));
    assert_eq!(world.tenants.find(&tenant("eve")).await.unwrap(), Some(eve));
}

#[tokio::test]
#[ignore = "needs the local engine"]
async fn of_tenants_that_want_a_subdomain_at_the_same_moment_one_gets_it() {
    let names = ["ada", "bob", "cid", "dan", "eve"];
    let world = World::of(&names).await;
    let mut tries = JoinSet::new();
    for name in names {
        let tenants = world.tenants.clone();
        tries.spawn(async move {
            tenants.change(&tenant(name), &to_subdomain("engines")).await.is_ok()
        });
    }
    let won = tries.join_all().await.into_iter().filter(|it| *it).count();
    assert!(won <= 1, "{won} tenants have one subdomain");
    let mut have = 0;
    for name in names {
        let known = world.tenants.find(&tenant(name)).await.unwrap().unwrap();
        have += usize::from(known.subdomain == subdomain("engines"));
    }
    assert_eq!(have, won);
}

#[tokio::test]
#[ignore = "needs the local engine"]
async fn a_membership_is_two_rows_or_none() {
    let world = World::of(&["ada", "bob"]).await;
    world.join("ada", "bob", Role::Member).await;
    let roles = async || {
        let there = world.tenants.find_member(&tenant("ada"), &user("bob")).await.unwrap();
        let of_user = world.tenants.list_of_user(&user("bob")).await.unwrap();
        let of_user = of_user.into_iter().find(|(it, _)| it.id == tenant("ada"));
        (there.map(|it| it.role), of_user.map(|(_, role)| role))
    };
    assert_eq!(roles().await, (Some(Role::Member), Some(Role::Member)));
    for role in [Role::Owner, Role::Owner, Role::Member, Role::Member] {
        let changed = world.tenants.change_role(&tenant("ada"), &user("bob"), role).await.unwrap();
        assert_eq!((changed.role, roles().await), (role, (Some(role), Some(role))));
    }
    world.tenants.remove_member(&tenant("ada"), &user("bob")).await.unwrap();
    assert_eq!(roles().await, (None, None));
    let again = world.tenants.remove_member(&tenant("ada"), &user("bob")).await;
    assert!(matches!(again, Err(MemberError::NotMember)), "{again:?}");
    let nobody = world.tenants.change_role(&tenant("ada"), &user("bob"), Role::Owner).await;
    assert!(matches!(nobody, Err(MemberError::NotMember)), "{nobody:?}");
}

#[tokio::test]
#[ignore = "needs the local engine"]
async fn the_last_owner_stays() {
    let world = World::of(&["ada", "bob"]).await;
    world.join("ada", "bob", Role::Member).await;
    let left = world.tenants.remove_member(&tenant("ada"), &user("ada")).await;
    assert!(matches!(left, Err(MemberError::LastOwner)), "{left:?}");
    let down = world.tenants.change_role(&tenant("ada"), &user("ada"), Role::Member).await;
    assert!(matches!(down, Err(MemberError::LastOwner)), "{down:?}");
    world.tenants.change_role(&tenant("ada"), &user("bob"), Role::Owner).await.unwrap();
    world.tenants.remove_member(&tenant("ada"), &user("ada")).await.unwrap();
    assert_eq!(world.owners("ada").await, 1);
    let owner = world.accounts.find_owner_address(&tenant("ada")).await.unwrap();
    assert_eq!(owner, Some(email("bob")), "letters go to who owns it now");
}

#[tokio::test]
#[ignore = "needs the local engine"]
async fn of_owners_who_leave_at_the_same_moment_one_stays() {
    let names = ["bob", "cid", "dan"];
    let world = World::of(&["ada", "bob", "cid", "dan"]).await;
    for name in names {
        world.join("ada", name, Role::Owner).await;
    }
    // Each tries until it is out or the last: a lost race is no answer.
    let mut tries = JoinSet::new();
    for (number, name) in ["ada", "bob", "cid", "dan"].into_iter().enumerate() {
        let tenants = world.tenants.clone();
        tries.spawn(async move {
            for _ in 0..50 {
                let gone = if number % 2 == 0 {
                    tenants.remove_member(&tenant("ada"), &user(name)).await
                } else {
                    let down = tenants.change_role(&tenant("ada"), &user(name), Role::Member).await;
                    down.map(|_| ())
                };
                match gone {
                    Ok(()) => return true,
                    Err(MemberError::LastOwner) => return false,
                    Err(MemberError::LostRace) => tokio::task::yield_now().await,
                    Err(other) => panic!("{other}"),
                }
            }
            panic!("{name} lost every race")
        });
    }
    let gone = tries.join_all().await.into_iter().filter(|it| *it).count();
    assert_eq!((gone, world.owners("ada").await), (3, 1));
}

#[tokio::test]
#[ignore = "needs the local engine"]
async fn an_invitation_lets_one_person_in_once() {
    let world = World::of(&["ada", "bob", "eve"]).await;
    let bob = world.invite("ada", "bob", Role::Owner).await;
    let eve = Acceptance { user: user("eve"), email: email("eve"), ..bob.clone() };
    let stolen = world.tenants.accept(&eve).await;
    assert!(matches!(stolen, Err(AcceptError::OtherAddress)), "{stolen:?}");
    let guessed = Acceptance { token: TokenHash("guess".to_owned()), ..bob.clone() };
    let guessed = world.tenants.accept(&guessed).await;
    assert!(matches!(guessed, Err(AcceptError::Spent)), "{guessed:?}");
    let late = world.tenants.accept(&Acceptance { at: NOW + WEEK, ..bob.clone() }).await;
    assert!(matches!(late, Err(AcceptError::Spent)), "{late:?}");
    for _ in 0..2 {
        world.tenants.accept(&bob).await.unwrap();
    }
    assert_eq!(world.owners("ada").await, 2);
    assert!(world.tenants.list_invitations(&tenant("ada"), NOW).await.unwrap().is_empty());
    world.tenants.remove_member(&tenant("ada"), &user("bob")).await.unwrap();
    let again = world.tenants.accept(&bob).await;
    assert!(matches!(again, Err(AcceptError::Spent)), "{again:?}");
}

#[tokio::test]
#[ignore = "needs the local engine"]
async fn accepting_many_times_at_once_is_accepting_once() {
    let world = World::of(&["ada", "bob"]).await;
    let bob = world.invite("ada", "bob", Role::Owner).await;
    let mut tries = JoinSet::new();
    for _ in 0..8 {
        let (tenants, bob) = (world.tenants.clone(), bob.clone());
        tries.spawn(async move {
            match tenants.accept(&bob).await {
                Ok(()) | Err(AcceptError::LostRace) => (),
                Err(other) => panic!("{other}"),
            }
        });
    }
    tries.join_all().await;
    world.tenants.accept(&bob).await.unwrap();
    assert_eq!(world.tenants.list_members(&tenant("ada")).await.unwrap().len(), 2);
    // Counted once as well: the second of two owners leaves, the last cannot.
    world.tenants.remove_member(&tenant("ada"), &user("bob")).await.unwrap();
    let last = world.tenants.remove_member(&tenant("ada"), &user("ada")).await;
    assert!(matches!(last, Err(MemberError::LastOwner)), "{last:?}");
}

#[tokio::test]
#[ignore = "needs the local engine"]
async fn an_invitation_is_replaced_and_withdrawn_and_goes_with_its_member() {
    let world = World::of(&["ada", "bob"]).await;
    let first = world.invite("ada", "bob", Role::Member).await;
    let mut second = Invitation {
        id: first.invitation.clone(),
        tenant: tenant("ada"),
        email: email("bob"),
        role: Role::Owner,
        token: TokenHash("another letter".to_owned()),
        created_at: NOW,
        expires_at: NOW + WEEK,
    };
    world.tenants.invite(&second).await.unwrap();
    let open = world.tenants.list_invitations(&tenant("ada"), NOW).await.unwrap();
    assert_eq!(open, [second.clone()]);
    assert!(world.tenants.list_invitations(&tenant("ada"), NOW + WEEK).await.unwrap().is_empty());
    let spent = world.tenants.accept(&first).await;
    assert!(matches!(spent, Err(AcceptError::Spent)), "{spent:?}");
    for was_there in [true, false] {
        let withdrawn =
            world.tenants.withdraw_invitation(&tenant("ada"), &first.invitation).await.unwrap();
        assert_eq!(withdrawn, was_there);
    }
    world.join("ada", "bob", Role::Member).await;
    // As a race between asking and accepting would leave it.
    second.token = TokenHash("late".to_owned());
    world.tenants.invite(&second).await.unwrap();
    world.tenants.remove_member(&tenant("ada"), &user("bob")).await.unwrap();
    assert!(world.tenants.list_invitations(&tenant("ada"), NOW).await.unwrap().is_empty());
}
