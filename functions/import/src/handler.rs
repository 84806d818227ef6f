//! The two steps: an upload becomes a backup or is refused, and the project goes on from it.

use crate::{
    archive::{Failure, Limits, normalise},
    version::Version,
};
use contracts::{
    halt,
    import::{Checked, MAX_BYTES, Refused, Report, Saga, TakenOver},
};
use domain::{
    backup::{BackupName, Choice},
    project::{Project, Purpose, State},
};
use ports::{
    Unavailable,
    clock::Clock,
    imports::{Fetched, ImportName, Imports},
    projects::{ChangeError, Projects},
    sagas::Sagas,
};
use runtime::fault::{Classify, Fault};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::{
    fmt::Write as _,
    fs::File,
    io::{self, BufReader, BufWriter, Write},
    path::{Path, PathBuf},
};

/// A state directory has some tens of megabytes.
const LIMITS: Limits = Limits { unpacked_bytes: 1024 * 1024 * 1024, entries: 100_000 };
/// What is left of the scratch disk beside the upload, with room to spare.
const MAX_BACKUP: u64 = 320 * 1024 * 1024;

/// What the state machine sends.
#[derive(Clone, Debug, Deserialize)]
#[serde(tag = "step", content = "saga")]
pub enum Call {
    CheckArchive(Saga),
    TakeOver(Saga),
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Answer {
    Checked(Checked),
    TakenOver(TakenOver),
}

#[derive(Debug)]
pub struct World<'a, P, I, H, C> {
    pub projects: &'a P,
    pub imports: &'a I,
    pub halts: &'a H,
    pub clock: &'a C,
    /// Of the agent's image.
    pub version: &'a Version,
    /// Files of ours that nobody needs after the call.
    pub scratch: &'a Path,
}

