//! When something was, and how long it may last.

use std::time::Duration;

const MINUTE: Duration = Duration::from_mins(1);

/// A point of a life. What delays others through nobody's fault is counted beside it.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Moment {
    /// With everything at work: forward jumps of the clock do not count.
    pub(super) active: Duration,
    /// By how much the clock was turned back. Whoever waits until something is old waits longer.
    pub(super) turned_back: Duration,
    /// For how long the reaper has waited for somebody who lets it go on.
    pub(super) reaper_stopped: Duration,
}

/// How long something odd may last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Bound {
    /// Not until the next look.
    Never,
    /// A lost worker is found within a minute if nothing fails; here some looks do, and settling takes
    /// more.
    Noticed,
    /// The reaper looks every five minutes, at what is fifteen minutes old; it may miss one pass.
    Reaped,
    /// The same for what has to be thirty minutes old.
    Released,
}

impl Moment {
    /// How long ago `since` was, as far as it counts for `bound`.
    pub(super) fn after(self, since: Self, bound: Bound) -> Duration {
        let of = |count: fn(&Self) -> Duration| count(&self).saturating_sub(count(&since));
        let lasted = of(|it| it.active).saturating_sub(of(|it| it.turned_back));
        match bound {
            Bound::Never | Bound::Noticed => lasted,
            Bound::Reaped | Bound::Released => lasted.saturating_sub(of(|it| it.reaper_stopped)),
        }
    }
}

impl Bound {
    pub(super) fn limit(self) -> Duration {
        match self {
            Self::Never => Duration::ZERO,
            Self::Noticed => MINUTE * 10,
            Self::Reaped => MINUTE * 27,
            Self::Released => MINUTE * 42,
        }
    }
}
