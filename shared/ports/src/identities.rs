//! Who of our users is who at an issuer, and the sign-ins that are on their way there.

use crate::{
    Unavailable,
    accounts::{NewAccount, TokenHash},
    identity_provider::{Identity, Proof},
};
use domain::{email::EmailAddress, id::UserId};
use jiff::Timestamp;

/// A browser that was sent to the issuer and has not come back yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PendingSignIn {
    /// Of the `state` that comes back with the browser.
    pub state: TokenHash,
    pub proof: Proof,
    /// A path on the site.
    pub return_to: String,
    /// The user who asked to link an identity to an account. `None`: somebody who signs in.
    pub link_user: Option<UserId>,
    pub expires_at: Timestamp,
}

pub trait Identities {
    /// Keeps `pending` until it expires. Repeating it changes nothing.
    fn record_pending(
        &self,
        pending: &PendingSignIn,
    ) -> impl Future<Output = Result<(), Unavailable>> + Send;

    /// Takes what waits under `state`, if it has not expired at `now`. Of callers at the same time
    /// one gets it.
    fn take_pending(
        &self,
        state: &TokenHash,
        now: Timestamp,
    ) -> impl Future<Output = Result<Option<PendingSignIn>, Unavailable>> + Send;

    /// Whose `identity` is.
    fn find_identity(
        &self,
        identity: &Identity,
    ) -> impl Future<Output = Result<Option<UserId>, Unavailable>> + Send;

    /// The identity that is linked to `user`; there is one at most.
    fn find_linked(
        &self,
        user: &UserId,
    ) -> impl Future<Output = Result<Option<Identity>, Unavailable>> + Send;

    /// Opens an account without a password for `identity`: user, address, tenant, membership and
    /// link appear, all or nothing. Fails with [`LinkError::Taken`] if the address or the identity is
    /// somebody's already. From then on no confirmation of the address succeeds.
    fn open_account(
        &self,
        account: &NewAccount,
        email: &EmailAddress,
        identity: &Identity,
    ) -> impl Future<Output = Result<(), LinkError>> + Send;

    /// Links `identity` to `user`. Repeating it succeeds; it is [`LinkError::Taken`] if the identity
    /// is another user's or the user has another identity. Never relinks.
    fn link(
        &self,
        user: &UserId,
        identity: &Identity,
        at: Timestamp,
    ) -> impl Future<Output = Result<(), LinkError>> + Send;

    /// Undo of [`Identities::link`]. Unlinking what is not linked succeeds. `false` if the user has no
    /// password: there would be no way in left.
    fn unlink(&self, user: &UserId) -> impl Future<Output = Result<bool, Unavailable>> + Send;
}

#[derive(Debug, thiserror::Error)]
pub enum LinkError {
    /// The address or the identity belongs to somebody else, or the user has another identity.
    #[error("the address or the identity is taken")]
    Taken,
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}
