//! An issuer that knows whom the test wants it to know.

use crate::outage::Outage;
use ports::identity_provider::{
    Claims, ExchangeError, Identity, IdentityProvider, Proof, Question,
};
use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

const ISSUER: &str = "https://issuer.test";

#[derive(Debug, Default)]
pub struct FakeIdentityProvider {
    codes: Mutex<BTreeMap<String, Answer>>,
    pub outage: Outage,
}

#[derive(Clone, Debug)]
enum Answer {
    Claims(Proof, Claims),
    /// A token that is none.
    Untrusted,
}

impl FakeIdentityProvider {
    /// `code` stands for `claims`, once, for whoever brings `proof`.
    pub fn put_code(&self, code: &str, proof: &Proof, claims: Claims) {
        self.lock().insert(code.to_owned(), Answer::Claims(proof.clone(), claims));
    }

    /// `code` stands for a token that cannot be trusted.
    pub fn put_forgery(&self, code: &str) {
        self.lock().insert(code.to_owned(), Answer::Untrusted);
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, Answer>> {
        self.codes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Who is called `subject` here.
pub fn identity(subject: &str) -> Identity {
    Identity { issuer: ISSUER.to_owned(), subject: subject.to_owned() }
}

impl IdentityProvider for FakeIdentityProvider {
    fn authorize_url(&self, question: &Question<'_>) -> String {
        let Question { state, nonce, challenge } = question;
        format!("{ISSUER}/authorize?state={state}&nonce={nonce}&code_challenge={challenge}")
    }

    async fn exchange(&self, code: &str, proof: &Proof) -> Result<Claims, ExchangeError> {
        self.outage.check("identity provider")?;
        match self.lock().remove(code) {
            Some(Answer::Claims(expected, claims)) if expected == *proof => Ok(claims),
            Some(Answer::Untrusted) => Err(ExchangeError::Untrusted("forged".to_owned())),
            Some(Answer::Claims(..)) | None => {
                Err(ExchangeError::Refused("invalid_grant".to_owned()))
            }
        }
    }
}
