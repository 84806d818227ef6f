//! Tickets and sessions of chats in memory.

use crate::outage::Outage;
use domain::route::HostName;
use jiff::Timestamp;
use ports::{
    Unavailable,
    accounts::TokenHash,
    chat_tickets::{ChatPass, ChatTickets, Visit},
};
use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

#[derive(Debug, Default)]
pub struct FakeChatTickets {
    stored: Mutex<Stored>,
    pub outage: Outage,
}

#[derive(Debug, Default)]
struct Stored {
    tickets: BTreeMap<TokenHash, ChatPass>,
    sessions: BTreeMap<TokenHash, ChatPass>,
}

impl FakeChatTickets {
    /// Everything that is stored, tickets before sessions.
    pub fn passes(&self) -> Vec<ChatPass> {
        let stored = self.lock();
        stored.tickets.values().chain(stored.sessions.values()).cloned().collect()
    }

    fn lock(&self) -> MutexGuard<'_, Stored> {
        self.stored.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn reach(&self) -> Result<MutexGuard<'_, Stored>, Unavailable> {
        self.outage.check("chat tickets")?;
        Ok(self.lock())
    }
}

impl ChatTickets for FakeChatTickets {
    async fn record_ticket(&self, ticket: &ChatPass) -> Result<(), Unavailable> {
        self.reach()?.tickets.insert(ticket.hash.clone(), ticket.clone());
        Ok(())
    }

    async fn take_ticket(
        &self,
        ticket: &TokenHash,
        host: &HostName,
        now: Timestamp,
    ) -> Result<Option<Visit>, Unavailable> {
        let mut stored = self.reach()?;
        let fits = |it: &ChatPass| it.visit.host == *host && it.expires_at > now;
        if !stored.tickets.get(ticket).is_some_and(fits) {
            return Ok(None);
        }
        Ok(stored.tickets.remove(ticket).map(|it| it.visit))
    }

    async fn record_session(&self, session: &ChatPass) -> Result<(), Unavailable> {
        self.reach()?.sessions.insert(session.hash.clone(), session.clone());
        Ok(())
    }

    async fn find_session(&self, session: &TokenHash) -> Result<Option<ChatPass>, Unavailable> {
        Ok(self.reach()?.sessions.get(session).cloned())
    }
}
