//! What nobody can guess.

use std::fmt::Write;

/// More than anybody can try.
const LEN: usize = 32;

/// A new secret in hexadecimal digits.
///
/// # Panics
///
/// Without randomness: there is no security to be had then, and nothing worth doing.
pub fn secret() -> String {
    let mut bytes = [0; LEN];
    getrandom::fill(&mut bytes).expect("the system has randomness");
    bytes.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").expect("a string takes everything");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_plain_and_never_the_same() {
        let (one, two) = (secret(), secret());
        assert_ne!(one, two);
        assert_eq!(one.len(), 2 * LEN);
        assert!(one.bytes().all(|it| it.is_ascii_hexdigit()));
    }
}
