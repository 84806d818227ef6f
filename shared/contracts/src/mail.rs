//! Letters that wait to be sent.

use domain::{health::News, id::ProjectId, subscription::Occasion};
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
    /// Lets whoever reads this address choose a new password.
    ResetPassword { to: String, token: String },
    /// Somebody forgot the password of an account that there is not. Again only the mailbox's owner
    /// learns of it.
    NoAccount { to: String },
    /// Somebody set a password. If it was not its owner, they learn of it.
    PasswordChanged { to: String },
    /// A Google account opens this one from now on. If it is not its owner's, they learn of it.
    GoogleLinked { to: String },
    /// Asks whoever reads this address into a tenant, in the name of one of its owners.
    Invitation { to: String, token: String, tenant_name: String, invited_by: String },
    /// What became of a project because of what pays for it, or does not.
    Subscription { to: String, project_id: ProjectId, project_name: String, occasion: Occasion },
    /// What became of an instance that was ill, or what its plan gives too little of.
    Health { to: String, project_id: ProjectId, project_name: String, news: News },
}

/// Without the token: it opens an account, and messages get logged.
impl fmt::Debug for Letter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (name, to) = match self {
            Self::ConfirmAddress { to, token: _ } => ("ConfirmAddress", to),
            Self::AddressKnown { to } => ("AddressKnown", to),
            Self::ResetPassword { to, token: _ } => ("ResetPassword", to),
            Self::NoAccount { to } => ("NoAccount", to),
            Self::PasswordChanged { to } => ("PasswordChanged", to),
            Self::GoogleLinked { to } => ("GoogleLinked", to),
            Self::Invitation { to, token: _, tenant_name: _, invited_by: _ } => ("Invitation", to),
            Self::Subscription { to, project_id: _, project_name: _, occasion: _ } => {
                ("Subscription", to)
            }
            Self::Health { to, project_id: _, project_name: _, news: _ } => ("Health", to),
        };
        f.debug_struct(name).field("to", to).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::{health::Trouble, subscription::Hold};

    #[test]
    fn a_letter_reads_as_agreed_and_keeps_its_token_out_of_logs() {
        let (to, token) = (|| "ada@example.com".to_owned(), || "s3cret".to_owned());
        let cases = [
            (
                Letter::ConfirmAddress { to: to(), token: token() },
                r#"{"kind":"confirm_address","to":"ada@example.com","token":"s3cret"}"#,
            ),
            (
                Letter::ResetPassword { to: to(), token: token() },
                r#"{"kind":"reset_password","to":"ada@example.com","token":"s3cret"}"#,
            ),
            (Letter::NoAccount { to: to() }, r#"{"kind":"no_account","to":"ada@example.com"}"#),
            (
                Letter::PasswordChanged { to: to() },
                r#"{"kind":"password_changed","to":"ada@example.com"}"#,
            ),
            (
                Letter::GoogleLinked { to: to() },
                r#"{"kind":"google_linked","to":"ada@example.com"}"#,
            ),
            (
                Letter::Invitation {
                    to: to(),
                    token: token(),
                    tenant_name: "Engines".into(),
                    invited_by: "eve@example.com".into(),
                },
                r#"{"kind":"invitation","to":"ada@example.com","token":"s3cret","tenant_name":"Engines","invited_by":"eve@example.com"}"#,
            ),
        ];
        let about_money = Letter::Subscription {
            to: to(),
            project_id: "prj_1".parse().unwrap(),
            project_name: "mybot".into(),
            occasion: Occasion::Suspended { why: Hold::Unpaid },
        };
        let wire = r#"{"kind":"subscription","to":"ada@example.com","project_id":"prj_1","project_name":"mybot","occasion":{"kind":"suspended","why":"unpaid"}}"#;
        let about_health = Letter::Health {
            to: to(),
            project_id: "prj_1".parse().unwrap(),
            project_name: "mybot".into(),
            news: News::Unwell { trouble: Trouble::Silent },
        };
        let ill = r#"{"kind":"health","to":"ada@example.com","project_id":"prj_1","project_name":"mybot","news":{"kind":"unwell","trouble":"silent"}}"#;
        let cases = cases.into_iter().chain([(about_money, wire), (about_health, ill)]);
        for (letter, wire) in cases {
            assert_eq!(serde_json::to_string(&letter).unwrap(), wire);
            assert_eq!(serde_json::from_str::<Letter>(wire).unwrap(), letter);
            assert!(!format!("{letter:?}").contains("s3cret"));
        }
    }
}
