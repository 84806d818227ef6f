//! Asking a provider of models whether it knows a key.

use crate::Unavailable;
use domain::model::ModelProvider;

pub trait ProviderCheck {
    /// Asks without spending anything. Fails if the provider says neither yes nor no.
    fn check(
        &self,
        provider: ModelProvider,
        key: &str,
    ) -> impl Future<Output = Result<KeyVerdict, Unavailable>> + Send;
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyVerdict {
    Good,
    Refused,
}