#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    #[error("could not use the scratch disk")]
    Scratch(#[from] io::Error),
    #[error("could not have the project start from it")]
    Project(#[source] ChangeError),
    #[error("could not write down what is halted")]
    Input(#[source] serde_json::Error),
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

impl Classify for ImportError {
    fn fault(&self) -> Fault {
        match self {
            Self::Input(_) => Fault::Terminal,
            Self::Scratch(_) | Self::Project(_) | Self::Unavailable(_) => Fault::Retryable,
        }
    }
}

pub async fn handle<P: Projects, I: Imports, H: Sagas, C: Clock>(
    world: &World<'_, P, I, H, C>,
    call: &Call,
) -> Result<Answer, ImportError> {
    match call {
        Call::CheckArchive(saga) => {
            let files = Files::of(world.scratch, saga);
            let checked = check(world, saga, &files).await;
            files.forget();
            Ok(Answer::Checked(checked?))
        }
        Call::TakeOver(saga) => Ok(Answer::TakenOver(take_over(world, saga).await?)),
    }
}

/// Beside each other, and named after the import: a process lives on, and serves others.
struct Files {
    upload: PathBuf,
    backup: PathBuf,
}

impl Files {
    fn of(scratch: &Path, saga: &Saga) -> Self {
        let file = |kind| scratch.join(format!("{}-{}.{kind}", saga.project_id, saga.id));
        Self { upload: file("upload"), backup: file("backup") }
    }

    fn forget(&self) {
        for file in [&self.upload, &self.backup] {
            match std::fs::remove_file(file) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => {
                    tracing::warn!(%error, "a scratch file is left");
                }
                _ => (),
            }
        }
    }
}

async fn check<P, I: Imports, H, C: Clock>(
    world: &World<'_, P, I, H, C>,
    saga: &Saga,
    files: &Files,
) -> Result<Checked, ImportError> {
    let name = ImportName { project: saga.project_id.clone(), id: saga.id.clone() };
    match world.imports.fetch(&name, MAX_BYTES, &files.upload).await? {
        Fetched::Here => (),
        Fetched::Missing => return Ok(refused("nothing was uploaded")),
        Fetched::TooLarge(bytes) => return Ok(refused(&format!("it has {bytes} bytes"))),
    }
    let (sum, report) = match convert(files, world.version)? {
        Ok(converted) => converted,
        Err(refused) => return Ok(Checked::Refused(refused)),
    };
    let Saga { attempt, number, .. } = *saga;
    let backup = BackupName { project: saga.project_id.clone(), attempt, number };
    world.imports.keep(&backup, &files.backup, &sum.sha256).await?;
    let choice = Choice { attempt, number, bytes: sum.bytes, taken_at: world.clock.now() };
    Ok(Checked::Accepted { choice, sha256: hexadecimal(&sum.sha256), report })
}

fn hexadecimal(bytes: &[u8]) -> String {
    let mut text = String::new();
    for byte in bytes {
        write!(text, "{byte:02x}").expect("a string takes everything");
    }
    text
}

fn refused(reason: &str) -> Checked {
    Checked::Refused(Refused { entry: None, reason: reason.to_owned() })
}

struct Sum {
    sha256: [u8; 32],
    bytes: u64,
}

type Converted = Result<(Sum, Report), Refused>;

fn convert(files: &Files, ours: &Version) -> Result<Converted, io::Error> {
    let upload = BufReader::new(File::open(&files.upload)?);
    let backup = Summed {
        inner: BufWriter::new(File::create(&files.backup)?),
        sha256: Sha256::new(),
        bytes: 0,
    };
    match normalise(upload, backup, ours, LIMITS) {
        Ok((mut written, report)) => {
            written.flush()?;
            let sum = Sum { sha256: written.sha256.finalize().into(), bytes: written.bytes };
            Ok(Ok((sum, report)))
        }
        Err(Failure::Refused(refused)) => Ok(Err(refused)),
        Err(Failure::NotWritten(error)) if error.kind() == io::ErrorKind::StorageFull => {
            let reason = "it does not get smaller by being packed".to_owned();
            Ok(Err(Refused { entry: None, reason }))
        }
        Err(Failure::NotWritten(error)) => Err(error),
    }
}

/// Adds up what is written, and writes no more than there is room for.
struct Summed<W> {
    inner: W,
    sha256: Sha256,
    bytes: u64,
}

impl<W: Write> Write for Summed<W> {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        if self.bytes + buffer.len() as u64 > MAX_BACKUP {
            return Err(io::ErrorKind::StorageFull.into());
        }
        let written = self.inner.write(buffer)?;
        self.sha256.update(&buffer[..written]);
        self.bytes += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

/// Like going back to a backup. A repeat finds the halt under way, or what came of it.
async fn take_over<P: Projects, I, H: Sagas, C>(
    world: &World<'_, P, I, H, C>,
    saga: &Saga,
) -> Result<TakenOver, ImportError> {
    let Some(Checked::Accepted { choice, .. }) = &saga.checked else {
        return Ok(TakenOver::Nothing);
    };
    let project = world.projects.find(&saga.project_id).await?;
    let ours = |it: &Project| it.tenant_id == saga.tenant_id;
    let Some(project) = project.filter(ours) else { return Ok(TakenOver::NotNow) };
    if starts_from(&project, choice) && project.attempt > saga.attempt {
        return Ok(TakenOver::AtOnce);
    }
    match project.state {
        _ if project.attempt != saga.attempt => Ok(TakenOver::NotNow),
        State::Running | State::Halting => {
            let halt = halt::Saga::of(&project, Purpose::Restore { choice: *choice });
            let input = serde_json::to_string(&halt).map_err(ImportError::Input)?;
            world.halts.ensure_started(&halt.execution_name(), &input).await?;
            Ok(TakenOver::AtOnce)
        }
        State::Stopped | State::Error => {
            match world.projects.choose_backup(&project.id, project.attempt, *choice).await {
                Ok(_) => Ok(TakenOver::WithTheNextStart),
                Err(ChangeError::Illegal(_) | ChangeError::Fenced { .. }) => Ok(TakenOver::NotNow),
                Err(error) => Err(ImportError::Project(error)),
            }
        }
        _ => Ok(TakenOver::NotNow),
    }
}

fn starts_from(project: &Project, choice: &Choice) -> bool {
    let named = project.backup.as_ref().map(|it| (it.attempt, it.number));
    named == Some((choice.attempt, choice.number))
}
