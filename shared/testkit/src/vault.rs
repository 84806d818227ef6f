//! A vault that only checks who opens what.

use crate::outage::Outage;
use domain::id::TenantId;
use ports::{
    Unavailable,
    vault::{SecretKind, Vault},
};

/// Seals by writing the context in front, which is all that a test needs to see a mix-up.
#[derive(Debug, Default)]
pub struct FakeVault {
    pub outage: Outage,
}

impl Vault for FakeVault {
    async fn seal(
        &self,
        tenant: &TenantId,
        kind: SecretKind,
        plaintext: &str,
    ) -> Result<Vec<u8>, Unavailable> {
        self.outage.check("vault")?;
        Ok(format!("{}{plaintext}", context(tenant, kind)).into_bytes())
    }

    async fn open(
        &self,
        tenant: &TenantId,
        kind: SecretKind,
        sealed: &[u8],
    ) -> Result<String, Unavailable> {
        self.outage.check("vault")?;
        let sealed = str::from_utf8(sealed).map_err(|it| Unavailable::new("vault", it))?;
        sealed
            .strip_prefix(&context(tenant, kind))
            .map(str::to_owned)
            .ok_or_else(|| Unavailable::new("vault", "sealed for another tenant or kind"))
    }
}

fn context(tenant: &TenantId, kind: SecretKind) -> String {
    format!("sealed|{tenant}|{}|", kind.as_str())
}
