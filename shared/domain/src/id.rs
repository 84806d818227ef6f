//! One registry of every identifier. Each kind is its own type and carries its own prefix,
//! so a `ProjectId` can be neither passed nor pasted where a `WorkerId` belongs.

/// What follows the prefix: lower-case letters and digits, so that an id can stand in a host name,
/// a container name, a shell word and an execution name without quoting.
fn is_body(body: &str) -> bool {
    (1..=MAX_BODY_LEN).contains(&body.len())
        && body.bytes().all(|it| it.is_ascii_lowercase() || it.is_ascii_digit() || it == b'-')
}

/// Characters after the prefix.
pub const MAX_BODY_LEN: usize = 40;

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident = $prefix:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            pub const PREFIX: &'static str = $prefix;

            /// `body` is what follows the prefix.
            pub fn new(body: &str) -> Result<Self, MalformedId> {
                Self::try_from(format!("{}{body}", Self::PREFIX))
            }

            pub fn as_str(&self) -> &str {
                &self.0
            }

            /// What follows the prefix.
            pub fn body(&self) -> &str {
                &self.0[Self::PREFIX.len()..]
            }
        }

        impl TryFrom<String> for $name {
            type Error = MalformedId;

            fn try_from(id: String) -> Result<Self, MalformedId> {
                match id.strip_prefix(Self::PREFIX) {
                    Some(body) if is_body(body) => Ok(Self(id)),
                    _ => Err(MalformedId { expected: Self::PREFIX, id }),
                }
            }
        }

        impl std::str::FromStr for $name {
            type Err = MalformedId;

            fn from_str(id: &str) -> Result<Self, MalformedId> {
                id.to_owned().try_into()
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> String {
                id.0
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(&self.0)
            }
        }
    )*};
}

#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{id}` is not `{expected}` followed by lower-case letters, digits and hyphens")]
pub struct MalformedId {
    pub expected: &'static str,
    pub id: String,
}

ids! {
    /// Who signs in.
    UserId = "usr_";
    /// Who pays; the boundary of isolation.
    TenantId = "ten_";
    /// One sign-in of one user; the handle by which it is revoked.
    SessionId = "ses_";
    /// One letter that asks somebody into a tenant.
    InvitationId = "inv_";
    /// One key for programs of one user in one tenant.
    AccessTokenId = "pat_";
    /// What a tenant wants running.
    ProjectId = "prj_";
    /// One run of a project on a worker; a new one each launch.
    InstanceId = "ins_";
    /// A machine that runs instances.
    WorkerId = "wrk_";
    /// A claim on a worker's capacity.
    ReservationId = "rsv_";
    /// An instance that was booted before anybody asked for it.
    BlankId = "blk_";
    /// A customer's own key to a provider of models.
    KeyId = "key_";
    /// One reading of what an instance has printed.
    LogsId = "log_";
    /// One archive that an owner brings along.
    ImportId = "imp_";
}

impl BlankId {
    pub fn reservation(&self) -> ReservationId {
        ReservationId(format!("{}{}", ReservationId::PREFIX, self.body()))
    }

    pub fn instance(&self) -> InstanceId {
        InstanceId(format!("{}{}", InstanceId::PREFIX, self.body()))
    }
}

impl ProjectId {
    /// What a change of plan claims beside: its own tombstone, since the reservation itself goes on.
    pub fn widening(&self, attempt: u32, cause: u64) -> ReservationId {
        ReservationId(format!("{}{}-{attempt}-{cause}", ReservationId::PREFIX, self.body()))
    }

    /// The claim that attempt number `attempt` makes on some worker. The same attempt always makes
    /// the same claim, which is what makes placing it repeatable.
    pub fn reservation(&self, attempt: u32) -> ReservationId {
        ReservationId(format!("{}{}-{attempt}", ReservationId::PREFIX, self.body()))
    }

    /// The run that attempt number `attempt` starts.
    pub fn instance(&self, attempt: u32) -> InstanceId {
        InstanceId(format!("{}{}-{attempt}", InstanceId::PREFIX, self.body()))
    }

    /// The worker that attempt number `attempt` buys if none has room.
    pub fn worker(&self, attempt: u32) -> WorkerId {
        WorkerId(format!("{}{}-{attempt}", WorkerId::PREFIX, self.body()))
    }
}

impl ReservationId {
    /// Whose attempt claims this, if it is the claim of an attempt.
    pub fn project(&self) -> Option<ProjectId> {
        let (project, attempt) = self.body().rsplit_once('-')?;
        let attempt = attempt.parse().ok()?;
        ProjectId::new(project).ok().filter(|it| it.reservation(attempt) == *self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_its_prefix_and_a_plain_body() {
        let cases = [
            ("a plain body", "prj_4k2x9q7hzd", true),
            ("another kind's prefix", "wrk_4k2x9q7hzd", false),
            ("no body", "prj_", false),
            ("upper case", "prj_ABC", false),
            ("a shell's meaning", "prj_a;reboot", false),
            ("a path", "prj_../x", false),
            ("too long", &format!("prj_{}", "a".repeat(MAX_BODY_LEN + 1)), false),
        ];
        for (case, id, good) in cases {
            assert_eq!(ProjectId::try_from(id.to_owned()).is_ok(), good, "{case}");
        }
    }

    #[test]
    fn ids_of_an_attempt_are_derived_and_stay_well_formed() {
        let project = ProjectId::new("4k2x9q7hzd").unwrap();
        assert_eq!(project.reservation(2).as_str(), "rsv_4k2x9q7hzd-2");
        assert!(ReservationId::try_from(String::from(project.reservation(u32::MAX))).is_ok());
        assert_eq!(project.reservation(7).project(), Some(project));
        for body in ["a", "a-", "a-b", "a-07"] {
            assert_eq!(ReservationId::new(body).unwrap().project(), None, "{body}");
        }
    }
}
