//! What a provider's refusal asks of us: every error code that we know of either provider, and of the
//! service by which machines join, classified once.

mod ec2;
mod hetzner;
mod ssm;

pub(crate) use self::{ec2::ec2, hetzner::hetzner, ssm::ssm};
use aws_sdk_ec2::error::{ProvideErrorMetadata, SdkError};
use jiff::Timestamp;
use ports::{
    Unavailable,
    machines::{BuyError, PowerError},
};
use std::{error::Error, fmt};

/// What an error code asks of us.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// None of this kind here now: try the next place, then the next offering.
    InsufficientCapacity,
    /// No more for us, wherever we ask for it: try the next offering. It may count towards another
    /// quota, or come from another provider.
    OverQuota,
    /// Asking again cannot help.
    Refused,
    /// There is no such thing, or no longer.
    Gone,
    /// The name is taken.
    Taken,
    /// It is protected against termination.
    Protected,
    /// Not in the state that it is in.
    WrongState,
    /// Ask again.
    Unavailable,
}

/// A call that was not fulfilled.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) verdict: Verdict,
    pub(crate) provider: &'static str,
    pub(crate) source: Box<dyn Error + Send + Sync>,
    /// Before this moment nothing more should be asked.
    pub(crate) not_before: Option<Timestamp>,
}

impl Failure {
    pub(crate) fn new(
        verdict: Verdict,
        provider: &'static str,
        source: impl Into<Box<dyn Error + Send + Sync>>,
    ) -> Self {
        Self { verdict, provider, source: source.into(), not_before: None }
    }

    pub(crate) fn until(self, not_before: Option<Timestamp>) -> Self {
        Self { not_before, ..self }
    }

    /// Nothing is known about what was asked.
    pub(crate) fn unavailable(
        provider: &'static str,
        source: impl Into<Box<dyn Error + Send + Sync>>,
    ) -> Self {
        Self::new(Verdict::Unavailable, provider, source)
    }

    /// Asking again cannot help.
    pub(crate) fn refused(
        provider: &'static str,
        source: impl Into<Box<dyn Error + Send + Sync>>,
    ) -> Self {
        Self::new(Verdict::Refused, provider, source)
    }

    /// What AWS answered, or what happened instead of an answer.
    pub(crate) fn of_call<E, R>(
        provider: &'static str,
        classify: fn(Option<&str>) -> Verdict,
        error: SdkError<E, R>,
    ) -> Self
    where
        E: Error + ProvideErrorMetadata + Send + Sync + 'static,
        R: fmt::Debug + Send + Sync + 'static,
    {
        let verdict = classify(error.code());
        match error.code() {
            Some(code) => {
                let said = format!("{code}: {}", error.message().unwrap_or("no reason given"));
                Self::new(verdict, provider, said)
            }
            None => Self::new(verdict, provider, error),
        }
    }

    /// What it means to somebody who wanted to buy. The reason for going on to the next offering is
    /// logged here, because the port does not carry it.
    pub(crate) fn buying(self, machine_type: &str) -> BuyError {
        match self.verdict {
            Verdict::InsufficientCapacity | Verdict::OverQuota => {
                let Self { provider, source, .. } = self;
                tracing::warn!(provider, machine_type, reason = %source, "not to be had");
                BuyError::InsufficientCapacity { machine_type: machine_type.to_owned() }
            }
            Verdict::Refused | Verdict::Gone | Verdict::Taken | Verdict::Protected => {
                BuyError::Refused(self.source.to_string())
            }
            Verdict::WrongState | Verdict::Unavailable => BuyError::Unavailable(self.into()),
        }
    }

    /// What it means to somebody who wanted to switch a machine off or on.
    pub(crate) fn switching(self, machine_id: &str) -> PowerError {
        match self.verdict {
            Verdict::InsufficientCapacity | Verdict::OverQuota => {
                PowerError::InsufficientCapacity { machine_id: machine_id.to_owned() }
            }
            Verdict::Refused | Verdict::Gone | Verdict::Taken | Verdict::Protected => {
                PowerError::Refused(self.source.to_string())
            }
            // It is on its way from one state to another, and will have arrived.
            Verdict::WrongState | Verdict::Unavailable => PowerError::Unavailable(self.into()),
        }
    }
}

impl From<Failure> for Unavailable {
    fn from(failure: Failure) -> Self {
        Self::new(failure.provider, failure.source).until(failure.not_before)
    }
}

impl From<Unavailable> for Failure {
    fn from(Unavailable { what, source, not_before }: Unavailable) -> Self {
        Self::new(Verdict::Unavailable, what, source).until(not_before)
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.source.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_verdict_reaches_buyers_and_switchers_as_what_they_can_act_on() {
        let failure = |verdict| Failure::new(verdict, "ec2", "said so");
        let cases = [
            (Verdict::InsufficientCapacity, "capacity", "capacity"),
            (Verdict::OverQuota, "capacity", "capacity"),
            (Verdict::Refused, "refused", "refused"),
            (Verdict::Gone, "refused", "refused"),
            (Verdict::Taken, "refused", "refused"),
            (Verdict::Protected, "refused", "refused"),
            (Verdict::WrongState, "unavailable", "unavailable"),
            (Verdict::Unavailable, "unavailable", "unavailable"),
        ];
        for (verdict, buying, switching) in cases {
            let told = failure(verdict).buying("m7i.large").to_string();
            assert!(told.contains(buying), "buying, {verdict:?}: {told}");
            let told = failure(verdict).switching("i-1").to_string();
            assert!(told.contains(switching), "switching, {verdict:?}: {told}");
        }
    }
}
