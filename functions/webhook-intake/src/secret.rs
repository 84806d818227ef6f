//! The secrets that a sender may sign with.

use base64::{Engine, engine::general_purpose::STANDARD};

/// One secret, or two while it is rotated: Dodo signs with the old one for another day.
pub struct Secrets(Vec<Vec<u8>>);

/// The shortest key that the Standard Webhooks specification allows.
const MIN_KEY_BYTES: usize = 24;

#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "webhook secrets are one or two of `whsec_` and the base64 of at least {MIN_KEY_BYTES} bytes"
)]
pub struct WeakSecret;

impl std::str::FromStr for Secrets {
    type Err = WeakSecret;

    /// Secrets separated by white space or commas. None at all is refused, and so are more than two, of
    /// which one was forgotten: an empty key would verify whatever
    /// anybody signs with it.
    fn from_str(text: &str) -> Result<Self, WeakSecret> {
        let parts = text.split(|it: char| it.is_whitespace() || it == ',');
        let keys: Vec<_> = parts.filter(|it| !it.is_empty()).map(key).collect::<Result<_, _>>()?;
        if (1..=2).contains(&keys.len()) { Ok(Self(keys)) } else { Err(WeakSecret) }
    }
}

fn key(secret: &str) -> Result<Vec<u8>, WeakSecret> {
    let encoded = secret.strip_prefix("whsec_").ok_or(WeakSecret)?;
    let key = STANDARD.decode(encoded).map_err(|_| WeakSecret)?;
    if key.len() < MIN_KEY_BYTES { Err(WeakSecret) } else { Ok(key) }
}

impl Secrets {
    pub(crate) fn keys(&self) -> impl Iterator<Item = &[u8]> {
        self.0.iter().map(Vec::as_slice)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_that_anybody_could_guess_is_refused() {
        let strong = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD";
        let cases = [
            ("nothing", "", false),
            ("white space", " \n", false),
            ("an empty key", "whsec_", false),
            ("a short key", "whsec_c2hvcnQ=", false),
            ("not base64", "whsec_%%%%", false),
            ("no prefix", "C2FVsBQIhrscChlQIMV+b5sSYspob7oD", false),
            ("one", strong, true),
            ("two during a rotation", &format!("{strong} {strong}"), true),
            ("two with a comma", &format!("{strong}, {strong}"), true),
            ("three", &format!("{strong} {strong} {strong}"), false),
            ("only a comma", ",", false),
            ("one of two is weak", &format!("{strong} whsec_"), false),
        ];
        for (case, text, good) in cases {
            assert_eq!(text.parse::<Secrets>().is_ok(), good, "{case}");
        }
    }
}
