//! What a tenant wants running, and how far that has come.

use crate::{
    backup::Backup,
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
    /// What the next launch starts from. `None`: from an empty volume.
    #[serde(default)]
    pub backup: Option<Backup>,
    /// Counts halts that were undone, so that the next one is another execution.
    #[serde(default)]
    pub halts: u32,
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
    /// Its instance is being stopped and its data brought to safety.
    Halting,
    /// Nothing runs, because it is not paid for. Its data is kept.
    Suspended,
    Error,
    /// Its data is being deleted. There is no way back.
    Deleting,
    Deleted,
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
    HaltBegan,
    /// The instance goes on as if nothing had been.
    HaltUndone,
    /// Nothing runs any more, and nothing is to run until it is paid for again.
    Suspended,
    /// Paid for again.
    Resumed,
    /// Nothing runs any more, and it is to run elsewhere.
    MoveBegan,
    /// It has other limits than before.
    Resized,
    DeletionBegan,
    Deleted,
}

/// Where a project that was halted goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Purpose {
    /// Nowhere, until it is paid for again.
    Suspend,
    /// On another worker, under `plan`.
    Move { plan: PlanId },
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
            | (S::Error | S::Pending, E::RetryRequested)
            | (S::Suspended | S::Pending, E::Resumed)
            | (S::Halting | S::Pending, E::MoveBegan) => Ok(S::Pending),
            (S::Pending | S::Provisioning, E::ProvisioningBegan)
            | (S::Provisioning | S::Running, E::FinishUndone) => Ok(S::Provisioning),
            (S::Provisioning | S::Running, E::ProvisioningFinished)
            | (S::Halting | S::Running, E::HaltUndone)
            | (S::Running, E::Resized) => Ok(S::Running),
            (S::Pending | S::Provisioning | S::Error, E::ProvisioningFailed)
            // What a halt has not brought to safety is lost with the worker.
            | (S::Running | S::Halting | S::Error, E::InstanceLost) => Ok(S::Error),
            (S::Running | S::Halting, E::HaltBegan) => Ok(S::Halting),
            // Nothing of a failed one runs, so there is nothing to halt.
            (S::Halting | S::Error | S::Suspended, E::Suspended) => Ok(S::Suspended),
            (S::PendingPayment | S::Suspended | S::Error | S::Deleting, E::DeletionBegan) => {
                Ok(S::Deleting)
            }
            (S::Deleting | S::Deleted, E::Deleted) => Ok(S::Deleted),
            // Paid again while it is already on its way, or there: nothing new.
            (
                S::Provisioning | S::Running | S::Halting | S::Suspended | S::Error,
                E::Paid,
            ) => Ok(self),
            (_, _) => Err(IllegalTransition { from: self, event }),
        }
    }
}

impl Project {
    /// It is paid for again: the next attempt starts from its backup. Repeating is success.
    pub fn resumed(&self) -> Result<Self, IllegalTransition> {
        let state = self.state.after(Event::Resumed)?;
        Ok(if self.state == State::Pending { self.clone() } else { self.next_attempt(state) })
    }

    /// Its instance is halted and its data is `backup`. Repeating is success: one that has moved on
    /// already stays there.
    pub fn halted(
        &self,
        attempt: u32,
        purpose: Purpose,
        backup: Option<&Backup>,
    ) -> Result<Self, IllegalTransition> {
        let event = match purpose {
            Purpose::Suspend => Event::Suspended,
            Purpose::Move { .. } => Event::MoveBegan,
        };
        let has_moved = event == Event::MoveBegan && self.attempt == attempt + 1;
        if has_moved && self.state != State::Halting {
            return Ok(self.clone());
        }
        let kept = Self { backup: backup.or(self.backup.as_ref()).cloned(), ..self.clone() };
        let state = self.of_attempt(attempt, event)?;
        Ok(match purpose {
            Purpose::Suspend => Self { state, ..kept },
            Purpose::Move { plan } => Self { plan, ..kept.next_attempt(state) },
        })
    }

    /// Its instance has the limits of `plan` now. Repeating is success.
    pub fn resized(&self, attempt: u32, plan: PlanId) -> Result<Self, IllegalTransition> {
        let state = self.of_attempt(attempt, Event::Resized)?;
        Ok(Self { plan, state, ..self.clone() })
    }

    /// What `event` makes of it. `reason` is kept with it, or cleared.
    pub fn changed(&self, event: Event, reason: Option<&str>) -> Result<Self, IllegalTransition> {
        let state = self.state.after(event)?;
        let halts = self.halts + u32::from(self.state == State::Halting && state == State::Running);
        Ok(Self { state, halts, reason: reason.map(str::to_owned), ..self.clone() })
    }

    fn of_attempt(&self, attempt: u32, event: Event) -> Result<State, IllegalTransition> {
        let ours = self.attempt == attempt;
        let late = IllegalTransition { from: self.state, event };
        if ours { self.state.after(event) } else { Err(late) }
    }

    fn next_attempt(&self, state: State) -> Self {
        Self { state, attempt: self.attempt + 1, halts: 0, reason: None, ..self.clone() }
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
