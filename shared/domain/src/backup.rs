//! A copy of what an instance knows, kept where no worker can lose it; and which copies are kept how long.

#[cfg(test)]
mod tests;

use crate::id::ProjectId;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

const HOUR_S: i64 = 3600;
const DAY_S: i64 = 24 * HOUR_S;

/// For so long one of each hour is kept, and for so long one of each day.
const HOURLY: SignedDuration = SignedDuration::from_hours(24);
const DAILY: SignedDuration = SignedDuration::from_hours(24 * 30);

/// The archive of a volume at one moment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Backup {
    /// Which provisioning's data it is.
    pub attempt: u32,
    /// Which copy of that: of one that rests the number of its halt, of one that runs the second of its
    /// beginning, which is larger than any halt's.
    pub number: u32,
    /// Of the archive, in lower-case hexadecimal. What has another one is not restored. `None`: an owner
    /// has gone back to it after the record had gone on to others.
    pub sha256: Option<String>,
    pub bytes: u64,
    /// When all of it was last seen to be what the instance knows.
    pub taken_at: Timestamp,
    /// An owner has gone back to it, from what this attempt and those before it have left. `None`: only
    /// what is no newer than the backup itself gives way to it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replaces: Option<u32>,
}

/// A backup that an owner goes back to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Choice {
    pub attempt: u32,
    pub number: u32,
    pub bytes: u64,
    pub taken_at: Timestamp,
}

/// Which backup of which project, before anybody knows what is in it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct BackupName {
    pub project: ProjectId,
    pub attempt: u32,
    pub number: u32,
}

/// No halt's number is as large, and no moment of ours as small.
const FIRST_MOMENT: u32 = 1_000_000_000;

impl Backup {
    /// Whether the instance went on after it was taken: then it is not all that the instance knew.
    pub fn is_of_running(&self) -> bool {
        self.number >= FIRST_MOMENT
    }

    pub fn name(&self, project: &ProjectId) -> BackupName {
        BackupName { project: project.clone(), attempt: self.attempt, number: self.number }
    }

    /// Up to which attempt what a worker still has is older than this backup, or to give way to it.
    pub fn outdates(&self) -> u32 {
        self.replaces.unwrap_or(self.attempt)
    }
}

/// An archive that is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredBackup {
    pub name: BackupName,
    pub bytes: u64,
    pub stored_at: Timestamp,
}

impl StoredBackup {
    pub fn choice(&self) -> Choice {
        let BackupName { attempt, number, .. } = self.name;
        Choice { attempt, number, bytes: self.bytes, taken_at: self.stored_at }
    }
}

/// The newest of `stored` that was complete at `time`: nothing in it is of later.
pub fn as_of(stored: &[StoredBackup], time: Timestamp) -> Option<&StoredBackup> {
    let by_then = stored.iter().filter(|it| it.stored_at <= time);
    by_then.max_by_key(|it| (it.stored_at, &it.name))
}

/// Which of `stored` nobody needs any more: one of each hour is kept for a day, and one of each day for a
/// month, the newest of each. Never the newest of all, and never `named`, which a record relies on.
pub fn outdated(
    mut stored: Vec<StoredBackup>,
    named: Option<&BackupName>,
    now: Timestamp,
) -> Vec<BackupName> {
    stored.sort_by(|a, b| (b.stored_at, &b.name).cmp(&(a.stored_at, &a.name)));
    let mut taken = BTreeSet::new();
    let mut is_kept = |(place, it): &(usize, StoredBackup)| {
        let is_first = period(it.stored_at, now).is_some_and(|period| taken.insert(period));
        *place == 0 || is_first || named == Some(&it.name)
    };
    let all = stored.into_iter().enumerate();
    all.filter(|it| !is_kept(it)).map(|(_, it)| it.name).collect()
}

/// The hour or the day for which a backup of this age stands; `None` if it is too old for either.
fn period(stored_at: Timestamp, now: Timestamp) -> Option<(i64, i64)> {
    let second = stored_at.as_second();
    match now.duration_since(stored_at) {
        age if age < HOURLY => Some((HOUR_S, second.div_euclid(HOUR_S))),
        age if age < DAILY => Some((DAY_S, second.div_euclid(DAY_S))),
        _ => None,
    }
}
