//! What a tenant wants running, and how far that has come.

#[cfg(test)]
mod tests;

use crate::{
    backup::{Backup, Choice},
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
    /// The number of the next halt of this attempt, or of the one under way: one more than the last
    /// that was undone. It fences: what belongs to a lower number is late and refused.
    #[serde(default)]
    pub halts: u32,
    /// The cause of the change of plan that was recorded, or taken back, last. What has a lower one is
    /// late and refused.
    #[serde(default)]
    pub plan_cause: Option<u64>,
    /// Its owner wants it to run also while nobody uses it, whatever its plan says.
    #[serde(default)]
    pub keep_awake: bool,
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
    /// Nothing runs, because its owner wants it so. Its data is kept, nothing is reserved.
    Stopped,
    /// Nothing runs, because nobody uses it. Its data is kept, nothing is reserved, and whoever comes to it
    /// wakes it.
    Asleep,
    /// Nothing runs, because it is not paid for. Its data is kept.
    Suspended,
    Error,
    /// Its data is being deleted. There is no way back to it.
    Deleting,
    /// Nothing of it is left but its record. It may be paid for again, and then begins with nothing.
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
    /// Its worker is gone, and it goes on elsewhere from its newest backup.
    Replaced,
    /// The owner, or an operator, wants another attempt.
    RetryRequested,
    HaltBegan,
    /// The instance goes on as if nothing had been.
    HaltUndone,
    /// Nothing runs any more, and nothing is to run until its owner starts it.
    Stopped,
    /// Nothing runs any more, until somebody comes to it.
    FellAsleep,
    /// Its owner wants it to run again, or somebody has come to one that is asleep.
    StartRequested,
    /// The next attempt is to start from a backup that its owner has chosen.
    BackupChosen,
    /// Nothing runs any more, and nothing is to run until it is paid for again.
    Suspended,
    /// Paid for again.
    Resumed,
    /// Nothing runs any more, and it is to run elsewhere.
    MoveBegan,
    /// It has other limits than before.
    Resized,
    /// It has another plan, and nothing runs that would have its limits.
    PlanNoted,
    /// Its data was copied while it ran.
    BackedUp,
    DeletionBegan,
    Deleted,
    /// Paid for again after everything of it was deleted.
    BeganAnew,
}

/// One plan in the place of another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PlanChange {
    pub from: PlanId,
    pub to: PlanId,
    /// Grows from change to change.
    pub cause: u64,
}

/// Where a project that was halted goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Purpose {
    /// Nowhere, until it is paid for again.
    Suspend,
    /// On another worker, under `plan`.
    Move { plan: PlanId },
    /// Nowhere, until its owner starts it.
    Stop,
    /// Nowhere, until somebody comes to it.
    Sleep,
    /// At what it knew when `choice` was taken.
    Restore { choice: Choice },
}

#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("{event:?} cannot happen to a project that is {from:?}")]
pub struct IllegalTransition {
    pub from: State,
    pub event: Event,
}

/// Why a project is not deleted.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum DeletionRefused {
    /// Somebody pays for it by now.
    #[error("the project is paid for by another subscription")]
    OtherPayer,
    #[error(transparent)]
    Illegal(#[from] IllegalTransition),
}

