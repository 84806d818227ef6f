//! One instance: a link, the worker's copy, the record, and what is outdated by it.

use crate::{plan::Order, world::Ports};
use contracts::worker::{BackupAnswer, Exit, Packed, TakeBackup, read_backup};
use domain::backup::{Backup, BackupName, outdated};
use ports::{
    Unavailable,
    backups::{BackupLists, Backups},
    clock::Clock,
    commands::{CommandError, Commands},
    projects::{ChangeError, Projects},
};
use runtime::fault::chain;
use std::time::Duration;

/// The worker reads for two minutes at most, packs for two, and may need one to upload.
const PATIENCE: Duration = Duration::from_mins(5);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    Taken,
    Unchanged,
    /// Its instance was halted, moved or lost meanwhile. Who did that has its data, or will.
    GoneOn,
}

#[derive(Debug, thiserror::Error)]
pub(crate) enum TakeError {
    #[error("the worker took no backup ({exit:?}): {reason}")]
    NotTaken { exit: Exit, reason: String },
    #[error("the worker sent {sent} bytes, and {stored:?} are stored")]
    NotStored { sent: u64, stored: Option<u64> },
    #[error("the worker did not end the command")]
    Command(#[from] CommandError),
    #[error("could not record the backup")]
    Record(#[source] ChangeError),
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

pub(crate) async fn take(world: &impl Ports, order: &Order) -> Result<Outcome, TakeError> {
    let now = world.clock().now();
    let project = &order.project;
    // Larger than every halt's, and than every earlier one's.
    let number = u32::try_from(now.as_second()).unwrap_or(u32::MAX);
    let name = BackupName { project: project.id.clone(), attempt: project.attempt, number };
    let Some(answer) = ask(world, order, &name).await? else { return Ok(Outcome::GoneOn) };
    let (outcome, backup) = match (answer, known(order)) {
        (BackupAnswer::Taken(packed), _) => (Outcome::Taken, arrived(world, &name, packed).await?),
        (BackupAnswer::Unchanged, Some(known)) => (Outcome::Unchanged, known.clone()),
        (BackupAnswer::Unchanged, None) => {
            let reason = "nothing was on record that could be unchanged".to_owned();
            return Err(TakeError::NotTaken { exit: Exit::Done, reason });
        }
    };
    // As of when the copy was begun: what was written since may not be in it.
    let backup = Backup { taken_at: now, ..backup };
    match world.projects().record_backup(&project.id, &backup).await {
        Ok(_) => {}
        Err(ChangeError::Illegal(_) | ChangeError::Fenced { .. } | ChangeError::Unknown(_)) => {
            return Ok(Outcome::GoneOn);
        }
        Err(error) => return Err(TakeError::Record(error)),
    }
    tidy(world, &backup.name(&project.id)).await;
    Ok(outcome)
}

/// `None` if the instance is not there any more, or rests.
async fn ask(
    world: &impl Ports,
    order: &Order,
    name: &BackupName,
) -> Result<Option<BackupAnswer>, TakeError> {
    let url = world.backups().upload_link(name).await?;
    let command = TakeBackup {
        project: &name.project,
        generation: name.attempt,
        upload_url: &url,
        known_sha256: known(order).and_then(|it| it.sha256.as_deref()),
    };
    let argv = command.argv();
    let finished = world.commands().run(&order.place.node_id, &argv, PATIENCE).await?;
    match Exit::from(finished.exit_code) {
        Exit::Fenced | Exit::Gone => Ok(None),
        exit => {
            let answer = read_backup(&finished.stdout).filter(|_| exit == Exit::Done);
            let reason = finished.stderr;
            answer.map(Some).ok_or(TakeError::NotTaken { exit, reason })
        }
    }
}

/// What is on record of this very instance.
fn known(order: &Order) -> Option<&Backup> {
    order.project.backup.as_ref().filter(|it| it.attempt == order.project.attempt)
}

/// Nothing says that the data is safe before the store has all of it.
async fn arrived(
    world: &impl Ports,
    name: &BackupName,
    packed: Packed,
) -> Result<Backup, TakeError> {
    let stored = world.backups().stored_bytes(name).await?;
    let Packed { sha256, bytes } = packed;
    if stored != Some(bytes) {
        return Err(TakeError::NotStored { sent: bytes, stored });
    }
    let BackupName { attempt, number, .. } = *name;
    let (sha256, taken_at) = (Some(sha256), world.clock().now());
    Ok(Backup { attempt, number, sha256, bytes, taken_at, replaces: None })
}

/// What is left for the next time costs a little, and no backup.
async fn tidy(world: &impl Ports, newest: &BackupName) {
    if let Err(error) = delete_outdated(world, newest).await {
        let error = chain(&error);
        tracing::warn!(project.id = %newest.project, %error, "outdated backups not deleted");
    }
}

async fn delete_outdated(world: &impl Ports, newest: &BackupName) -> Result<(), Unavailable> {
    let stored = world.backups().list(&newest.project).await?;
    for name in outdated(stored, Some(newest), world.clock().now()) {
        world.backups().delete(&name).await?;
    }
    Ok(())
}
