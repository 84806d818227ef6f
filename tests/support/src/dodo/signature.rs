//! Standard Webhooks: what a receiver can check.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

const SECRET_PREFIX: &str = "whsec_";

/// A shared secret as its owner copies it: `whsec_` and base64.
#[derive(Clone, PartialEq, Eq)]
pub struct WebhookSecret(Vec<u8>);

impl std::fmt::Debug for WebhookSecret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("WebhookSecret(…)")
    }
}

#[derive(Debug, thiserror::Error)]
#[error("a webhook secret is `whsec_` followed by base64")]
pub struct MalformedSecret;

impl std::str::FromStr for WebhookSecret {
    type Err = MalformedSecret;

    fn from_str(text: &str) -> Result<Self, MalformedSecret> {
        let body = text.strip_prefix(SECRET_PREFIX).ok_or(MalformedSecret)?;
        STANDARD.decode(body).map(Self).map_err(|_| MalformedSecret)
    }
}

/// The `webhook-signature` header: one signature a secret, separated by spaces, so that a receiver
/// who knows only the old or only the new secret accepts it.
pub fn sign(secrets: &[WebhookSecret], id: &str, timestamp_s: i64, body: &str) -> String {
    let signatures: Vec<String> = secrets
        .iter()
        .map(|secret| {
            let mut mac =
                Hmac::<Sha256>::new_from_slice(&secret.0).expect("HMAC takes keys of any length");
            mac.update(format!("{id}.{timestamp_s}.{body}").as_bytes());
            format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()))
        })
        .collect();
    signatures.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD";
    const ID: &str = "msg_27UH4WbU6Z5A5EzD8u03UvzRbpk";
    const BODY: &str = r#"{"email":"test@example.com","username":"test_user"}"#;
    const SIGNATURE: &str = "v1,tZ1I4/hDygAJgO5TYxiSd6Sd0kDW6hPenDe+bTa3Kkw=";

    #[test]
    fn the_standards_own_example_is_signed_as_it_says() {
        assert_eq!(sign(&[SECRET.parse().unwrap()], ID, 1_649_367_553, BODY), SIGNATURE);
    }

    #[test]
    fn during_a_rotation_both_secrets_sign() {
        let secrets = ["whsec_bmV3".parse().unwrap(), SECRET.parse().unwrap()];
        let header = sign(&secrets, ID, 1_649_367_553, BODY);
        let signatures: Vec<_> = header.split(' ').collect();
        assert_eq!(signatures.len(), 2);
        assert_eq!(signatures[1], SIGNATURE);
    }

    #[test]
    fn a_secret_without_its_prefix_is_refused() {
        assert!("C2FVsBQIhrscChlQIMV+b5sSYspob7oD".parse::<WebhookSecret>().is_err());
        assert!("whsec_***".parse::<WebhookSecret>().is_err());
    }
}
