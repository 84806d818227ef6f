//! Access tokens: what a signed-in customer sends along for a quarter of an hour.

use crate::{random, refusal::Refusal};
use domain::id::{SessionId, TenantId, UserId};
use hmac::{Hmac, KeyInit, Mac};
use jiff::Timestamp;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation, decode, encode};
use serde::{Deserialize, Serialize};
use sha2::Sha256;
use std::{fmt, time::Duration};

/// How long an access token is good for. A session that ends sooner takes its token with it.
pub(crate) const ACCESS_TTL: Duration = Duration::from_mins(15);

/// Tells what a key is derived for from everything else that is made of the same secret.
const REFRESH_LABEL: &[u8] = b"1mins refresh secrets, version 1";

/// HS256 is as strong as its key. A shorter one is a mistake in the configuration.
const MIN_KEY_LEN: usize = 32;

/// Signs and checks access tokens. Only we do either, so one secret key is enough.
pub struct Keys {
    encoding: EncodingKey,
    decoding: DecodingKey,
    validation: Validation,
    issuer: String,
    audience: String,
    refresh: [u8; 32],
}

/// What an access token is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Bearer {
    pub(crate) user: UserId,
    pub(crate) session: SessionId,
    pub(crate) tenant: TenantId,
}

/// Without the keys.
impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Keys").field("issuer", &self.issuer).finish_non_exhaustive()
    }
}

#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    #[error("the key for access tokens has less than {MIN_KEY_LEN} bytes")]
    TooShort,
    #[error("access tokens cannot be made or read")]
    SelfTest,
}

#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Claims {
    iss: String,
    aud: String,
    pub(crate) sub: UserId,
    pub(crate) sid: SessionId,
    pub(crate) tenant: TenantId,
    iat: i64,
    exp: i64,
}

impl Keys {
    /// Signs and reads a token once: the library picks its cryptography at run time, and a function
    /// that cannot sign must not start.
    pub fn new(secret: &str, app_url: &str) -> Result<Self, KeyError> {
        if secret.len() < MIN_KEY_LEN {
            return Err(KeyError::TooShort);
        }
        let (issuer, audience) = (app_url.to_owned(), format!("{app_url}/api"));
        let mut validation = Validation::new(Algorithm::HS256);
        validation.set_issuer(&[&issuer]);
        validation.set_audience(&[&audience]);
        // By default a token that has no issuer or audience at all passes. `Claims` asks for both as
        // well; this holds even if one of its fields becomes optional.
        validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
        // Checked in `open`, against our clock and without leeway: we are our own issuer.
        validation.validate_exp = false;
        let keys = Self {
            encoding: EncodingKey::from_secret(secret.as_bytes()),
            decoding: DecodingKey::from_secret(secret.as_bytes()),
            validation,
            issuer,
            audience,
            refresh: mac(secret.as_bytes(), &[REFRESH_LABEL]),
        };
        keys.self_test()?;
        Ok(keys)
    }

    fn self_test(&self) -> Result<(), KeyError> {
        let nobody = || {
            Some(Bearer {
                user: UserId::new("0").ok()?,
                session: SessionId::new("0").ok()?,
                tenant: TenantId::new("0").ok()?,
            })
        };
        let (nobody, began_at) = (nobody().ok_or(KeyError::SelfTest)?, Timestamp::UNIX_EPOCH);
        let token = self.issue(&nobody, began_at, began_at + ACCESS_TTL);
        let token = token.map_err(|_| KeyError::SelfTest)?;
        self.open(&token, began_at).map(|_| ()).ok_or(KeyError::SelfTest)
    }

    /// A token for `bearer`.
    pub(crate) fn issue(
        &self,
        bearer: &Bearer,
        now: Timestamp,
        expires_at: Timestamp,
    ) -> Result<String, Refusal> {
        let claims = Claims {
            iss: self.issuer.clone(),
            aud: self.audience.clone(),
            sub: bearer.user.clone(),
            sid: bearer.session.clone(),
            tenant: bearer.tenant.clone(),
            iat: now.as_second(),
            exp: expires_at.as_second(),
        };
        encode(&Header::new(Algorithm::HS256), &claims, &self.encoding).map_err(Refusal::internal)
    }

    /// The refresh secret that follows `secret` in `session`: always the same, so that whoever asks
    /// twice is told the same twice. Only we can tell it, and of what came before it says nothing.
    pub(crate) fn successor(&self, session: &SessionId, secret: &str) -> String {
        let parts = [session.as_str().as_bytes(), b"\0", secret.as_bytes()];
        random::text(&mac(&self.refresh, &parts))
    }

