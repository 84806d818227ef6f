//! Passwords: Argon2id, away from the thread that serves.

use crate::refusal::Refusal;
use argon2::{
    Argon2,
    password_hash::{PasswordHasher, PasswordVerifier, phc},
};
use ports::accounts::PasswordHash;
use std::fmt;

/// A password in the clear. Shows itself to nobody's log.
pub(crate) struct Password(String);

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(…)")
    }
}

impl Password {
    pub(crate) const MIN_LEN: usize = 10;
    /// Far longer than any; shorter than what would keep us busy.
    pub(crate) const MAX_LEN: usize = 1024;

    /// One that somebody chooses. Long, and nothing else: rules about characters make worse ones.
    pub(crate) fn choose(text: String) -> Result<Self, String> {
        if (Self::MIN_LEN..=Self::MAX_LEN).contains(&text.len()) {
            Ok(Self(text))
        } else {
            Err(format!("must have {} to {} bytes", Self::MIN_LEN, Self::MAX_LEN))
        }
    }

    /// One that somebody tries.
    pub(crate) fn guess(text: String) -> Result<Self, String> {
        if text.len() <= Self::MAX_LEN {
            Ok(Self(text))
        } else {
            Err(format!("must have at most {} bytes", Self::MAX_LEN))
        }
    }

    pub(crate) async fn hash(self) -> Result<PasswordHash, Refusal> {
        let hashed = tokio::task::spawn_blocking(move || {
            Argon2::default().hash_password(self.0.as_bytes()).map(|it| it.to_string())
        });
        let hash = hashed.await.map_err(Refusal::internal)?;
        Ok(PasswordHash(hash.map_err(|it| Refusal::internal(it.to_string()))?))
    }

    /// Whether this is the password that `known` is the hash of. Takes as long for `None`, so that
    /// the time of the answer does not tell who has an account.
    pub(crate) async fn is(self, known: Option<PasswordHash>) -> Result<bool, Refusal> {
        let checked = tokio::task::spawn_blocking(move || {
            let hash = known.as_ref().map_or(NOBODYS, |it| it.0.as_str());
            let hash = phc::PasswordHash::new(hash).map_err(|it| it.to_string())?;
            let fits = Argon2::default().verify_password(self.0.as_bytes(), &hash).is_ok();
            Ok::<_, String>(fits && known.is_some())
        });
        checked.await.map_err(Refusal::internal)?.map_err(Refusal::internal)
    }
}

/// The hash of no password, at the same cost as every other.
const NOBODYS: &str = "$argon2id$v=19$m=19456,t=2,p=1$bm9ib2R5J3Mgc2FsdCAxNg$\
                       bm9ib2R5IGhhcyB0aGlzIHBhc3N3b3JkLCBldmVyISE";

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_password_is_recognised_and_no_other() {
        let choose = |text: &str| Password::choose(text.to_owned()).unwrap();
        let hash = choose("correct horse").hash().await.unwrap();
        assert!(choose("correct horse").is(Some(hash.clone())).await.unwrap());
        assert!(!choose("correct house").is(Some(hash)).await.unwrap());
        assert!(!choose("correct horse").is(None).await.unwrap());
    }

    #[tokio::test]
    async fn nobodys_hash_costs_what_every_hash_costs() {
        let hash = Password("correct horse".to_owned()).hash().await.unwrap();
        let cost = |hash: &str| hash.split('$').take(4).collect::<Vec<_>>().join("$");
        assert_eq!(cost(&hash.0), cost(NOBODYS));
        let lens = |hash: &str| hash.split('$').skip(4).map(str::len).collect::<Vec<_>>();
        assert_eq!(lens(&hash.0), lens(NOBODYS));
    }

    #[test]
    fn a_password_is_long_and_not_endless() {
        for (len, good) in [(0, false), (9, false), (10, true), (1024, true), (1025, false)] {
            assert_eq!(Password::choose("x".repeat(len)).is_ok(), good, "{len}");
            assert_eq!(Password::guess("x".repeat(len)).is_ok(), len <= 1024, "{len}");
        }
    }
}
