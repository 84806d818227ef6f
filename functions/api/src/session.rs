//! Who is asking: tokens, and the sessions that they stand for.

use crate::{
    access_key::AccessKey,
    refusal::Refusal,
    world::{Api, World},
};
use axum::extract::FromRequestParts;
use domain::id::{SessionId, TenantId, UserId};
use http::{HeaderMap, header, request::Parts};
use jiff::Timestamp;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation, decode, encode};
use ports::{
    accounts::{Accounts, Session},
    clock::Clock,
};
use serde::{Deserialize, Serialize};
use std::{fmt, sync::Arc, time::Duration};

/// How long a sign-in lasts.
pub(crate) const SESSION_TTL: Duration = Duration::from_hours(1);

/// HS256 is as strong as its key. A shorter one is a mistake in the configuration.
const MIN_KEY_LEN: usize = 32;

/// Signs and checks access tokens. Only we do either, so one secret key is enough.
pub struct Keys {
    encoding: EncodingKey,
    decoding: DecodingKey,
    validation: Validation,
    issuer: String,
    audience: String,
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
struct Claims {
    iss: String,
    aud: String,
    sub: UserId,
    sid: SessionId,
    tenant: TenantId,
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
        };
        keys.self_test()?;
        Ok(keys)
    }

    fn self_test(&self) -> Result<(), KeyError> {
        let nobody = || {
            Some(Session {
                id: SessionId::new("0").ok()?,
                user: UserId::new("0").ok()?,
                tenant: TenantId::new("0").ok()?,
                expires_at: Timestamp::UNIX_EPOCH + SESSION_TTL,
            })
        };
        let session = nobody().ok_or(KeyError::SelfTest)?;
        let token = self.issue(&session, Timestamp::UNIX_EPOCH).map_err(|_| KeyError::SelfTest)?;
        self.open(&token, Timestamp::UNIX_EPOCH).map(|_| ()).ok_or(KeyError::SelfTest)
    }

    /// A token for `session`.
    pub(crate) fn issue(&self, session: &Session, now: Timestamp) -> Result<String, Refusal> {
        let claims = Claims {
            iss: self.issuer.clone(),
            aud: self.audience.clone(),
            sub: session.user.clone(),
            sid: session.id.clone(),
            tenant: session.tenant.clone(),
            iat: now.as_second(),
            exp: session.expires_at.as_second(),
        };
        encode(&Header::new(Algorithm::HS256), &claims, &self.encoding).map_err(Refusal::internal)
    }

    /// The tenant and the user that a token speaks of, if it is ours and not over. Only the session
    /// says whether it speaks the truth.
    pub(crate) fn names(&self, token: &str, now: Timestamp) -> Option<(TenantId, UserId)> {
        self.open(token, now).map(|it| (it.tenant, it.sub))
    }

    /// What a token says, if it is ours and not over.
    fn open(&self, token: &str, now: Timestamp) -> Option<Claims> {
        let claims: Claims = decode(token, &self.decoding, &self.validation).ok()?.claims;
        (claims.exp > now.as_second()).then_some(claims)
    }
}

/// The session that a request belongs to. Every handler that takes one is behind the door.
pub(crate) struct SignedIn(pub(crate) Session);

impl<W: World> FromRequestParts<Arc<Api<W>>> for SignedIn {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, api: &Arc<Api<W>>) -> Result<Self, Refusal> {
        let now = api.clock.now();
        let token = bearer(&parts.headers).ok_or(Refusal::NotSignedIn)?;
        if AccessKey::is_meant_by(token) {
            return Err(Refusal::SessionNeeded);
        }
        let claims = api.keys.open(token, now).ok_or(Refusal::NotSignedIn)?;
        let session = api.accounts.find_session(&claims.sid).await?;
        // The table has the last word; the token is only how a session is carried around.
        let session = session.filter(|it| {
            it.user == claims.sub && it.tenant == claims.tenant && it.expires_at > now
        });
        let session = session.ok_or(Refusal::NotSignedIn)?;
        let span = tracing::Span::current();
        span.record("tenant.id", session.tenant.as_str());
        span.record("user.id", session.user.as_str());
        Ok(Self(session))
    }
}

pub(crate) fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, token) = headers.get(header::AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then_some(token.trim())
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
}
