//! Commands to an instance that comes to rest, is backed up, starts from a backup or again, or gets other
//! limits.

use super::{BOOT_CPUS, argv, cpus, words};
use domain::{backup::Backup, capacity::Capacity, id::ProjectId};
use jiff::Timestamp;
use serde::Deserialize;
use std::time::Duration;

/// Stops an instance and puts its data, without its configuration, where `upload_url` leads.
/// A repeat does all of it again.
#[derive(Clone, Debug)]
pub struct Archive<'a> {
    pub project: &'a ProjectId,
    pub generation: u32,
    /// Which halt of this generation it is. Only grows; the worker refuses what was taken back.
    pub number: u32,
    pub upload_url: &'a str,
}

impl Archive<'_> {
    pub fn argv(&self) -> Vec<String> {
        argv(
            "archive",
            &[
                ("project", self.project.to_string()),
                ("generation", self.generation.to_string()),
                ("number", self.number.to_string()),
                ("upload-url", self.upload_url.to_owned()),
            ],
        )
    }
}

/// What was uploaded.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Packed {
    pub sha256: String,
    pub bytes: u64,
}

/// What `archive` prints: what was uploaded, or that there was nothing. `None` if it says neither.
pub fn read_archive(answer: &str) -> Option<Option<Packed>> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Answer {
        Packed(Packed),
        Empty { empty: bool },
    }
    match serde_json::from_str(answer).ok()? {
        Answer::Packed(packed) => Some(Some(packed)),
        Answer::Empty { empty } => empty.then_some(None),
    }
}

/// Copies the data of an instance that runs, as [`Archive`] does of one that is stopped, and puts it where
/// `upload_url` leads. The instance goes on. A repeat does all of it again.
#[derive(Clone, Debug)]
pub struct TakeBackup<'a> {
    pub project: &'a ProjectId,
    pub generation: u32,
    pub upload_url: &'a str,
    /// Of the backup that is on record: if it holds all that there is, nothing is uploaded.
    pub known_sha256: Option<&'a str>,
}

impl TakeBackup<'_> {
    pub fn argv(&self) -> Vec<String> {
        let mut flags = vec![
            ("project", self.project.to_string()),
            ("generation", self.generation.to_string()),
            ("upload-url", self.upload_url.to_owned()),
        ];
        flags.extend(self.known_sha256.map(|it| ("known-sha256", it.to_owned())));
        argv("backup", &flags)
    }
}

/// What `backup` prints: what was uploaded, or that the backup on record holds all of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BackupAnswer {
    Taken(Packed),
    Unchanged,
}

/// `None` if it says neither.
pub fn read_backup(answer: &str) -> Option<BackupAnswer> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Answer {
        Taken(Packed),
        Unchanged { unchanged: bool },
    }
    match serde_json::from_str(answer).ok()? {
        Answer::Taken(packed) => Some(BackupAnswer::Taken(packed)),
        Answer::Unchanged { unchanged } => unchanged.then_some(BackupAnswer::Unchanged),
    }
}

/// Undo of [`Archive`]: starts the stopped instance again, as it is. The worker refuses the archive of
/// this number from then on.
#[derive(Clone, Debug)]
pub struct Resume<'a> {
    pub project: &'a ProjectId,
    pub generation: u32,
    pub number: u32,
    pub limits: Capacity,
    /// How long the gateway may take to start.
    pub wait: Duration,
}

impl Resume<'_> {
    pub fn argv(&self) -> Vec<String> {
        argv(
            "resume",
            &[
                ("project", self.project.to_string()),
                ("generation", self.generation.to_string()),
                ("number", self.number.to_string()),
                ("cpus", cpus(self.limits.cpu_millis)),
                ("boot-cpus", BOOT_CPUS.to_owned()),
                ("wait", self.wait.as_secs().to_string()),
            ],
        )
    }
}

