//! Throwing a warm blank away.
//!
//! The reservation goes first, the container second. Between the two nobody can claim it: a claim that
//! races comes too late and takes another place. The other way round a project could claim what is just
//! being removed, and would have to boot a gateway of its own while its owner waits.

use crate::handler::{PoolError, World};
use contracts::{
    blank::GENERATION,
    worker::{Exit, remove},
};
use domain::{
    id::{BlankId, WorkerId},
    worker::Holder,
};
use ports::{
    clock::Clock,
    commands::{CommandError, Commands},
    fleet::Fleet,
};
use std::time::Duration;

/// Nobody chats with a blank, so it is killed at once. What takes longer is a worker in trouble.
const PATIENCE: Duration = Duration::from_secs(30);

/// Repeatable. If the container cannot be removed it has no reservation any more: the reaper finds it in
/// the worker's heartbeat.
pub(crate) async fn retire<F: Fleet, S, I, C: Commands, K: Clock>(
    world: &World<'_, F, S, I, C, K>,
    worker: &WorkerId,
    blank: &BlankId,
) -> Result<(), PoolError> {
    let World { fleet, commands, clock, .. } = world;
    let holder = Holder::from(blank.clone());
    fleet.release(worker, &holder, &blank.reservation(), clock.now()).await?;
    // Asked after the release: whichever claim was faster shows here, and keeps the container.
    let Some(found) = fleet.find(worker).await? else { return Ok(()) };
    let is_claimed = found.reservations.values().any(|it| it.blank.as_ref() == Some(blank));
    let Some(node_id) = found.node_id.filter(|_| !is_claimed) else { return Ok(()) };
    match commands.run(&node_id, &remove(&holder, GENERATION), PATIENCE).await {
        Ok(finished) => match Exit::from(finished.exit_code) {
            Exit::Done | Exit::Fenced => Ok(()),
            Exit::Misused
            | Exit::BadConfiguration
            | Exit::BadBackup
            | Exit::Gone
            | Exit::Crashed
            | Exit::NotYet
            | Exit::Unknown(_) => {
                let (blank, reason) = (blank.clone(), finished.stderr);
                Err(PoolError::NotRemoved { blank, reason })
            }
        },
        // The place is free by its record and taken in truth. Nothing new goes there.
        Err(CommandError::Unreachable(_)) => Ok(fleet.set_cordon(worker, true).await?),
        Err(error @ (CommandError::TimedOut | CommandError::Unavailable(_))) => Err(error.into()),
    }
}
