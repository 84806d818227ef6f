//! The way from the site into an instance's chat: a ticket that opens once, and the short while for
//! which it opens.

use crate::{Unavailable, accounts::TokenHash};
use domain::{
    id::{ProjectId, TenantId, UserId},
    route::HostName,
};
use jiff::Timestamp;

/// Who goes where. Bound to one host: at any other it is worth nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Visit {
    pub user: UserId,
    pub tenant: TenantId,
    pub project: ProjectId,
    pub host: HostName,
}

/// A ticket, or the session that it was exchanged for. What opens is not stored, only its hash.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChatPass {
    pub hash: TokenHash,
    pub visit: Visit,
    pub expires_at: Timestamp,
}

pub trait ChatTickets {
    fn record_ticket(
        &self,
        ticket: &ChatPass,
    ) -> impl Future<Output = Result<(), Unavailable>> + Send;

    /// Takes the ticket at `host`, if it is for there and has not expired.
    ///
    /// Works once: of callers at the same time one gets it. A repeat after a lost answer gets
    /// nothing, like anybody else who comes with a used ticket. At another host it stays untaken.
    fn take_ticket(
        &self,
        ticket: &TokenHash,
        host: &HostName,
        now: Timestamp,
    ) -> impl Future<Output = Result<Option<Visit>, Unavailable>> + Send;

    fn record_session(
        &self,
        session: &ChatPass,
    ) -> impl Future<Output = Result<(), Unavailable>> + Send;

    /// Strongly consistent. May have expired: the store forgets late.
    fn find_session(
        &self,
        session: &TokenHash,
    ) -> impl Future<Output = Result<Option<ChatPass>, Unavailable>> + Send;
}
