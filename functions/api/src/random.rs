//! Everything that must not be guessed, and its fingerprints.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use domain::{
    email::EmailAddress,
    id::{InvitationId, KeyId, ProjectId, TenantId, UserId},
};
use ports::accounts::TokenHash;
use sha2::{Digest, Sha256};
use std::fmt::Write;

const ALPHABET: &[u8; 36] = b"0123456789abcdefghijklmnopqrstuvwxyz";

/// Bytes of every token and key: more than anybody can try.
const SECRET_LEN: usize = 32;

/// Characters of ids that nobody types: 103 bits.
pub(crate) const LONG_ID_LEN: usize = 20;
/// Characters of a project's id, which is part of a host name: 51 bits. It is a name, not a secret.
pub(crate) const PROJECT_ID_LEN: usize = 10;

fn bytes<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    // Without randomness there is no security to be had, and no request worth answering.
    getrandom::fill(&mut bytes).expect("the system has randomness");
    bytes
}

/// A token to send by mail, or to keep in a cookie.
pub(crate) fn token() -> String {
    text(&bytes::<SECRET_LEN>())
}

/// As tokens are written: without anything that a link, a header or a cookie would stumble over.
pub(crate) fn text(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

pub(crate) fn hash(token: &str) -> TokenHash {
    TokenHash(hex(&Sha256::digest(token)))
}

/// What somebody shows who will later show `verifier`, so that only they can (RFC 7636).
pub(crate) fn challenge(verifier: &str) -> String {
    text(&Sha256::digest(verifier))
}

/// Lower-case letters and digits, each as likely as any other.
pub(crate) fn id_body(len: usize) -> String {
    let mut body = String::with_capacity(len);
    while body.len() < len {
        // 252 is the last multiple of 36: the rest would favour the first digits.
        let fair = bytes::<32>().into_iter().filter(|it| *it < 252);
        body.extend(
            fair.map(|it| char::from(ALPHABET[usize::from(it % 36)])).take(len - body.len()),
        );
    }
    body
}

/// The id of the project that `tenant` asks for under `key`: always the same, so that a repeated
/// request finds what the first one made.
pub(crate) fn derived_project_id(tenant: &TenantId, key: &str) -> ProjectId {
    let digest = Sha256::digest(format!("project\0{tenant}\0{key}"));
    let body: String = digest
        .iter()
        .take(PROJECT_ID_LEN)
        // The first digits are a little likelier. Ids have to differ, not to be unpredictable.
        .map(|it| char::from(ALPHABET[usize::from(it % 36)]))
        .collect();
    ProjectId::new(&body).expect("letters and digits are a body")
}

/// The id of the invitation of `email` into `tenant`: always the same, so that there is one.
pub(crate) fn derived_invitation_id(tenant: &TenantId, email: &EmailAddress) -> InvitationId {
    let digest = Sha256::digest(format!("invitation\0{tenant}\0{email}"));
    InvitationId::new(&hex(&digest[..LONG_ID_LEN / 2])).expect("hexadecimal digits are a body")
}

/// The id of the key that `user` keeps in `tenant` under the Idempotency-Key `repeat`.
pub(crate) fn derived_key_id(tenant: &TenantId, user: &UserId, repeat: &str) -> KeyId {
    let digest = Sha256::digest(format!("key\0{tenant}\0{user}\0{repeat}"));
    KeyId::new(&hex(&digest)[..LONG_ID_LEN]).expect("hexadecimal digits are a body")
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").expect("a string takes everything");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_plain_and_never_the_same() {
        let ids: std::collections::BTreeSet<_> = (0..100).map(|_| id_body(LONG_ID_LEN)).collect();
        assert_eq!(ids.len(), 100);
        assert!(ids.iter().all(|it| it.len() == LONG_ID_LEN && ProjectId::new(it).is_ok()));
    }

    #[test]
    fn a_derived_id_belongs_to_one_tenant_and_one_key() {
        let (one, two) = (TenantId::new("one").unwrap(), TenantId::new("two").unwrap());
        assert_eq!(derived_project_id(&one, "k"), derived_project_id(&one, "k"));
        assert_ne!(derived_project_id(&one, "k"), derived_project_id(&two, "k"));
        assert_ne!(derived_project_id(&one, "k"), derived_project_id(&one, "l"));
    }
}
