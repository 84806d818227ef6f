//! Sending mail.

use crate::Unavailable;
use domain::email::EmailAddress;

/// One mail, in both of the forms that readers show.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    pub to: EmailAddress,
    pub subject: String,
    pub text: String,
    pub html: String,
}

pub trait Mail {
    /// Hands `message` to the provider, which then delivers or bounces it later.
    ///
    /// *Not* idempotent: no mail provider of ours takes a key. A repeat after a lost answer sends
    /// the same mail twice, so mails must be harmless to get twice.
    fn send(&self, message: &Message) -> impl Future<Output = Result<(), SendError>> + Send;
}

#[derive(Debug, thiserror::Error)]
pub enum SendError {
    /// The provider will never send this one.
    #[error("mail provider refused the message: {0}")]
    Refused(String),
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}
