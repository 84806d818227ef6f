//! What is remembered of an instance that sleeps, or slept of late.

use crate::id::ProjectId;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

/// Wakes within this time count against the next sleep.
const WINDOW: SignedDuration = SignedDuration::from_hours(6);
/// However often it was woken, its patience doubles no more often than this.
const DOUBLINGS_MAX: u32 = 4;
/// One that could not fall asleep is left alone for so long.
const RETRY: SignedDuration = SignedDuration::from_mins(30);

/// There is none of an instance that never slept, or not of late.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rest {
    pub project: ProjectId,
    /// Of what is stored; 0 before that.
    pub version: u64,
    /// Which instance was to fall asleep last.
    pub attempt: u32,
    /// When that was.
    pub since: Timestamp,
    /// When it is woken though nobody comes to it.
    pub wake_at: Option<Timestamp>,
    /// Of late, oldest first.
    wakes: Vec<Timestamp>,
}

impl Rest {
    /// The instance of `attempt` is to fall asleep now.
    pub fn begin(
        project: ProjectId,
        attempt: u32,
        wake_at: Option<Timestamp>,
        now: Timestamp,
    ) -> Self {
        Self { project, version: 0, attempt, since: now, wake_at, wakes: Vec::new() }
    }

    /// The same project, which is to fall asleep once more.
    #[must_use]
    pub fn again(&self, attempt: u32, wake_at: Option<Timestamp>, now: Timestamp) -> Self {
        let wakes = self.counted(now).collect();
        Self { attempt, since: now, wake_at, wakes, ..self.clone() }
    }

    /// Somebody, or something, wakes it. A repeat is the same wake.
    #[must_use]
    pub fn woken(&self, now: Timestamp) -> Self {
        if self.wakes.last().is_some_and(|it| *it >= self.since) {
            return self.clone();
        }
        let wakes = self.counted(now).chain([now]).collect();
        Self { wakes, ..self.clone() }
    }

    /// Whether it is time to wake it.
    pub fn is_due(&self, now: Timestamp) -> bool {
        self.wake_at.is_some_and(|it| it <= now)
    }

    /// Whether the instance of `attempt`, which runs, was to fall asleep a short while ago.
    pub fn was_just_tried(&self, attempt: u32, now: Timestamp) -> bool {
        self.attempt == attempt && now.duration_since(self.since) < RETRY
    }

    /// By what its patience is multiplied.
    pub fn factor(&self, now: Timestamp) -> u32 {
        let wakes = u32::try_from(self.counted(now).count()).unwrap_or(u32::MAX);
        1 << wakes.min(DOUBLINGS_MAX)
    }

    /// Whether there is nothing more to remember of one that does not sleep.
    pub fn is_over(&self, now: Timestamp) -> bool {
        now.duration_since(self.since) >= WINDOW && self.counted(now).next().is_none()
    }

    /// The same, as it is stored.
    #[must_use]
    pub fn at_version(self, version: u64) -> Self {
        Self { version, ..self }
    }

    fn counted(&self, now: Timestamp) -> impl Iterator<Item = Timestamp> {
        self.wakes.iter().copied().filter(move |it| now.duration_since(*it) < WINDOW)
    }
}
