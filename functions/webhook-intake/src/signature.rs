//! Standard Webhooks signatures.
//!
//! Written here and not taken from the crate `standardwebhooks`: version 1.0.1 accepts an empty
//! secret and reads the system clock.

use crate::secret::Secrets;
use base64::{Engine, engine::general_purpose::STANDARD};
use hmac::{Hmac, KeyInit, Mac};
use jiff::Timestamp;
use sha2::Sha256;

/// How far the sender's clock may be from ours, either way. Bounds a replay.
const TOLERANCE_S: i64 = 300;

/// What a delivery says of itself in its headers.
pub(crate) struct Signed<'a> {
    pub(crate) id: &'a str,
    /// Seconds since 1970, as text.
    pub(crate) timestamp: &'a str,
    /// A space-separated list of `v1,<base64>`; other versions are passed over.
    pub(crate) signatures: &'a str,
    /// As received, to the byte.
    pub(crate) body: &'a [u8],
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Refusal {
    #[error("the header `webhook-timestamp` is not a number of seconds")]
    MalformedTimestamp,
    #[error("the header `webhook-timestamp` is more than five minutes away from now")]
    Stale,
    #[error("the header `webhook-signature` does not match the body")]
    WrongSignature,
}

pub(crate) fn verify(secrets: &Secrets, now: Timestamp, signed: &Signed) -> Result<(), Refusal> {
    let sent_at: i64 = signed.timestamp.parse().map_err(|_| Refusal::MalformedTimestamp)?;
    if now.as_second().abs_diff(sent_at) > TOLERANCE_S.unsigned_abs() {
        return Err(Refusal::Stale);
    }
    let offered: Vec<Vec<u8>> = signed
        .signatures
        .split(' ')
        .filter_map(|it| STANDARD.decode(it.strip_prefix("v1,")?).ok())
        .collect();
    let matches = |key: &[u8]| offered.iter().any(|it| is_signature(key, signed, it));
    if secrets.keys().any(matches) { Ok(()) } else { Err(Refusal::WrongSignature) }
}

/// Compares in constant time.
fn is_signature(key: &[u8], signed: &Signed, signature: &[u8]) -> bool {
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key) else {
        return false;
    };
    for part in [signed.id.as_bytes(), b".", signed.timestamp.as_bytes(), b".", signed.body] {
        mac.update(part);
    }
    mac.verify_slice(signature).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD";
    const OTHER: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    const AT: i64 = 1_649_367_553;
    /// The specification's own vector.
    const GOOD: Signed = Signed {
        id: "msg_27UH4WbU6Z5A5EzD8u03UvzRbpk",
        timestamp: "1649367553",
        signatures: "v1,tZ1I4/hDygAJgO5TYxiSd6Sd0kDW6hPenDe+bTa3Kkw=",
        body: br#"{"email":"test@example.com","username":"test_user"}"#,
    };

    fn verified(secrets: &str, at: i64, signed: &Signed) -> Result<(), Refusal> {
        verify(&secrets.parse().unwrap(), Timestamp::from_second(at).unwrap(), signed)
    }

    #[test]
    fn the_vector_of_the_specification_verifies() {
        assert_eq!(verified(SECRET, AT, &GOOD), Ok(()));
    }

    #[test]
    fn a_rotation_verifies_with_either_secret_and_among_several_signatures() {
        let both = format!("{OTHER} {SECRET}");
        assert_eq!(verified(&both, AT, &GOOD), Ok(()));
        let several = format!("v1,AAAA {} v1a,AAAA", GOOD.signatures);
        assert_eq!(verified(SECRET, AT, &Signed { signatures: &several, ..GOOD }), Ok(()));
    }

    #[test]
    fn what_was_changed_or_is_old_is_refused() {
        use Refusal::{MalformedTimestamp, Stale, WrongSignature};
        let cases = [
            ("another secret", OTHER, AT, GOOD, WrongSignature),
            ("another body", SECRET, AT, Signed { body: b"{}", ..GOOD }, WrongSignature),
            ("another id", SECRET, AT, Signed { id: "msg_2", ..GOOD }, WrongSignature),
            ("no signature", SECRET, AT, Signed { signatures: "", ..GOOD }, WrongSignature),
            (
                "unknown version",
                SECRET,
                AT,
                Signed { signatures: "v2,AAAA", ..GOOD },
                WrongSignature,
            ),
            ("too old", SECRET, AT + 301, GOOD, Stale),
            ("from the future", SECRET, AT - 301, GOOD, Stale),
            ("no number", SECRET, AT, Signed { timestamp: "now", ..GOOD }, MalformedTimestamp),
        ];
        for (case, secret, at, signed, refusal) in cases {
            assert_eq!(verified(secret, at, &signed), Err(refusal), "{case}");
        }
    }
}
