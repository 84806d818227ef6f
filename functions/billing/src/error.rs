//! Why a message goes back to its queue.

use ports::{
    Unavailable, payments::PaymentsError, projects::ChangeError, subscriptions::RecordError,
};

#[derive(Debug, thiserror::Error)]
pub enum BillingError {
    #[error("delivery `{0}` is not stored")]
    Missing(String),
    /// Somebody changed it at the same time, or what was decided does not fit any more. Look again.
    #[error("lost a race for the project or its subscription")]
    LostRace,
    /// The provider told of it and does not show it yet.
    #[error("payment `{0}` is not given back in the provider's books yet")]
    NotInBooks(String),
    #[error("could not ask the payment provider")]
    Payments(#[from] PaymentsError),
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

impl From<ChangeError> for BillingError {
    fn from(error: ChangeError) -> Self {
        match error {
            ChangeError::Unavailable(cause) => cause.into(),
            // It was decided by what was read a moment ago.
            ChangeError::Unknown(_)
            | ChangeError::Illegal(_)
            | ChangeError::Fenced { .. }
            | ChangeError::OtherSubscription
            | ChangeError::LostRace => Self::LostRace,
        }
    }
}

impl From<RecordError> for BillingError {
    fn from(error: RecordError) -> Self {
        match error {
            RecordError::LostRace => Self::LostRace,
            RecordError::Unavailable(cause) => cause.into(),
        }
    }
}
