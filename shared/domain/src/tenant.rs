//! What a tenant is called, and what its people may do.

use crate::{email::EmailAddress, id::TenantId};
use serde::{Deserialize, Serialize};

/// What a person may do in a tenant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Everything, also with people and money. Each tenant has at least one.
    Owner,
    /// Everything with projects.
    Member,
}

/// What people call a tenant. Not unique.
///
/// It stands in letters to strangers who are invited: so it holds nothing that a mail program makes
/// a link of, and nothing that a header could stumble over.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct TenantName(String);

#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "must have 1 to {max} letters, digits, spaces and `-_&'+,()`, and full stops only at the end of a word",
    max = TenantName::MAX_LEN
)]
pub struct MalformedTenantName;

impl TenantName {
    /// Characters, not bytes.
    pub const MAX_LEN: usize = 60;

    /// The name that a tenant starts with: the part of its owner's address before the `@`.
    pub fn derived(owner: &EmailAddress) -> Self {
        let plain = |it: char| if it.is_ascii_alphanumeric() { it } else { ' ' };
        let words: String = local_part(owner).chars().map(plain).take(Self::MAX_LEN).collect();
        let name = words.split_whitespace().collect::<Vec<_>>().join(" ");
        Self(if name.is_empty() { "home".to_owned() } else { name })
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for TenantName {
    type Error = MalformedTenantName;

    fn try_from(name: String) -> Result<Self, MalformedTenantName> {
        let name = name.trim().to_owned();
        let is_plain = |it: char| it.is_alphanumeric() || " -_&'+,().".contains(it);
        // `Acme Inc.` is a name, `acme.example` is an address.
        let has_dot_inside = name.split(' ').any(|word| word.trim_end_matches('.').contains('.'));
        let fits = (1..=Self::MAX_LEN).contains(&name.chars().count());
        if fits && name.chars().all(is_plain) && !has_dot_inside {
            Ok(Self(name))
        } else {
            Err(MalformedTenantName)
        }
    }
}

impl From<TenantName> for String {
    fn from(name: TenantName) -> String {
        name.0
    }
}

fn local_part(address: &EmailAddress) -> &str {
    address.as_str().split('@').next().unwrap_or_default()
}

/// A tenant's label under the platform's domain. Unique.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Subdomain(String);

#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum MalformedSubdomain {
    #[error(
        "must have {min} to {max} lower-case letters, digits and single hyphens, and begin and end with a letter or digit",
        min = Subdomain::MIN_LEN,
        max = Subdomain::MAX_LEN
    )]
    Characters,
    #[error("is kept for the platform: choose another one")]
    Reserved,
}

/// Names that people would take for ours.
const RESERVED: [&str; 24] = [
    "1mins",
    "abuse",
    "account",
    "admin",
    "api",
    "app",
    "auth",
    "billing",
    "blog",
    "docs",
    "edge",
    "help",
    "login",
    "mail",
    "openclaw",
    "postmaster",
    "security",
    "site",
    "static",
    "status",
    "support",
    "test",
    "web",
    "www",
];

/// Characters of the tenant's id that tell it from another of the same name.
const SUFFIX_LEN: usize = 6;

impl Subdomain {
    pub const MIN_LEN: usize = 3;
    pub const MAX_LEN: usize = 30;

