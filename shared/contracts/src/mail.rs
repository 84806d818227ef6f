//! Letters that wait to be sent.

use serde::{Deserialize, Serialize};
use std::fmt;

#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Letter {
    /// Proves that whoever signed up reads this address.
    ConfirmAddress { to: String, token: String },
    /// Somebody signed up with an address that has an account already. Its owner is told, and
    /// nobody else: the answer to the sign-up is the same as ever.
    AddressKnown { to: String },
    /// Asks whoever reads this address into a tenant, in the name of one of its owners.
    Invitation { to: String, token: String, tenant_name: String, invited_by: String },
}

/// Without the token: it opens an account, and messages get logged.
impl fmt::Debug for Letter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ConfirmAddress { to, token: _ } => {
                f.debug_struct("ConfirmAddress").field("to", to).finish_non_exhaustive()
            }
            Self::AddressKnown { to } => f.debug_struct("AddressKnown").field("to", to).finish(),
            Self::Invitation { to, token: _, tenant_name: _, invited_by: _ } => {
                f.debug_struct("Invitation").field("to", to).finish_non_exhaustive()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_letter_reads_as_agreed_and_keeps_its_token_out_of_logs() {
        let letter =
            Letter::ConfirmAddress { to: "ada@example.com".into(), token: "s3cret".into() };
        let wire = r#"{"kind":"confirm_address","to":"ada@example.com","token":"s3cret"}"#;
        assert_eq!(serde_json::to_string(&letter).unwrap(), wire);
        assert_eq!(serde_json::from_str::<Letter>(wire).unwrap(), letter);
        assert!(!format!("{letter:?}").contains("s3cret"));
        let letter = Letter::Invitation {
            to: "eve@example.com".into(),
            token: "s3cret".into(),
            tenant_name: "Engines".into(),
            invited_by: "ada@example.com".into(),
        };
        let wire = r#"{"kind":"invitation","to":"eve@example.com","token":"s3cret","tenant_name":"Engines","invited_by":"ada@example.com"}"#;
        assert_eq!(serde_json::to_string(&letter).unwrap(), wire);
        assert_eq!(serde_json::from_str::<Letter>(wire).unwrap(), letter);
        assert!(!format!("{letter:?}").contains("s3cret"));
    }
}