impl State {
    /// The only place where a project changes state. Repeating an event is not an error.
    pub fn after(self, event: Event) -> Result<State, IllegalTransition> {
        use {Event as E, State as S};
        match (self, event) {
            (S::PendingPayment | S::Pending, E::Paid)
            | (S::Error | S::Pending, E::RetryRequested)
            | (S::Suspended | S::Pending, E::Resumed)
            | (S::Stopped | S::Asleep | S::Pending, E::StartRequested)
            | (S::Deleted | S::Pending, E::BeganAnew)
            // Also when its worker was lost after its data was brought to safety.
            | (S::Halting | S::Error | S::Pending, E::MoveBegan)
            // A halt that nobody goes on with is lost with its worker too.
            | (S::Running | S::Halting | S::Pending, E::Replaced) => Ok(S::Pending),
            (S::Pending | S::Provisioning, E::ProvisioningBegan)
            | (S::Provisioning | S::Running, E::FinishUndone) => Ok(S::Provisioning),
            (S::Provisioning | S::Running, E::ProvisioningFinished)
            | (S::Halting | S::Running, E::HaltUndone)
            | (S::Running, E::Resized | E::BackedUp) => Ok(S::Running),
            (S::Pending | S::Provisioning | S::Error, E::ProvisioningFailed)
            // What a halt has not brought to safety is lost with the worker.
            | (S::Running | S::Halting | S::Error, E::InstanceLost)
            // It was lost after it was copied, and nobody has tried again yet.
            | (S::Error, E::BackedUp | E::BackupChosen) => Ok(S::Error),
            (S::Running | S::Halting, E::HaltBegan)
            // Only what was finished is halted: the finish that comes now had its answer lost. And it
            // ran until then: if its worker is lost meanwhile, what was copied is the newest there is.
            | (S::Halting, E::ProvisioningFinished | E::BackedUp) => Ok(S::Halting),
            // Also when its worker was lost after its data was brought to safety.
            (S::Halting | S::Error | S::Stopped, E::Stopped)
            | (S::Stopped, E::BackupChosen | E::PlanNoted) => Ok(S::Stopped),
            (S::Halting | S::Error | S::Asleep, E::FellAsleep)
            | (S::Asleep, E::BackupChosen | E::PlanNoted) => Ok(S::Asleep),
            // Nothing of a failed, a stopped or a sleeping one runs, so there is nothing to halt.
            (S::Halting | S::Error | S::Stopped | S::Asleep | S::Suspended, E::Suspended) => {
                Ok(S::Suspended)
            }
            (S::PendingPayment | S::Suspended | S::Error | S::Deleting, E::DeletionBegan) => {
                Ok(S::Deleting)
            }
            (S::Deleting | S::Deleted, E::Deleted) => Ok(S::Deleted),
            // Paid again while it is already on its way, or there: nothing new.
            (
                S::Provisioning
                | S::Running
                | S::Halting
                | S::Stopped
                | S::Asleep
                | S::Suspended
                | S::Error,
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

    /// Its owner starts it, or somebody wakes it: the next attempt starts from its backup. Repeating is
    /// success.
    pub fn started(&self) -> Result<Self, IllegalTransition> {
        let state = self.state.after(Event::StartRequested)?;
        Ok(if self.state == State::Pending { self.clone() } else { self.next_attempt(state) })
    }

    /// The next attempt starts from `choice`. Repeating is success.
    pub fn going_back(&self, attempt: u32, choice: Choice) -> Result<Self, IllegalTransition> {
        let state = self.of_attempt(attempt, Event::BackupChosen)?;
        Ok(Self { state, backup: Some(self.chosen(choice)), ..self.clone() })
    }

    /// The next attempt runs under `plan`. Repeating is success.
    pub fn plan_noted(&self, attempt: u32, plan: PlanId) -> Result<Self, IllegalTransition> {
        let state = self.of_attempt(attempt, Event::PlanNoted)?;
        Ok(Self { plan, state, ..self.clone() })
    }

    /// It is paid for again, and nothing is left of what it was: the next attempt begins with nothing.
    /// Repeating is success.
    pub fn begun_anew(&self) -> Result<Self, IllegalTransition> {
        let state = self.state.after(Event::BeganAnew)?;
        if self.state == State::Pending {
            return Ok(self.clone());
        }
        Ok(Self { backup: None, ..self.next_attempt(state) })
    }

    /// Its deletion begins, because `payer` is over. Repeating is success.
    pub fn deleting(&self, attempt: u32, payer: Option<&str>) -> Result<Self, DeletionRefused> {
        // What has begun is finished, whoever has paid since.
        if self.state != State::Deleting && self.subscription_id.as_deref() != payer {
            return Err(DeletionRefused::OtherPayer);
        }
        let state = self.of_attempt(attempt, Event::DeletionBegan)?;
        Ok(Self { state, reason: None, ..self.clone() })
    }

    /// Its worker is lost: the next attempt goes on from the newest backup. Repeating is success; without
    /// a backup there is nothing to go on from, and it is refused.
    pub fn replaced(&self, attempt: u32) -> Result<Self, IllegalTransition> {
        if self.state == State::Pending && self.attempt == attempt + 1 {
            return Ok(self.clone());
        }
        let state = self.of_attempt(attempt, Event::Replaced)?;
        self.in_order(self.state != State::Pending && self.backup.is_some(), Event::Replaced)?;
        Ok(self.next_attempt(state))
    }

    /// Its halt of this number begins. Repeating is success; one that was undone does not begin again.
    pub fn halting(&self, attempt: u32, number: u32) -> Result<Self, IllegalTransition> {
        let state = self.of_attempt(attempt, Event::HaltBegan)?;
        self.in_order(number == self.halts, Event::HaltBegan)?;
        Ok(Self { state, ..self.clone() })
    }

    /// Its halt of this number is taken back, or never began. Repeating is success: a later one goes on.
    pub fn halt_undone(&self, attempt: u32, number: u32) -> Result<Self, IllegalTransition> {
        let state = self.of_attempt(attempt, Event::HaltUndone)?;
        if number < self.halts {
            return Ok(self.clone());
        }
        Ok(Self { state, halts: number + 1, ..self.clone() })
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
            Purpose::Stop => Event::Stopped,
            Purpose::Sleep => Event::FellAsleep,
            Purpose::Move { .. } | Purpose::Restore { .. } => Event::MoveBegan,
        };
        let has_moved = event == Event::MoveBegan && self.attempt == attempt + 1;
        if has_moved && self.state != State::Halting {
            return Ok(self.clone());
        }
        let state = self.of_attempt(attempt, event)?;
        // What an earlier halt has kept is not what a later one has to keep.
        self.in_order(backup.is_none_or(|it| it.number >= self.halts), event)?;
        let kept = Self { backup: backup.or(self.backup.as_ref()).cloned(), ..self.clone() };
        Ok(match purpose {
            Purpose::Suspend | Purpose::Stop | Purpose::Sleep => {
                Self { state, reason: None, ..kept }
            }
            Purpose::Move { plan } => Self { plan, ..kept.next_attempt(state) },
            Purpose::Restore { choice } => {
                Self { backup: Some(kept.chosen(choice)), ..kept.next_attempt(state) }
            }
        })
    }

    /// `backup` was taken while its instance ran. Repeating is success, and so is finding the same data
    /// again, which is as good as taking it; a backup that a later one has overtaken is refused, and one
    /// of an instance that is no longer the project's.
    pub fn backed_up(&self, backup: &Backup) -> Result<Self, IllegalTransition> {
        let state = self.of_attempt(backup.attempt, Event::BackedUp)?;
        let order = |it: &Backup| (it.attempt, it.number, it.taken_at);
        let is_newest = self.backup.as_ref().is_none_or(|it| order(it) <= order(backup));
        self.in_order(is_newest, Event::BackedUp)?;
        Ok(Self { state, backup: Some(backup.clone()), ..self.clone() })
    }

    /// Its instance has the limits of `change.to` now. Repeating is success; a change that was taken
    /// back, or that a later one has overtaken, is refused.
    pub fn resized(&self, attempt: u32, change: PlanChange) -> Result<Self, IllegalTransition> {
        let PlanChange { to, cause, .. } = change;
        let state = self.of_attempt(attempt, Event::Resized)?;
        let is_repeated = self.plan_cause == Some(cause) && self.plan == to;
        self.in_order(is_repeated || self.plan_cause < Some(cause), Event::Resized)?;
        Ok(Self { plan: to, state, plan_cause: Some(cause), ..self.clone() })
    }

    /// `change` is taken back, or never was. Repeating is success: a later one stays.
    pub fn resize_undone(
        &self,
        attempt: u32,
        change: PlanChange,
    ) -> Result<Self, IllegalTransition> {
        let PlanChange { from, to, cause } = change;
        let state = self.of_attempt(attempt, Event::Resized)?;
        if self.plan_cause > Some(cause) {
            return Ok(self.clone());
        }
        let was_made = self.plan_cause == Some(cause) && self.plan == to;
        let plan = if was_made { from } else { self.plan };
        Ok(Self { plan, state, plan_cause: Some(cause), ..self.clone() })
    }

    /// What `event` makes of it. `reason` is kept with it, or cleared.
    pub fn changed(&self, event: Event, reason: Option<&str>) -> Result<Self, IllegalTransition> {
        let state = self.state.after(event)?;
        Ok(Self { state, reason: reason.map(str::to_owned), ..self.clone() })
    }

    fn in_order(&self, is: bool, event: Event) -> Result<(), IllegalTransition> {
        if is { Ok(()) } else { Err(IllegalTransition { from: self.state, event }) }
    }

    fn of_attempt(&self, attempt: u32, event: Event) -> Result<State, IllegalTransition> {
        let ours = self.attempt == attempt;
        let late = IllegalTransition { from: self.state, event };
        if ours { self.state.after(event) } else { Err(late) }
    }

    /// In the place of all that any attempt so far has left.
    fn chosen(&self, choice: Choice) -> Backup {
        let Choice { attempt, number, bytes, taken_at } = choice;
        let on_record =
            self.backup.as_ref().filter(|it| (it.attempt, it.number) == (attempt, number));
        let sha256 = on_record.and_then(|it| it.sha256.clone());
        Backup { attempt, number, sha256, bytes, taken_at, replaces: Some(self.attempt) }
    }

    fn next_attempt(&self, state: State) -> Self {
        // What fences within an attempt counts from nothing again.
        let (attempt, halts, plan_cause) = (self.attempt + 1, 0, None);
        Self { state, attempt, halts, plan_cause, reason: None, ..self.clone() }
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
