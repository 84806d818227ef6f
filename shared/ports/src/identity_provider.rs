//! Somebody else who knows who people are: an `OpenID` Connect issuer such as Google.

use crate::Unavailable;
use domain::email::EmailAddress;
use std::fmt;

/// Who somebody is at an issuer. Never the address: those change hands.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Identity {
    pub issuer: String,
    pub subject: String,
}

/// What an issuer is asked when somebody is sent to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question<'a> {
    /// Comes back with the browser.
    pub state: &'a str,
    /// Comes back inside the signed answer.
    pub nonce: &'a str,
    /// SHA-256 of the verifier, in base64 for URLs without padding.
    pub challenge: &'a str,
}

/// What proves that an answer belongs to a question of ours.
#[derive(Clone, PartialEq, Eq)]
pub struct Proof {
    pub nonce: String,
    pub verifier: String,
}

/// Without the secrets.
impl fmt::Debug for Proof {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Proof(…)")
    }
}

/// What the issuer said about somebody, checked to be the issuer's words, for us, and about this
/// sign-in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claims {
    pub identity: Identity,
    /// `None` if there is none that could be an account's.
    pub email: Option<EmailAddress>,
    /// Whether the issuer ever saw proof of the address; perhaps years ago.
    pub email_verified: bool,
    /// The domain of the organisation that manages the account at the issuer.
    pub organisation: Option<String>,
}

pub trait IdentityProvider {
    /// Where a browser goes to answer `question`.
    fn authorize_url(&self, question: &Question<'_>) -> String;

    /// What `code` stands for. Works once; never repeated by itself.
    fn exchange(
        &self,
        code: &str,
        proof: &Proof,
    ) -> impl Future<Output = Result<Claims, ExchangeError>> + Send;
}

#[derive(Debug, thiserror::Error)]
pub enum ExchangeError {
    /// The issuer does not take the code: unknown, used, too late, or somebody else's.
    #[error("the issuer refused the code: {0}")]
    Refused(String),
    /// The answer is not the issuer's, not for us, or not about this sign-in.
    #[error("the identity token is not to be trusted: {0}")]
    Untrusted(String),
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}
