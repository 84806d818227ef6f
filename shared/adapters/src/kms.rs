//! [`Vault`] on KMS.

use crate::aws;
use aws_sdk_kms::{Client, primitives::Blob};
use domain::id::TenantId;
use ports::{
    Unavailable,
    vault::{SecretKind, Vault},
};
use std::collections::HashMap;

#[derive(Clone, Debug)]
pub struct KmsVault {
    client: Client,
    key_id: String,
}

impl KmsVault {
    pub async fn connect(key_id: String) -> Self {
        Self { client: Client::new(&aws::config().await), key_id }
    }
}

impl Vault for KmsVault {
    async fn seal(
        &self,
        tenant: &TenantId,
        kind: SecretKind,
        plaintext: &str,
    ) -> Result<Vec<u8>, Unavailable> {
        self.client
            .encrypt()
            .key_id(&self.key_id)
            .set_encryption_context(Some(context(tenant, kind)))
            .plaintext(Blob::new(plaintext))
            .send()
            .await
            .map_err(unavailable)?
            .ciphertext_blob
            .map(Blob::into_inner)
            .ok_or_else(|| unavailable("no ciphertext in the answer"))
    }

    async fn open(
        &self,
        tenant: &TenantId,
        kind: SecretKind,
        sealed: &[u8],
    ) -> Result<String, Unavailable> {
        let plaintext = self
            .client
            .decrypt()
            .key_id(&self.key_id)
            .set_encryption_context(Some(context(tenant, kind)))
            .ciphertext_blob(Blob::new(sealed))
            .send()
            .await
            .map_err(unavailable)?
            .plaintext
            .ok_or_else(|| unavailable("no plaintext in the answer"))?;
        String::from_utf8(plaintext.into_inner()).map_err(unavailable)
    }
}

fn context(tenant: &TenantId, kind: SecretKind) -> HashMap<String, String> {
    HashMap::from([
        ("tenant".to_owned(), tenant.to_string()),
        ("kind".to_owned(), kind.as_str().to_owned()),
    ])
}

fn unavailable(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Unavailable {
    Unavailable::new("key service", error)
}