/// Gives an instance other limits, with a restart if its memory changes. One that rests goes on resting.
#[derive(Clone, Debug)]
pub struct Resize<'a> {
    pub project: &'a ProjectId,
    pub generation: u32,
    /// Which change of this generation it is. Only grows; the worker refuses what was taken back.
    pub number: u64,
    /// Takes that change back.
    pub undo: bool,
    pub limits: Capacity,
    pub heap_mib: u32,
    /// How long the gateway may take to start.
    pub wait: Duration,
}

impl Resize<'_> {
    pub fn argv(&self) -> Vec<String> {
        argv(
            "resize",
            &[
                ("project", self.project.to_string()),
                ("generation", self.generation.to_string()),
                ("number", self.number.to_string()),
                ("undo", if self.undo { "yes" } else { "no" }.to_owned()),
                ("memory-mib", self.limits.memory_mib.to_string()),
                ("cpus", cpus(self.limits.cpu_millis)),
                ("boot-cpus", BOOT_CPUS.to_owned()),
                ("heap-mib", self.heap_mib.to_string()),
                ("wait", self.wait.as_secs().to_string()),
            ],
        )
    }
}

/// Starts an instance again in its container, with its data. A repeat finds it done.
#[derive(Clone, Debug)]
pub struct Restart<'a> {
    pub project: &'a ProjectId,
    pub generation: u32,
    /// What has started since is only waited for.
    pub asked_at: Timestamp,
    pub limits: Capacity,
    /// How long the gateway may take to start.
    pub wait: Duration,
}

impl Restart<'_> {
    pub fn argv(&self) -> Vec<String> {
        argv(
            "restart",
            &[
                ("project", self.project.to_string()),
                ("generation", self.generation.to_string()),
                ("asked-ms", self.asked_at.as_millisecond().to_string()),
                ("cpus", cpus(self.limits.cpu_millis)),
                ("boot-cpus", BOOT_CPUS.to_owned()),
                ("wait", self.wait.as_secs().to_string()),
            ],
        )
    }
}

/// The backup that a launch starts from.
#[derive(Clone, Debug)]
pub struct Restore<'a> {
    /// Opens the archive for a while.
    pub url: &'a str,
    pub backup: &'a Backup,
}

impl Restore<'_> {
    /// The generation tells the worker whether what it may still have is newer.
    pub(super) fn flags(&self) -> Vec<String> {
        let Backup { sha256, .. } = self.backup;
        let mut flags = vec![("restore-url", self.url.to_owned())];
        flags.extend(sha256.iter().map(|it| ("restore-sha256", it.clone())));
        flags.push(("restore-generation", self.backup.outdates().to_string()));
        words(&flags).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_backup_says_what_is_stored_or_that_nothing_has_changed_and_anything_else_is_no_answer() {
        let packed = Packed { sha256: "ab".to_owned(), bytes: 7 };
        let cases = [
            (r#"{"backed_up":true,"sha256":"ab","bytes":7}"#, Some(BackupAnswer::Taken(packed))),
            (r#"{"backed_up":true,"unchanged":true}"#, Some(BackupAnswer::Unchanged)),
            (r#"{"backed_up":true,"unchanged":false}"#, None),
            (r#"{"backed_up":true}"#, None),
            ("", None),
        ];
        for (answer, expected) in cases {
            assert_eq!(read_backup(answer), expected, "{answer}");
        }
    }

    #[test]
    fn an_archive_says_what_is_stored_or_that_there_was_nothing_and_anything_else_is_no_answer() {
        let packed = Packed { sha256: "ab".to_owned(), bytes: 7 };
        let cases = [
            (r#"{"archived":true,"sha256":"ab","bytes":7}"#, Some(Some(packed))),
            (r#"{"archived":true,"empty":true}"#, Some(None)),
            (r#"{"archived":true,"empty":false}"#, None),
            (r#"{"archived":true,"sha256":"ab"}"#, None),
            (r#"{"archived":true}"#, None),
            ("", None),
        ];
        for (answer, expected) in cases {
            assert_eq!(read_archive(answer), expected, "{answer}");
        }
    }
}
