//! Encryption bound to a tenant and a purpose.

use crate::Unavailable;
use domain::id::TenantId;

/// What a secret is for. Bound into the ciphertext: one kind cannot be opened as another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SecretKind {
    /// Opens the gateway of one instance: the owner's full power over it.
    GatewayToken,
    /// What an instance shows to the platform's model provider.
    ModelKey,
    /// A customer's own key to a provider of models.
    ProviderKey,
    /// What makes an agent a customer's Telegram bot.
    TelegramToken,
}

impl SecretKind {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::GatewayToken => "gateway_token",
            Self::ModelKey => "model_key",
            Self::ProviderKey => "provider_key",
            Self::TelegramToken => "telegram_token",
        }
    }
}

pub trait Vault {
    fn seal(
        &self,
        tenant: &TenantId,
        kind: SecretKind,
        plaintext: &str,
    ) -> impl Future<Output = Result<Vec<u8>, Unavailable>> + Send;

    /// Fails if `sealed` was sealed for another tenant or another kind.
    fn open(
        &self,
        tenant: &TenantId,
        kind: SecretKind,
        sealed: &[u8],
    ) -> impl Future<Output = Result<String, Unavailable>> + Send;
}
