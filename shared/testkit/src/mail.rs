//! A letter box that keeps what was sent.

use crate::outage::Outage;
use ports::mail::{Mail, Message, SendError};
use std::sync::{Mutex, PoisonError};

#[derive(Debug, Default)]
pub struct FakeMail {
    sent: Mutex<Vec<Message>>,
    pub outage: Outage,
}

impl FakeMail {
    /// Everything sent so far, oldest first.
    pub fn sent(&self) -> Vec<Message> {
        self.sent.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Mail for FakeMail {
    async fn send(&self, message: &Message) -> Result<(), SendError> {
        self.outage.check("mail")?;
        self.sent.lock().unwrap_or_else(PoisonError::into_inner).push(message.clone());
        Ok(())
    }
}
