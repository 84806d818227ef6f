//! One at a time: for an act that takes money, or a while, and that a second click would do again.

use crate::{
    refusal::Refusal,
    throttle::seconds_until,
    world::{Api, World},
};
use ports::{
    clock::Clock,
    throttles::{Throttle, Throttles, Tries},
};
use runtime::fault::chain;
use std::time::Duration;

/// Longer than this function may run, and than the provider takes over what it was asked last:
/// whoever dies with a turn, or does not learn what became of it, gives it back this late.
const TURN_TTL: Duration = Duration::from_mins(1);

pub(crate) struct Turn(Throttle);

impl Turn {
    /// The turn at `what`, whoever has it.
    pub(crate) fn at(what: String) -> Self {
        Self(Throttle { key: what, window: TURN_TTL })
    }
}

/// The turn at `what`, unless somebody has it.
pub(crate) async fn take<W: World>(api: &Api<W>, what: String) -> Result<Turn, Refusal> {
    let turn = Turn::at(what);
    let now = api.clock.now();
    let Tries { count, until } = api.throttles.count_try(&turn.0, now).await?;
    if count > 1 {
        return Err(Refusal::Busy { retry_after_s: seconds_until(until, now) });
    }
    Ok(turn)
}

pub(crate) async fn give_back<W: World>(api: &Api<W>, Turn(turn): Turn) {
    if let Err(error) = api.throttles.forget_tries(&turn).await {
        tracing::warn!(reason = %chain(&error), "the next one has to wait for its turn");
    }
}
