//! How the issuer behaves.

use serde::{Deserialize, Serialize};

/// One way to behave, until another is chosen. All but the first are what a client must survive.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "mode", rename_all = "snake_case")]
pub enum Mode {
    #[default]
    Honest,
    /// Tokens that were issued to another client.
    WrongAudience,
    WrongIssuer,
    /// Tokens that ended an hour ago.
    Expired,
    /// Tokens that answer another question.
    OtherNonce,
    /// Tokens for us that somebody else asked for.
    OtherParty,
    /// Tokens without this claim.
    Missing {
        claim: String,
    },
    /// `"alg": "none"`.
    Unsigned,
    /// HS256 with the public key as its secret: passes where the token chooses the algorithm.
    Hmac,
    /// Signed by a key that is not published, under the name of the one that is.
    OtherKey,
    /// Every answer comes so much later.
    Slow {
        ms: u64,
    },
    /// 503 for everything.
    Outage,
    /// Whoever comes to sign in says no.
    AccessDenied,
}
