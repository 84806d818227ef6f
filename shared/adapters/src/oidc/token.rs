//! Which id tokens are believed.

use domain::email::EmailAddress;
use jiff::Timestamp;
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, decode_header};
use ports::identity_provider::{Claims, ExchangeError, Identity};
use serde::Deserialize;
use serde_json::Value;

/// How far the issuer's clock and ours may differ.
const LEEWAY_S: i64 = 60;

/// `OpenID` Connect allows a subject no more. It becomes part of a key.
const MAX_SUBJECT_LEN: usize = 255;

pub(super) struct Rules {
    validation: Validation,
    issuer: String,
    client_id: String,
}

/// Everything is optional, so that what is missing is refused by name.
#[derive(Deserialize)]
struct Body {
    sub: String,
    exp: i64,
    #[serde(default)]
    aud: Value,
    nonce: Option<String>,
    /// Who asked for the token.
    azp: Option<String>,
    email: Option<String>,
    #[serde(default)]
    email_verified: Value,
    hd: Option<String>,
}

/// The name of the key that signed `token`, by the token's own words.
pub(super) fn key_id(token: &str) -> Result<String, ExchangeError> {
    let header = decode_header(token).map_err(|it| untrusted(it.to_string()))?;
    header.kid.ok_or_else(|| untrusted("it does not say which key signed it"))
}

impl Rules {
    pub(super) fn of(issuer: &str, client_id: &str) -> Self {
        // One algorithm, chosen by us: a token that could choose would choose one without a key.
        let mut validation = Validation::new(Algorithm::RS256);
        validation.set_issuer(&names(issuer));
        validation.set_audience(&[client_id]);
        // By default a token that has no issuer or audience at all passes.
        validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
        // Checked in `open`, against our own clock.
        validation.validate_exp = false;
        Self { validation, issuer: issuer.to_owned(), client_id: client_id.to_owned() }
    }

    /// What `token` says, if it is signed with `key` and answers the question that had `nonce`.
    pub(super) fn open(
        &self,
        token: &str,
        key: &DecodingKey,
        nonce: &str,
        now: Timestamp,
    ) -> Result<Claims, ExchangeError> {
        let body: Body =
            decode(token, key, &self.validation).map_err(|it| untrusted(it.to_string()))?.claims;
        if body.exp + LEEWAY_S <= now.as_second() {
            return Err(untrusted("it is over"));
        }
        if body.nonce.as_deref() != Some(nonce) {
            return Err(untrusted("it answers another question"));
        }
        if !self.is_ours(&body) {
            return Err(untrusted("somebody else asked for it"));
        }
        if !(1..=MAX_SUBJECT_LEN).contains(&body.sub.len()) {
            return Err(untrusted("its subject is none"));
        }
        Ok(Claims {
            identity: Identity { issuer: self.issuer.clone(), subject: body.sub },
            email: body.email.and_then(|it| EmailAddress::try_from(it).ok()),
            email_verified: body.email_verified == Value::Bool(true),
            organisation: body.hd,
        })
    }

    /// Whether the token was made at our asking. With several audiences only `azp` tells.
    fn is_ours(&self, body: &Body) -> bool {
        match &body.azp {
            Some(party) => *party == self.client_id,
            None => body.aud.as_array().is_none_or(|it| it.len() == 1),
        }
    }
}

/// What an issuer calls itself: Google at times leaves `https://` away.
fn names(issuer: &str) -> Vec<&str> {
    std::iter::once(issuer).chain(issuer.strip_prefix("https://")).collect()
}

fn untrusted(why: impl Into<String>) -> ExchangeError {
    ExchangeError::Untrusted(why.into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use jsonwebtoken::{EncodingKey, Header, encode};
    use serde_json::json;

    const NOW_S: i64 = 1_795_262_400;
    const SECRET: &[u8] = b"0123456789abcdef0123456789abcdef";

    /// The rules without the signature, which the tests against the stand-in look at.
    fn rules() -> Rules {
        let mut rules = Rules::of("https://accounts.google.com", "client");
        rules.validation.algorithms = vec![Algorithm::HS256];
        rules
    }

    fn claims() -> Value {
        json!({
            "iss": "https://accounts.google.com", "aud": "client", "azp": "client", "sub": "1",
            "exp": NOW_S + 3600, "nonce": "n", "email": "Ada@Gmail.com", "email_verified": true,
        })
    }

    fn with(name: &str, value: impl Into<Value>) -> Value {
        let mut claims = claims();
        claims[name] = value.into();
        claims
    }

    fn without(name: &str) -> Value {
        let mut claims = claims();
        claims.as_object_mut().unwrap().remove(name);
        claims
    }

    fn opened(claims: &Value) -> Result<Claims, ExchangeError> {
        let key = EncodingKey::from_secret(SECRET);
        let token = encode(&Header::new(Algorithm::HS256), claims, &key).unwrap();
        let now = Timestamp::from_second(NOW_S).unwrap();
        rules().open(&token, &DecodingKey::from_secret(SECRET), "n", now)
    }

    #[test]
    fn only_the_answer_to_our_question_is_believed() {
        let no_party = |audience: Value| {
            let mut claims = without("azp");
            claims["aud"] = audience;
            claims
        };
        let cases = [
            ("as agreed", claims(), true),
            ("Google's other name", with("iss", "accounts.google.com"), true),
            ("another issuer", with("iss", "https://accounts.google.com.evil.test"), false),
            ("no issuer", without("iss"), false),
            ("another audience", with("aud", "other"), false),
            ("no audience", without("aud"), false),
            ("several, asked for by us", with("aud", json!(["client", "other"])), true),
            ("several, asked for by nobody", no_party(json!(["client", "other"])), false),
            ("one in a list", no_party(json!(["client"])), true),
            ("asked for by somebody else", with("azp", "other"), false),
            ("no word on who asked", without("azp"), true),
            ("another nonce", with("nonce", "m"), false),
            ("no nonce", without("nonce"), false),
            ("over within the leeway", with("exp", NOW_S - 59), true),
            ("over", with("exp", NOW_S - 60), false),
            ("never over", without("exp"), false),
            ("no subject", without("sub"), false),
            ("an empty subject", with("sub", ""), false),
            ("an endless subject", with("sub", "1".repeat(256)), false),
            ("no address", without("email"), true),
        ];
        for (case, claims, believed) in cases {
            assert_eq!(opened(&claims).is_ok(), believed, "{case}");
        }
    }

    #[test]
    fn an_identity_has_one_name_and_an_address_is_verified_by_a_true_only() {
        let ada = opened(&with("iss", "accounts.google.com")).unwrap();
        assert_eq!(ada.identity.issuer, "https://accounts.google.com");
        assert_eq!(ada.email.as_ref().map(EmailAddress::as_str), Some("ada@gmail.com"));
        assert!(ada.email_verified);
        for claims in [with("email_verified", "true"), without("email_verified")] {
            assert!(!opened(&claims).unwrap().email_verified);
        }
        assert_eq!(opened(&with("email", "nobody")).unwrap().email, None);
    }
}
