//! How long to wait for a machine, and how long before asking again.

use crate::handler::ProvisionError;
use jiff::{SignedDuration, Timestamp};
use ports::clock::Clock;
use std::time::Duration;

/// How long one call waits. The saga calls again; together they wait for about ten minutes.
pub(crate) const PATIENCE: Duration = Duration::from_secs(110);
const FIRST_PAUSE: Duration = Duration::from_secs(2);
/// A machine takes half a minute and more, and each look at it is one of the provider's requests.
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// The wait of one call.
pub(crate) struct Wait<'a, K> {
    clock: &'a K,
    deadline: Timestamp,
    pause: Duration,
}

impl<'a, K: Clock> Wait<'a, K> {
    pub(crate) fn begin(clock: &'a K) -> Self {
        Self { clock, deadline: clock.now() + PATIENCE, pause: FIRST_PAUSE }
    }

    pub(crate) fn is_over(&self) -> bool {
        self.clock.now() >= self.deadline
    }

    /// Until the next look, each time a little longer.
    pub(crate) async fn pause(&mut self) {
        self.clock.sleep(self.pause.min(until(self.clock, self.deadline))).await;
        self.pause = (self.pause + Duration::from_secs(1)).min(LONGEST_PAUSE);
    }

    /// `error`, unless all it says is to come back later within this wait: then it is later.
    pub(crate) async fn sit_out(&self, error: ProvisionError) -> Result<(), ProvisionError> {
        if sit_out(self.clock, &error, self.deadline).await { Ok(()) } else { Err(error) }
    }
}

/// Waits until the provider that failed us wants to be asked again. `false`: it did not say when, or not
/// before `deadline`.
pub(crate) async fn sit_out(
    clock: &impl Clock,
    error: &ProvisionError,
    deadline: Timestamp,
) -> bool {
    let is_ahead = |it: &Timestamp| clock.now() < *it && *it < deadline;
    let Some(moment) = error.not_before().filter(is_ahead) else { return false };
    tracing::warn!(%moment, "the provider wants no requests before");
    clock.sleep(until(clock, moment)).await;
    true
}

/// How long it is until `moment`; nothing if that is past.
fn until(clock: &impl Clock, moment: Timestamp) -> Duration {
    moment.duration_since(clock.now()).max(SignedDuration::ZERO).unsigned_abs()
}
