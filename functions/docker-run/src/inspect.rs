//! Look into an instance and leave it as it is: what it has printed, and what an operator has run in it.
//!
//! A worker that does not answer is an outcome here and no failure: nothing waits for it, nothing has to be
//! taken back, and whoever asked is told.

use crate::{
    handler::{LaunchError, Ports, World},
    launch::refused,
};
use contracts::{
    exec::{Outcome as Executed, Saga as ExecSaga},
    logs::{Outcome as Read, Saga as LogsSaga},
    worker::{Exec, Exit, ReadLogs, read_exec, read_logs as read_logs_answer},
};
use ports::{
    commands::{CommandError, Commands},
    instance_logs::{InstanceLogs, LogsName},
};
use std::time::Duration;

/// The worker reads for twenty seconds at most, and may need as many to upload.
const READING: Duration = Duration::from_mins(1);
/// Above the command's own time: to end what ignores that, and to look at what was printed.
const ENDING: Duration = Duration::from_secs(40);

pub(crate) async fn read_logs<P: Ports>(
    world: &World<'_, P>,
    saga: &LogsSaga,
) -> Result<Read, LaunchError> {
    let Some(worker) = saga.worker() else { return Ok(Read::NothingThere) };
    let name = LogsName { project: saga.project_id.clone(), id: saga.id.clone() };
    let url = world.instance_logs.upload_link(&name).await?;
    let command = ReadLogs {
        project: &saga.project_id,
        generation: saga.attempt,
        tail: saga.tail,
        since: saga.since,
        upload_url: &url,
    };
    let finished = match world.commands.run(&worker.node_id, &command.argv(), READING).await {
        Err(CommandError::Unreachable(_) | CommandError::TimedOut) => return Ok(Read::NotReached),
        ended => ended?,
    };
    match Exit::from(finished.exit_code) {
        Exit::Gone | Exit::Fenced => Ok(Read::NothingThere),
        exit => {
            let answer = read_logs_answer(&finished.stdout).filter(|_| exit == Exit::Done);
            let answer = answer.ok_or_else(|| refused(exit, finished.stderr))?;
            Ok(Read::Stored { bytes: answer.bytes, truncated: answer.truncated })
        }
    }
}

/// A command whose end nobody has seen is asked for again: the worker runs each number once.
pub(crate) async fn run_command<P: Ports>(
    world: &World<'_, P>,
    saga: &ExecSaga,
) -> Result<Executed, LaunchError> {
    let Some(worker) = saga.worker() else { return Ok(Executed::NothingRuns) };
    let command = Exec {
        project: &saga.project_id,
        generation: saga.attempt,
        number: saga.number,
        words: &saga.order.argv,
        wait_s: saga.order.wait_s,
    };
    let patience = Duration::from_secs(saga.order.wait_s.into()) + ENDING;
    let finished = match world.commands.run(&worker.node_id, &command.argv(), patience).await {
        Err(CommandError::Unreachable(_)) => return Ok(Executed::NotReached),
        ended => ended?,
    };
    match Exit::from(finished.exit_code) {
        Exit::Gone | Exit::Fenced => Ok(Executed::NothingRuns),
        exit => {
            let outcome = read_exec(&finished.stdout).filter(|_| exit == Exit::Done);
            outcome.ok_or_else(|| refused(exit, finished.stderr))
        }
    }
}
