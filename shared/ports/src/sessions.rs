//! Sessions: who is signed in, where, and since when.

use crate::{
    Unavailable,
    accounts::{Generation, TokenHash},
};
use domain::id::{SessionId, TenantId, UserId};
use jiff::Timestamp;

/// One sign-in. Its absence is what revokes a token that is still valid by its own words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    pub id: SessionId,
    pub user: UserId,
    /// Whose projects the user looks at.
    pub tenant: TenantId,
    /// The user's when they signed in. The session is over when it is lower than the user's.
    pub generation: Generation,
    pub refresh: Refresh,
    pub device: Device,
    pub created_at: Timestamp,
    /// When the session began or was last refreshed.
    pub last_used_at: Timestamp,
    /// Moves on with each refresh, as far as a session may last.
    pub expires_at: Timestamp,
}

/// What prolongs a session: the fingerprints of the secret that does, and of the one before it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refresh {
    pub current: TokenHash,
    pub previous: Option<TokenHash>,
    /// When `current` came.
    pub rotated_at: Timestamp,
}

/// What a session was opened from, as it says itself. For people to recognise, and for nothing else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Device {
    pub user_agent: String,
    pub ip: String,
}

/// One step of a session from a secret to the next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rotation {
    pub from: TokenHash,
    pub to: TokenHash,
    pub tenant: TenantId,
    pub at: Timestamp,
    pub expires_at: Timestamp,
}

pub trait Sessions {
    fn record(&self, session: &Session) -> impl Future<Output = Result<(), Unavailable>> + Send;

    /// `None` once it was revoked. Strongly consistent: a revocation holds from the next request.
    /// It may have expired.
    fn find(
        &self,
        user: &UserId,
        id: &SessionId,
    ) -> impl Future<Output = Result<Option<Session>, Unavailable>> + Send;

    /// All of `user`, strongly consistent. Expired ones may be among them.
    fn list(&self, user: &UserId)
    -> impl Future<Output = Result<Vec<Session>, Unavailable>> + Send;

    /// Makes `rotation.to` the current secret if `rotation.from` still is. `false` if it is not, or
    /// the session is gone: of callers at the same time one gets `true`.
    fn rotate(
        &self,
        user: &UserId,
        id: &SessionId,
        rotation: &Rotation,
    ) -> impl Future<Output = Result<bool, Unavailable>> + Send;

    /// From now on the session is about `tenant`. `false` if it is gone. Whether the user may go
    /// there is the caller's business.
    fn switch_tenant(
        &self,
        user: &UserId,
        id: &SessionId,
        tenant: &TenantId,
    ) -> impl Future<Output = Result<bool, Unavailable>> + Send;

    /// Revoking what was never there succeeds.
    fn revoke(
        &self,
        user: &UserId,
        id: &SessionId,
    ) -> impl Future<Output = Result<(), Unavailable>> + Send;
}
