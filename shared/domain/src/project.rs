//! What a tenant wants running, and how far that has come.

use crate::{
    id::{ProjectId, TenantId},
    plan::PlanId,
    route::HostName,
};
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Project {
    pub id: ProjectId,
    pub tenant_id: TenantId,
    pub name: ProjectName,
    pub plan: PlanId,
    pub host: HostName,
    pub state: State,
    /// Counts provisionings. It fences: what belongs to a lower attempt is late and refused.
    pub attempt: u32,
    /// Why the last attempt failed, in words for the owner. Only in [`State::Error`].
    pub reason: Option<String>,
    /// The payment provider's name of what pays for this project.
    pub subscription_id: Option<String>,
    pub created_at: jiff::Timestamp,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    PendingPayment,
    /// Paid; its provisioning is about to start.
    Pending,
    Provisioning,
    Running,
    Error,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    Paid,
    ProvisioningBegan,
    ProvisioningFinished,
    /// The finish itself has to be taken back, by its own saga only.
    FinishUndone,
    ProvisioningFailed,
    /// Its worker is gone, and with it what ran there.
    InstanceLost,
    /// The owner, or an operator, wants another attempt.
    RetryRequested,
}

#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("{event:?} cannot happen to a project that is {from:?}")]
pub struct IllegalTransition {
    pub from: State,
    pub event: Event,
}

impl State {
    /// The only place where a project changes state. Repeating an event is not an error.
    pub fn after(self, event: Event) -> Result<State, IllegalTransition> {
        use {Event as E, State as S};
        match (self, event) {
            (S::PendingPayment | S::Pending, E::Paid)
            | (S::Error | S::Pending, E::RetryRequested) => Ok(S::Pending),
            (S::Pending | S::Provisioning, E::ProvisioningBegan)
            | (S::Provisioning | S::Running, E::FinishUndone) => Ok(S::Provisioning),
            (S::Provisioning | S::Running, E::ProvisioningFinished) => Ok(S::Running),
            (S::Pending | S::Provisioning | S::Error, E::ProvisioningFailed)
            | (S::Running | S::Error, E::InstanceLost) => Ok(S::Error),
            // Paid again while it is already on its way, or there: nothing new.
            (S::Provisioning | S::Running | S::Error, E::Paid) => Ok(self),
            (S::PendingPayment | S::Running | S::Error, E::ProvisioningBegan)
            | (
                S::PendingPayment | S::Pending | S::Error,
                E::ProvisioningFinished | E::FinishUndone,
            )
            | (S::PendingPayment | S::Running, E::ProvisioningFailed)
            // A provisioning that loses its worker fails by its own saga.
            | (S::PendingPayment | S::Pending | S::Provisioning, E::InstanceLost)
            | (S::PendingPayment | S::Provisioning | S::Running, E::RetryRequested) => {
                Err(IllegalTransition { from: self, event })
            }
        }
    }
}

/// A project's name: the readable half of its host name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ProjectName(String);

impl ProjectName {
    pub const MAX_LEN: usize = 30;

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum MalformedName {
    #[error("must have 1 to {} characters", ProjectName::MAX_LEN)]
    Length,
    #[error(
        "may hold lower-case letters, digits and single hyphens only, and starts with a letter"
    )]
    Characters,
}

impl TryFrom<String> for ProjectName {
    type Error = MalformedName;

    fn try_from(name: String) -> Result<Self, MalformedName> {
        if !(1..=Self::MAX_LEN).contains(&name.len()) {
            return Err(MalformedName::Length);
        }
        let plain = |it: u8| it.is_ascii_lowercase() || it.is_ascii_digit() || it == b'-';
        let starts_well = name.as_bytes()[0].is_ascii_lowercase();
        if !starts_well || !name.bytes().all(plain) || name.ends_with('-') || name.contains("--") {
            return Err(MalformedName::Characters);
        }
        Ok(Self(name))
    }
}

impl From<ProjectName> for String {
    fn from(name: ProjectName) -> String {
        name.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_what_a_host_name_can_hold() {
        let cases = [
            ("plain", "mybot", true),
            ("digits and hyphens", "my-bot-2", true),
            ("empty", "", false),
            ("upper case", "MyBot", false),
            ("a dot would be another host", "my.bot", false),
            ("leading digit", "2bot", false),
            ("trailing hyphen", "bot-", false),
            ("punycode", "xn--bot", false),
            ("longest", &"a".repeat(30), true),
            ("too long", &"a".repeat(31), false),
        ];
        for (case, name, good) in cases {
            assert_eq!(ProjectName::try_from(name.to_owned()).is_ok(), good, "{case}");
        }
    }

    #[test]
    fn a_project_that_was_never_paid_for_is_never_provisioned() {
        assert!(State::PendingPayment.after(Event::ProvisioningBegan).is_err());
        assert!(State::PendingPayment.after(Event::RetryRequested).is_err());
    }

    #[test]
    fn no_event_makes_a_running_project_fail_directly() {
        assert!(State::Running.after(Event::ProvisioningFailed).is_err());
        let undone = State::Running.after(Event::FinishUndone).unwrap();
        assert_eq!(undone.after(Event::ProvisioningFailed), Ok(State::Error));
    }
}
