//! Who may do what: people, tenants, sessions and the proofs that lead to them.

use crate::Unavailable;
use domain::id::{SessionId, TenantId, UserId};
use jiff::Timestamp;
use std::{fmt, time::Duration};

pub use domain::{email::EmailAddress, tenant::Role};

/// The PHC string of a password. Shows itself to nobody's log.
#[derive(Clone, PartialEq, Eq)]
pub struct PasswordHash(pub String);

impl fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PasswordHash(…)")
    }
}

/// SHA-256, in hexadecimal digits, of a one-time token. Tokens themselves are never stored.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct TokenHash(pub String);

/// Somebody who wants an account and has not shown yet that the address is theirs.
///
/// It makes nobody a user. The password waits beside the token, so that a confirmed account has the
/// password of the very sign-up whose mail was answered: whoever signs up with a stranger's address
/// can neither use it nor leave a password behind for the day when its owner comes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignUp {
    pub token: TokenHash,
    pub email: EmailAddress,
    pub password: PasswordHash,
    pub expires_at: Timestamp,
}

/// Ids for the account that a confirmation opens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewAccount {
    pub user: UserId,
    pub tenant: TenantId,
    pub at: Timestamp,
}

/// What signing in is checked against.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Credentials {
    pub user: UserId,
    pub password: PasswordHash,
}

/// A user's place in a tenant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Membership {
    pub tenant: TenantId,
    pub role: Role,
}

/// One sign-in. Its absence is what revokes a token that is still valid by its own words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    pub id: SessionId,
    pub user: UserId,
    pub tenant: TenantId,
    pub expires_at: Timestamp,
}

/// Something that may be tried a number of times within a while.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Throttle {
    /// What is counted, and for whom: `sign_in#ada@example.com`.
    pub key: String,
    /// How long the count lasts after the first try.
    pub window: Duration,
}

/// How often something was tried, this try included, and when the count starts again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tries {
    pub count: u32,
    pub until: Timestamp,
}

pub trait Accounts {
    /// Keeps `sign_up` until it expires. Repeating it changes nothing.
    fn record_sign_up(
        &self,
        sign_up: &SignUp,
    ) -> impl Future<Output = Result<(), Unavailable>> + Send;

    /// Turns the sign-up that `token` belongs to into a user with a tenant of their own: user,
    /// address, tenant and membership appear and the token goes, all or nothing.
    ///
    /// Works once: a second call fails with [`ConfirmError::Spent`].
    fn confirm(
        &self,
        token: &TokenHash,
        account: &NewAccount,
    ) -> impl Future<Output = Result<(), ConfirmError>> + Send;

    /// Only confirmed addresses have credentials.
    fn find_credentials(
        &self,
        email: &EmailAddress,
    ) -> impl Future<Output = Result<Option<Credentials>, Unavailable>> + Send;

    /// The tenants that `user` belongs to.
    fn list_memberships(
        &self,
        user: &UserId,
    ) -> impl Future<Output = Result<Vec<Membership>, Unavailable>> + Send;

    /// Where to write to the owner of `tenant`.
    fn find_owner_address(
        &self,
        tenant: &TenantId,
    ) -> impl Future<Output = Result<Option<EmailAddress>, Unavailable>> + Send;

    fn record_session(
        &self,
        session: &Session,
    ) -> impl Future<Output = Result<(), Unavailable>> + Send;

    /// `None` once it was revoked. Strongly consistent: a revocation holds from the next request.
    fn find_session(
        &self,
        id: &SessionId,
    ) -> impl Future<Output = Result<Option<Session>, Unavailable>> + Send;

    /// Revoking what was never there succeeds.
    fn revoke_session(
        &self,
        id: &SessionId,
    ) -> impl Future<Output = Result<(), Unavailable>> + Send;

    /// Counts one more try. Of callers at the same time no two see the same count.
    fn count_try(
        &self,
        throttle: &Throttle,
        now: Timestamp,
    ) -> impl Future<Output = Result<Tries, Unavailable>> + Send;

    /// Starts counting from nothing again.
    fn forget_tries(
        &self,
        throttle: &Throttle,
    ) -> impl Future<Output = Result<(), Unavailable>> + Send;

    /// The payment provider's name for `tenant`, if it has one.
    fn find_customer(
        &self,
        tenant: &TenantId,
    ) -> impl Future<Output = Result<Option<String>, Unavailable>> + Send;

    /// Remembers `customer` for `tenant` and returns the one that counts: the first ever recorded.
    fn record_customer(
        &self,
        tenant: &TenantId,
        customer: &str,
    ) -> impl Future<Output = Result<String, Unavailable>> + Send;
}

#[derive(Debug, thiserror::Error)]
pub enum ConfirmError {
    /// Unknown, expired or used before, or the address was confirmed by another token.
    #[error("the token is unknown, expired or was used before")]
    Spent,
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}
