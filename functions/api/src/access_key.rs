//! What a personal access token looks like. Pure.
//!
//! It names its user and itself, so that it is found by its key, and then a secret. The prefix is
//! for those who search for keys where none should be.

use domain::id::{AccessTokenId, UserId};

const PREFIX: &str = "1mins_pat_";

/// By how many of its last characters a token is recognised.
const SHOWN_LEN: usize = 4;

/// Whose token it says that it is. It says the truth only if the whole of it has the right hash.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct AccessKey {
    pub(crate) user: UserId,
    pub(crate) id: AccessTokenId,
}

impl AccessKey {
    /// Whether `shown` is an access token rather than that of a session, right or wrong.
    pub(crate) fn is_meant_by(shown: &str) -> bool {
        shown.starts_with(PREFIX)
    }

    pub(crate) fn read(shown: &str) -> Option<Self> {
        let mut parts = shown.strip_prefix(PREFIX)?.splitn(3, '_');
        let user = UserId::new(parts.next()?).ok()?;
        let id = AccessTokenId::new(parts.next()?).ok()?;
        parts.next().filter(|secret| !secret.is_empty())?;
        Some(Self { user, id })
    }

    /// The token itself, to be shown once.
    pub(crate) fn spell(&self, secret: &str) -> String {
        format!("{PREFIX}{}_{}_{secret}", self.user.body(), self.id.body())
    }
}

/// What remains of a token for its owner to see.
pub(crate) fn last4(token: &str) -> String {
    let characters: Vec<_> = token.chars().collect();
    characters.iter().rev().take(SHOWN_LEN).rev().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_read_as_it_was_spelled() {
        let key = AccessKey { user: "usr_ada".parse().unwrap(), id: "pat_1".parse().unwrap() };
        let token = key.spell("s3cret");
        assert_eq!(token, "1mins_pat_ada_1_s3cret");
        assert!(AccessKey::is_meant_by(&token));
        assert_eq!(AccessKey::read(&token), Some(key));
        assert_eq!(last4(&token), "cret");
    }

    #[test]
    fn what_is_not_whole_is_no_token() {
        for shown in ["", "1mins_pat_", "1mins_pat_ada", "1mins_pat_ada_1", "1mins_pat_ada_1_"] {
            assert_eq!(AccessKey::read(shown), None, "{shown}");
        }
        assert_eq!(AccessKey::read("1mins_pat_ADA_1_s"), None);
        assert_eq!(AccessKey::read("ada_1_s"), None);
    }
}
