//! Providers of models, as whoever passes calls on to them sees them.

use crate::Unavailable;
use domain::model::ModelProvider;

pub trait ModelUpstream {
    type Answer: Answer + 'static;

    /// Asks once, and is back when the answer begins. Fails if none does: then nobody knows whether the
    /// provider was asked. What it refuses is an answer.
    fn ask(
        &self,
        question: Question,
    ) -> impl Future<Output = Result<Self::Answer, Unavailable>> + Send;
}

/// A call as it goes to the provider.
#[derive(Clone, PartialEq, Eq)]
pub struct Question {
    pub provider: ModelProvider,
    /// Below the provider's base address, with a slash in front.
    pub path: &'static str,
    /// Opens the provider's door.
    pub key: String,
    /// Headers of the caller's that the provider understands.
    pub headers: Vec<(&'static str, String)>,
    /// JSON.
    pub body: Vec<u8>,
}

/// Without the key, and without what was said.
impl std::fmt::Debug for Question {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { provider, path, .. } = self;
        f.debug_struct("Question")
            .field("provider", provider)
            .field("path", path)
            .finish_non_exhaustive()
    }
}

/// An answer that has begun. Dropping it ends it, and the provider notices.
pub trait Answer: Send {
    fn status(&self) -> u16;

    /// What the header `name` says, which is in lower case.
    fn header(&self, name: &str) -> Option<&str>;

    /// What comes next of the body; `None` after its end. Fails if it ends too early.
    fn chunk(&mut self) -> impl Future<Output = Result<Option<Vec<u8>>, Unavailable>> + Send;
}
