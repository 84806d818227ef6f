//! Who has an account at the issuer.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    pub sub: String,
    pub email: String,
    #[serde(default = "yes")]
    pub email_verified: bool,
    /// The domain of the organisation that manages the account.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hd: Option<String>,
}

fn yes() -> bool {
    true
}

impl Account {
    /// Somebody with a verified address and no organisation, always the same for an address.
    pub fn of(email: &str) -> Self {
        Self { sub: sub_of(email), email: email.to_owned(), email_verified: true, hd: None }
    }
}

/// A number of 21 digits, as Google's are.
fn sub_of(email: &str) -> String {
    let digest = Sha256::digest(email);
    std::iter::once('1')
        .chain(digest.iter().take(20).map(|it| char::from(b'0' + it % 10)))
        .collect()
}