    /// What a new tenant may get, best first: the part of its owner's address before the `@`, then
    /// the same with random characters, which are the tenant's own.
    pub fn choices(owner: &EmailAddress, tenant: &TenantId) -> Vec<Self> {
        let plain =
            |it: char| if it.is_ascii_alphanumeric() { it.to_ascii_lowercase() } else { '-' };
        let words: String = local_part(owner).chars().map(plain).collect();
        let base = words.split('-').filter(|it| !it.is_empty()).collect::<Vec<_>>().join("-");
        let room = Self::MAX_LEN - SUFFIX_LEN - 1;
        let base = base.get(..room).unwrap_or(&base).trim_end_matches('-');
        let base = if base.is_empty() { "home" } else { base };
        let own: String =
            tenant.body().chars().filter(char::is_ascii_alphanumeric).take(SUFFIX_LEN).collect();
        let spelled = [base.to_owned(), format!("{base}-{own}")];
        spelled.into_iter().filter_map(|it| Self::try_from(it).ok()).collect()
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for Subdomain {
    type Error = MalformedSubdomain;

    fn try_from(label: String) -> Result<Self, MalformedSubdomain> {
        let is_word = |it: &str| {
            !it.is_empty() && it.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
        };
        let fits = (Self::MIN_LEN..=Self::MAX_LEN).contains(&label.len());
        if !fits || !label.split('-').all(is_word) {
            return Err(MalformedSubdomain::Characters);
        }
        if RESERVED.contains(&label.as_str()) {
            return Err(MalformedSubdomain::Reserved);
        }
        Ok(Self(label))
    }
}

impl From<Subdomain> for String {
    fn from(label: Subdomain) -> String {
        label.0
    }
}

impl std::fmt::Display for Subdomain {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_name_is_neither_a_link_nor_a_header() {
        let long = "a".repeat(TenantName::MAX_LEN + 1);
        let cases = [
            ("plain", "Ada's Engines", Some("Ada's Engines")),
            ("spaces around", "  Ada ", Some("Ada")),
            ("another script", "Örtliche Bäckerei", Some("Örtliche Bäckerei")),
            ("a full stop after a word", "Acme Inc. & Co.", Some("Acme Inc. & Co.")),
            ("a host", "Visit evil.example", None),
            ("a URL", "https://evil", None),
            ("a tag", "<b>", None),
            ("a header", "Ada\r\nBcc: eve", None),
            ("nothing", "  ", None),
            ("long", &long, None),
        ];
        for (case, name, good) in cases {
            let parsed = TenantName::try_from(name.to_owned()).ok();
            assert_eq!(parsed.as_ref().map(TenantName::as_str), good, "{case}");
        }
    }

    #[test]
    fn a_subdomain_is_a_label_that_is_not_ours() {
        use MalformedSubdomain::{Characters, Reserved};
        let cases = [
            ("plain", "ada", Ok(())),
            ("words and digits", "ada-2-go", Ok(())),
            ("ours", "admin", Err(Reserved)),
            ("short", "ad", Err(Characters)),
            ("long", &"a".repeat(31), Err(Characters)),
            ("upper case", "Ada", Err(Characters)),
            ("a hyphen first", "-ada", Err(Characters)),
            ("a hyphen last", "ada-", Err(Characters)),
            ("two hyphens, as of a name in another script", "xn--ada", Err(Characters)),
            ("two labels", "ada.eve", Err(Characters)),
        ];
        for (case, label, expected) in cases {
            assert_eq!(Subdomain::try_from(label.to_owned()).map(|_| ()), expected, "{case}");
        }
    }

    fn address(local_part: &str) -> EmailAddress {
        EmailAddress::try_from(format!("{local_part}@example.com")).expect("an address")
    }

    #[test]
    fn a_new_tenant_is_called_after_its_owners_address() {
        let tenant = TenantId::new("x1y2z3w4").unwrap();
        let cases = [
            ("plain", "ada", vec!["ada", "ada-x1y2z3"]),
            ("words", "ada.love+1mins", vec!["ada-love-1mins", "ada-love-1mins-x1y2z3"]),
            ("ours", "admin", vec!["admin-x1y2z3"]),
            ("short", "a", vec!["a-x1y2z3"]),
            ("nothing usable", "_", vec!["home", "home-x1y2z3"]),
        ];
        for (case, local_part, expected) in cases {
            let choices = Subdomain::choices(&address(local_part), &tenant);
            let choices: Vec<_> = choices.iter().map(Subdomain::as_str).collect();
            assert_eq!(choices, expected, "{case}");
        }
    }

    proptest! {
        #[test]
        fn whatever_the_address_there_is_a_name_of_ones_own(
            local_part in "[a-z0-9!#$%&'*+/=?^_`{|}~-]{1,30}([.][a-z0-9_+-]{1,16}){0,2}",
        ) {
            let (owner, tenant) = (address(&local_part), TenantId::new("x1y2z3w4").unwrap());
            let choices = Subdomain::choices(&owner, &tenant);
            prop_assert!(choices.last().unwrap().as_str().ends_with("x1y2z3"));
            let name = TenantName::derived(&owner);
            prop_assert_eq!(TenantName::try_from(name.as_str().to_owned()), Ok(name));
        }
    }
}