    /// What a token says, if it is ours and not over.
    pub(crate) fn open(&self, token: &str, now: Timestamp) -> Option<Claims> {
        let claims: Claims = decode(token, &self.decoding, &self.validation).ok()?.claims;
        (claims.exp > now.as_second()).then_some(claims)
    }
}

fn mac(key: &[u8], parts: &[&[u8]]) -> [u8; 32] {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("a key may have any length");
    for part in parts {
        mac.update(part);
    }
    mac.finalize().into_bytes().into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
    use serde_json::{Value, json};

    const SECRET: &str = "0123456789abcdef0123456789abcdef";
    const APP: &str = "https://app.test";
    const NOW_S: i64 = 1_795_262_400;

    fn now() -> Timestamp {
        Timestamp::from_second(NOW_S).unwrap()
    }

    fn claims() -> Value {
        json!({
            "iss": APP, "aud": "https://app.test/api", "sub": "usr_1", "sid": "ses_1",
            "tenant": "ten_1", "iat": NOW_S, "exp": NOW_S + 60,
        })
    }

    fn signed(claims: &Value, algorithm: Algorithm, secret: &str) -> String {
        let key = EncodingKey::from_secret(secret.as_bytes());
        encode(&Header::new(algorithm), claims, &key).unwrap()
    }

    fn without(claim: &str) -> Value {
        let mut claims = claims();
        claims.as_object_mut().unwrap().remove(claim);
        claims
    }

    fn with(claim: &str, value: impl Into<Value>) -> Value {
        let mut claims = claims();
        claims[claim] = value.into();
        claims
    }

    #[test]
    fn only_our_own_tokens_open() {
        let keys = Keys::new(SECRET, APP).unwrap();
        let ours = |claims: &Value| signed(claims, Algorithm::HS256, SECRET);
        let good = ours(&claims());
        let none = {
            let part = |it: &Value| URL_SAFE_NO_PAD.encode(it.to_string());
            format!("{}.{}.", part(&json!({ "alg": "none", "typ": "JWT" })), part(&claims()))
        };
        let stripped = good.rsplit_once('.').map(|(rest, _)| format!("{rest}.")).unwrap();
        let swapped = {
            let payload = URL_SAFE_NO_PAD.encode(with("tenant", "ten_2").to_string());
            let parts: Vec<_> = good.split('.').collect();
            format!("{}.{payload}.{}", parts[0], parts[2])
        };
        let other_key = "x".repeat(MIN_KEY_LEN);
        let cases = [
            ("ours", good.clone(), true),
            ("a last second", ours(&with("exp", NOW_S + 1)), true),
            ("expired now", ours(&with("exp", NOW_S)), false),
            ("expired long ago", ours(&with("exp", 1)), false),
            ("algorithm none", none, false),
            ("no signature", stripped, false),
            ("another payload under the signature", swapped, false),
            ("another key", signed(&claims(), Algorithm::HS256, &other_key), false),
            ("another algorithm", signed(&claims(), Algorithm::HS512, SECRET), false),
            ("another issuer", ours(&with("iss", "https://evil.test")), false),
            ("another audience", ours(&with("aud", APP)), false),
            ("a session that is none", ours(&with("sid", "prj_1")), false),
            ("no expiry", ours(&without("exp")), false),
            ("no issuer", ours(&without("iss")), false),
            ("no audience", ours(&without("aud")), false),
            ("no subject", ours(&without("sub")), false),
            ("no session", ours(&without("sid")), false),
            ("no tenant", ours(&without("tenant")), false),
            ("nothing", String::new(), false),
            ("noise", "a.b.c".to_owned(), false),
        ];
        for (case, token, opens) in cases {
            assert_eq!(keys.open(&token, now()).is_some(), opens, "{case}");
        }
    }

    #[test]
    fn a_weak_key_stops_the_start() {
        assert_eq!(Keys::new("", APP).unwrap_err(), KeyError::TooShort);
        assert_eq!(Keys::new(&"x".repeat(31), APP).unwrap_err(), KeyError::TooShort);
    }

    #[test]
    fn a_refresh_secret_has_one_successor_that_others_cannot_tell() {
        let (keys, other) =
            (Keys::new(SECRET, APP).unwrap(), Keys::new(&"x".repeat(32), APP).unwrap());
        let (one, two) = (SessionId::new("1").unwrap(), SessionId::new("2").unwrap());
        let next = keys.successor(&one, "s");
        assert_eq!(next.len(), 43, "32 bytes in base64url");
        assert_eq!(next, keys.successor(&one, "s"));
        assert_ne!(next, keys.successor(&one, "t"));
        assert_ne!(next, keys.successor(&two, "s"));
        assert_ne!(next, other.successor(&one, "s"));
    }
}
