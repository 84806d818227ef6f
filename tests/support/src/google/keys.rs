//! The key pair that tokens are signed with.

use super::OptionsError;
use crate::random;
use aws_lc_rs::{
    encoding::AsDer,
    rsa::{KeyPair, KeySize},
    signature::KeyPair as _,
};
use base64::{Engine, engine::general_purpose::STANDARD};
use jsonwebtoken::{
    Algorithm, EncodingKey,
    jwk::{Jwk, PublicKeyUse},
};

pub(super) struct SigningKey {
    pub(super) kid: String,
    pub(super) private: EncodingKey,
    pub(super) public_der: Vec<u8>,
    /// As it is published.
    pub(super) jwk: Jwk,
}

impl SigningKey {
    pub(super) fn generate() -> Result<Self, OptionsError> {
        let pair = KeyPair::generate(KeySize::Rsa2048).map_err(|_| OptionsError::Key)?;
        let pkcs8 = pair.as_der().map_err(|_| OptionsError::Key)?;
        let private = EncodingKey::from_rsa_pem(pem(pkcs8.as_ref()).as_bytes())?;
        let kid = random::id("");
        let mut jwk = Jwk::from_encoding_key(&private, Algorithm::RS256)?;
        jwk.common.key_id = Some(kid.clone());
        jwk.common.public_key_use = Some(PublicKeyUse::Signature);
        Ok(Self { kid, private, public_der: pair.public_key().as_ref().to_vec(), jwk })
    }
}

/// The only shape in which the library takes PKCS #8.
fn pem(der: &[u8]) -> String {
    let text = STANDARD.encode(der);
    let lines: Vec<_> = text.as_bytes().chunks(64).map(String::from_utf8_lossy).collect();
    format!("-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n", lines.join("\n"))
}
