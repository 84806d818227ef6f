//! Personal access tokens: keys for programs that act for one user in one tenant.

use crate::{Unavailable, accounts::TokenHash};
use domain::id::{AccessTokenId, TenantId, UserId};
use jiff::Timestamp;
use std::time::Duration;

/// How exactly the last use is known. Writing it with every request would cost more than it tells.
pub const USE_PRECISION: Duration = Duration::from_hours(1);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// Looks at things.
    Read,
    /// Changes them as well.
    Write,
}

/// What is known of a token. The token itself is shown once and never stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccessToken {
    pub id: AccessTokenId,
    pub user: UserId,
    pub tenant: TenantId,
    pub name: String,
    pub scope: Scope,
    pub hash: TokenHash,
    /// By which its owner recognises it.
    pub last4: String,
    pub created_at: Timestamp,
    pub expires_at: Timestamp,
    /// To the hour: see [`USE_PRECISION`].
    pub last_used_at: Option<Timestamp>,
}

impl AccessToken {
    /// Whether a use at `now` is worth a write.
    pub fn is_use_worth_recording(&self, now: Timestamp) -> bool {
        self.last_used_at.is_none_or(|last| last + USE_PRECISION <= now)
    }
}

pub trait AccessTokens {
    /// Keeps `token` until it expires or is revoked. Repeating it changes nothing.
    fn record(&self, token: &AccessToken) -> impl Future<Output = Result<(), Unavailable>> + Send;

    /// `None` once it was revoked. Strongly consistent: a revocation holds from the next request.
    fn find(
        &self,
        user: &UserId,
        id: &AccessTokenId,
    ) -> impl Future<Output = Result<Option<AccessToken>, Unavailable>> + Send;

    /// Those of `user` in `tenant`, expired ones too for as long as the store keeps them.
    fn list(
        &self,
        tenant: &TenantId,
        user: &UserId,
    ) -> impl Future<Output = Result<Vec<AccessToken>, Unavailable>> + Send;

    /// Ends a token of `user` in `tenant`. `false` if there was none.
    fn revoke(
        &self,
        tenant: &TenantId,
        user: &UserId,
        id: &AccessTokenId,
    ) -> impl Future<Output = Result<bool, Unavailable>> + Send;

    /// Notes a use at `at`, unless one was noted within [`USE_PRECISION`] or the token is gone.
    fn record_use(
        &self,
        user: &UserId,
        id: &AccessTokenId,
        at: Timestamp,
    ) -> impl Future<Output = Result<(), Unavailable>> + Send;
}
