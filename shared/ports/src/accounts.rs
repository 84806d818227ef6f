//! Who may do what: people, their tenants, and the proofs that lead to them.

use crate::Unavailable;
use domain::{
    email::EmailAddress,
    id::{SessionId, TenantId, UserId},
};
use jiff::Timestamp;
use std::fmt;

pub use domain::tenant::Role;

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

/// How often a user's password was set. It only grows, and it fences sessions: one that was opened
/// under an earlier generation is over, without anybody having to find and delete it.
pub type Generation = u64;

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

/// What signing in is checked against. Password and generation were read at once: a session that is
/// opened for this password ends with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Credentials {
    pub user: UserId,
    /// `None` for whoever signs in another way and never chose one.
    pub password: Option<PasswordHash>,
    pub generation: Generation,
}

/// Somebody with a confirmed address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    pub id: UserId,
    pub email: EmailAddress,
    pub password: Option<PasswordHash>,
    pub generation: Generation,
    /// Whether a Google account is linked.
    pub google: bool,
}

/// A wish to choose a new password, by somebody who says that they read mail at `email`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reset {
    pub token: TokenHash,
    pub email: EmailAddress,
    /// Of the user when the letter was asked for: a password that is set meanwhile voids it. Any for
    /// an address without an account, whose token nobody gets to see.
    pub generation: Generation,
    pub expires_at: Timestamp,
}

/// Another password for somebody who knows the present one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PasswordChange {
    pub user: UserId,
    /// Of the password that was checked.
    pub generation: Generation,
    pub password: PasswordHash,
    /// The session that asks, which goes on. Every other one ends.
    pub keep: SessionId,
}

/// A user's place in a tenant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Membership {
    pub tenant: TenantId,
    pub role: Role,
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

    /// Only confirmed addresses have credentials. As much work for an unknown address.
    fn find_credentials(
        &self,
        email: &EmailAddress,
    ) -> impl Future<Output = Result<Option<Credentials>, Unavailable>> + Send;

    /// Strongly consistent: each request asks, for the generation.
    fn find_user(
        &self,
        id: &UserId,
    ) -> impl Future<Output = Result<Option<User>, Unavailable>> + Send;

    /// Keeps `reset` until it expires. Repeating it changes nothing.
    fn record_reset(&self, reset: &Reset) -> impl Future<Output = Result<(), Unavailable>> + Send;

    /// Sets the password of whoever `token` was made for, and starts a new generation; the token
    /// goes, all or nothing. Returns whose password it was.
    ///
    /// Works once: a second call fails with [`ResetError::Spent`].
    fn reset_password(
        &self,
        token: &TokenHash,
        password: &PasswordHash,
        now: Timestamp,
    ) -> impl Future<Output = Result<(UserId, EmailAddress), ResetError>> + Send;

    /// Sets the password and starts a new generation, into which the session that asked is taken
    /// along; all or nothing. `false` if the password was set by somebody else meanwhile, or the
    /// session is over. Repeating the same change succeeds.
    fn change_password(
        &self,
        change: &PasswordChange,
    ) -> impl Future<Output = Result<bool, Unavailable>> + Send;

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

    /// The payment provider's name for `tenant`, if it has one.
    fn find_customer(
        &self,
        tenant: &TenantId,
    ) -> impl Future<Output = Result<Option<String>, Unavailable>> + Send;

    /// The tenant that the payment provider calls `customer`.
    fn find_tenant_of_customer(
        &self,
        customer: &str,
    ) -> impl Future<Output = Result<Option<TenantId>, Unavailable>> + Send;

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

#[derive(Debug, thiserror::Error)]
pub enum ResetError {
    /// Unknown, expired or used before, or the password was set another way meanwhile.
    #[error("the token is unknown, expired or was used before")]
    Spent,
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}
