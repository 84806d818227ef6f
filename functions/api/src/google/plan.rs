//! What becomes of somebody whom Google vouches for. Pure.
//!
//! Two dangers decide everything here. Somebody may have opened an account at Google for an address
//! that was theirs years ago: such an account must not open ours. And somebody may wait here with a
//! password for the owner of an address to come: they must not be let in with the owner. The second
//! is settled by how we sign people up: a sign-up that nobody confirmed is no account, and an
//! account that Google opened takes the address, so that no confirmation can have it later.

use domain::{email::EmailAddress, id::UserId};
use ports::identity_provider::{Claims, Identity};

/// A confirmed address that the claims name as well.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct AddressRow {
    pub(super) user: UserId,
    /// Who the user is at Google already.
    pub(super) linked: Option<Identity>,
}

/// What to do with somebody who signs in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Plan {
    /// We know them.
    SignIn(UserId),
    /// Nobody has the address: an account without a password.
    Create(EmailAddress),
    /// The address is theirs beyond doubt, and so is the account: link it, and tell its owner.
    LinkAndTell(UserId, EmailAddress),
    /// Google cannot know whose the address is today: a password or a letter has to prove it, and
    /// then the two can be linked from inside.
    NeedsPassword,
    /// The address belonged to another account at Google. Domains are sold, and addresses with them.
    Conflict,
}

/// What to do with somebody who is signed in and wants to be `identity` from now on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum LinkPlan {
    Link,
    /// Nothing is left to do.
    Linked,
    /// One of the two has another partner.
    Conflict,
}

/// `known` is whose the identity is; `address` is who has the address of the claims.
pub(super) fn plan_sign_in(
    known: Option<&UserId>,
    address: Option<&AddressRow>,
    claims: &Claims,
) -> Plan {
    if let Some(user) = known {
        // By identity alone: the address at Google may be another one by now.
        return Plan::SignIn(user.clone());
    }
    let Some(email) = claims.email.as_ref().filter(|it| is_authoritative(claims, it)) else {
        return Plan::NeedsPassword;
    };
    match address {
        None => Plan::Create(email.clone()),
        Some(row) if row.linked.is_some() => Plan::Conflict,
        Some(row) => Plan::LinkAndTell(row.user.clone(), email.clone()),
    }
}

/// `known` is whose the identity is; `linked` is who `user` is at Google already.
pub(super) fn plan_link(
    known: Option<&UserId>,
    linked: Option<&Identity>,
    user: &UserId,
    identity: &Identity,
) -> LinkPlan {
    match (known, linked) {
        (None, None) => LinkPlan::Link,
        (Some(owner), Some(own)) if owner == user && own == identity => LinkPlan::Linked,
        (Some(_), _) | (None, Some(_)) => LinkPlan::Conflict,
    }
}

/// Whether Google knows whose `email` is today: it runs the mailbox, or manages the account for the
/// organisation that owns the domain. For every other address it once saw a letter answered.
fn is_authoritative(claims: &Claims, email: &EmailAddress) -> bool {
    let managed = claims.organisation.as_ref().is_some_and(|it| !it.is_empty());
    claims.email_verified && (managed || email.as_str().ends_with("@gmail.com"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn identity(subject: &str) -> Identity {
        Identity { issuer: "https://accounts.google.com".into(), subject: subject.into() }
    }

    fn email(address: &str) -> EmailAddress {
        EmailAddress::try_from(address.to_owned()).unwrap()
    }

    fn user(name: &str) -> UserId {
        UserId::new(name).unwrap()
    }

    fn claims(address: &str) -> Claims {
        Claims {
            identity: identity("1"),
            email: Some(email(address)),
            email_verified: true,
            organisation: None,
        }
    }

    #[test]
    fn an_account_opens_for_its_owner_and_for_nobody_else() {
        let gmail = claims("ada@gmail.com");
        let managed = Claims { organisation: Some("acme.com".into()), ..claims("ada@acme.com") };
        let foreign = claims("ada@acme.com");
        let not = |it: &Claims| Claims { email_verified: false, ..it.clone() };
        let password = AddressRow { user: user("ada"), linked: None };
        let other = AddressRow { user: user("ada"), linked: Some(identity("2")) };
        let nameless = Claims { email: None, ..managed.clone() };
        let unmanaged = Claims { organisation: Some(String::new()), ..foreign.clone() };
        let lookalike = claims("ada@notgmail.com");
        let create = |it: &str| Plan::Create(email(it));
        let link = |it: &str| Plan::LinkAndTell(user("ada"), email(it));
        let sign_in = Plan::SignIn(user("bob"));
        let bob = user("bob");
        let cases = [
            // Known by identity: whatever the address is, and whoever has it.
            ("known", Some(&bob), None, &gmail, sign_in.clone()),
            ("known, address not verified", Some(&bob), None, &not(&gmail), sign_in.clone()),
            ("known, address is another's", Some(&bob), Some(&password), &gmail, sign_in.clone()),
            ("known, address is linked", Some(&bob), Some(&other), &gmail, sign_in.clone()),
            ("known, no address", Some(&bob), None, &nameless, sign_in),
            // Nobody has the address, or somebody waits for its confirmation, which is the same.
            ("new at Gmail", None, None, &gmail, create("ada@gmail.com")),
            ("new in an organisation", None, None, &managed, create("ada@acme.com")),
            ("new, verified long ago", None, None, &foreign, Plan::NeedsPassword),
            ("new, not verified", None, None, &not(&gmail), Plan::NeedsPassword),
            ("new, managed, not verified", None, None, &not(&managed), Plan::NeedsPassword),
            ("new, no address", None, None, &nameless, Plan::NeedsPassword),
            ("new, managed by nobody", None, None, &unmanaged, Plan::NeedsPassword),
            ("new at a name like Gmail", None, None, &lookalike, Plan::NeedsPassword),
            // Somebody confirmed the address.
            ("confirmed, Gmail", None, Some(&password), &gmail, link("ada@gmail.com")),
            ("confirmed, organisation", None, Some(&password), &managed, link("ada@acme.com")),
            ("confirmed, long ago", None, Some(&password), &foreign, Plan::NeedsPassword),
            ("confirmed, not verified", None, Some(&password), &not(&gmail), Plan::NeedsPassword),
            // The address was sold with its domain.
            ("linked to another", None, Some(&other), &managed, Plan::Conflict),
            ("linked to another, Gmail", None, Some(&other), &gmail, Plan::Conflict),
            ("linked to another, long ago", None, Some(&other), &foreign, Plan::NeedsPassword),
        ];
        for (case, known, address, claims, plan) in cases {
            assert_eq!(plan_sign_in(known, address, claims), plan, "{case}");
        }
    }

    #[test]
    fn a_link_is_between_two_who_have_no_other() {
        let (ada, bob) = (user("ada"), user("bob"));
        let (one, two) = (identity("1"), identity("2"));
        let cases = [
            ("both free", None, None, LinkPlan::Link),
            ("linked before", Some(&ada), Some(&one), LinkPlan::Linked),
            ("another user's", Some(&bob), None, LinkPlan::Conflict),
            ("another identity", None, Some(&two), LinkPlan::Conflict),
            ("both taken", Some(&bob), Some(&two), LinkPlan::Conflict),
        ];
        for (case, known, linked, plan) in cases {
            assert_eq!(plan_link(known, linked, &ada, &one), plan, "{case}");
        }
    }
}
