//! What the issuer asserts, honestly or not.

use super::{Books, exchange::Grant, keys::SigningKey, mode::Mode, options::Settings};
use crate::clock;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode, errors::Error};
use serde_json::{Map, Value, json};

const TTL_S: i64 = 3600;

impl Books {
    pub(super) fn id_token(&self, settings: &Settings, grant: &Grant) -> Result<String, Error> {
        let claims = bend(&self.mode, claims(settings, grant));
        let mut header = Header::new(Algorithm::RS256);
        header.kid = Some(self.key.kid.clone());
        match self.mode {
            Mode::Unsigned => Ok(unsigned(&claims)),
            Mode::Hmac => {
                header.alg = Algorithm::HS256;
                encode(&header, &claims, &EncodingKey::from_secret(&self.key.public_der))
            }
            Mode::OtherKey => match SigningKey::generate() {
                Ok(other) => encode(&header, &claims, &other.private),
                Err(_) => Ok(String::new()),
            },
            _ => encode(&header, &claims, &self.key.private),
        }
    }
}

fn claims(settings: &Settings, grant: &Grant) -> Map<String, Value> {
    let now_s = clock::now().as_second();
    let account = &grant.account;
    let claims = json!({
        "iss": settings.public_url,
        "azp": settings.client_id,
        "aud": settings.client_id,
        "sub": account.sub,
        "hd": account.hd,
        "email": account.email,
        "email_verified": account.email_verified,
        "nonce": grant.nonce,
        "iat": now_s,
        "exp": now_s + TTL_S,
    });
    let Value::Object(mut claims) = claims else { return Map::new() };
    claims.retain(|_, value| !value.is_null());
    claims
}

/// Makes the claims lie as `mode` wants.
fn bend(mode: &Mode, mut claims: Map<String, Value>) -> Map<String, Value> {
    let (name, value) = match mode {
        Mode::WrongAudience => ("aud", json!("another-client")),
        Mode::WrongIssuer => ("iss", json!("https://issuer.evil.test")),
        Mode::Expired => ("exp", json!(clock::now().as_second() - TTL_S)),
        Mode::OtherNonce => ("nonce", json!("another-nonce")),
        Mode::OtherParty => ("azp", json!("another-client")),
        Mode::Missing { claim } => {
            claims.remove(claim);
            return claims;
        }
        Mode::Honest
        | Mode::Unsigned
        | Mode::Hmac
        | Mode::OtherKey
        | Mode::Slow { .. }
        | Mode::Outage
        | Mode::AccessDenied => return claims,
    };
    claims.insert(name.to_owned(), value);
    claims
}

fn unsigned(claims: &Map<String, Value>) -> String {
    let part = |it: Value| URL_SAFE_NO_PAD.encode(it.to_string());
    format!("{}.{}.", part(json!({ "alg": "none", "typ": "JWT" })), part(json!(claims)))
}
