//! Addresses of people, in one spelling.

use std::fmt;

/// An e-mail address in the one spelling under which it is unique: lower case.
///
/// Narrower than RFC 5321 on purpose. Quoted local parts, comments and non-ASCII addresses are
/// refused; what is left cannot break out of a mail header.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EmailAddress(String);

impl EmailAddress {
    pub const MAX_LEN: usize = 254;
    pub const MAX_LOCAL_LEN: usize = 64;

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be an e-mail address such as `ada@example.com`")]
pub struct MalformedAddress;

impl TryFrom<String> for EmailAddress {
    type Error = MalformedAddress;

    fn try_from(address: String) -> Result<Self, MalformedAddress> {
        let address = address.trim().to_ascii_lowercase();
        let (local, domain) = address.split_once('@').ok_or(MalformedAddress)?;
        let dot_atom = |it: &str, also: &str| {
            it.split('.').all(|atom| {
                !atom.is_empty()
                    && atom.chars().all(|it| it.is_ascii_alphanumeric() || also.contains(it))
            })
        };
        let fits = address.len() <= Self::MAX_LEN && local.len() <= Self::MAX_LOCAL_LEN;
        let domain_is_whole = domain.contains('.') && dot_atom(domain, "-");
        if fits && domain_is_whole && dot_atom(local, "!#$%&'*+-/=?^_`{|}~") {
            Ok(Self(address))
        } else {
            Err(MalformedAddress)
        }
    }
}

impl fmt::Display for EmailAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_has_one_spelling_and_nothing_that_a_header_could_stumble_over() {
        let long_local = format!("{}@example.com", "a".repeat(65));
        let long = format!("a@{}.example.com", "b".repeat(250));
        let cases = [
            ("plain", "ada@example.com", Some("ada@example.com")),
            ("upper case", "Ada.L@Example.COM", Some("ada.l@example.com")),
            ("a tag", "ada+1mins@example.com", Some("ada+1mins@example.com")),
            ("spaces around", " ada@example.com ", Some("ada@example.com")),
            ("no at", "ada.example.com", None),
            ("two ats", "ada@b@example.com", None),
            ("no local part", "@example.com", None),
            ("no dot in the domain", "ada@localhost", None),
            ("empty label", "ada@example..com", None),
            ("a second header", "ada@example.com\r\nBcc: eve@example.com", None),
            ("a display name", "Ada <ada@example.com>", None),
            ("two addresses", "ada@example.com,eve@example.com", None),
            ("not ASCII", "adä@example.com", None),
            ("long local part", &long_local, None),
            ("long", &long, None),
        ];
        for (case, address, normal) in cases {
            let parsed = EmailAddress::try_from(address.to_owned()).ok();
            assert_eq!(parsed.as_ref().map(EmailAddress::as_str), normal, "{case}");
        }
    }
}
