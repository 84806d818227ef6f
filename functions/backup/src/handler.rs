//! One pass: what is due, one after the other, and who is overdue after it.

use crate::{
    plan::{OVERDUE, Order, age, due, runs},
    take::{Outcome, TakeError, take},
    world::Ports,
};
use domain::project::Project;
use jiff::SignedDuration;
use ports::{Unavailable, census::Census, clock::Clock, fleet::Fleet};
use runtime::fault::{Classify, Fault, chain};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// Nothing is begun after this; with the longest single backup the function's timeout is still far.
const PASS: SignedDuration = SignedDuration::from_mins(9);

/// What one pass came to.
#[derive(Debug, Default, PartialEq, Eq, Serialize)]
pub struct Round {
    pub running: usize,
    pub taken: usize,
    pub unchanged: usize,
    pub gone_on: usize,
    pub failed: usize,
    /// Whose newest backup is too old, after all that.
    pub overdue: Vec<String>,
    /// How old, in minutes, the newest good backup of each that runs is.
    pub ages_minutes: BTreeMap<String, i64>,
}

#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    #[error("could not list what runs")]
    Listing(#[from] Unavailable),
}

impl Classify for BackupError {
    fn fault(&self) -> Fault {
        Fault::Retryable
    }
}

/// A backup that fails keeps no other from being taken.
pub async fn handle(world: &impl Ports) -> Result<Round, BackupError> {
    let began_at = world.clock().now();
    let projects = world.census().projects().await?;
    let workers = world.fleet().workers().await?;
    let (mut round, mut pass) = (Round::default(), Pass::default());
    for order in due(&projects, &workers, began_at) {
        if world.clock().now() >= began_at + PASS {
            tracing::warn!("out of time, the rest is for the next pass");
            break;
        }
        pass.back_up(world, &order, &mut round).await;
    }
    let running: Vec<_> = projects.iter().filter(|it| runs(it)).collect();
    round.running = running.len();
    for project in running {
        let is_safe = pass.safe.contains(project.id.as_str());
        let age = if is_safe { SignedDuration::ZERO } else { age(project, world.clock().now()) };
        round.ages_minutes.insert(project.id.to_string(), age.as_mins());
        round.overdue.extend(overdue(project, age));
    }
    let Round { running, taken, unchanged, gone_on, failed, ref overdue, .. } = round;
    let overdue = overdue.len();
    tracing::info!(running, taken, unchanged, gone_on, failed, overdue, "backed up");
    Ok(round)
}

#[derive(Default)]
struct Pass {
    /// Workers that did not take a command. They are not waited for twice.
    away: BTreeSet<String>,
    /// Projects that need nobody's attention.
    safe: BTreeSet<String>,
}

impl Pass {
    async fn back_up(&mut self, world: &impl Ports, order: &Order, round: &mut Round) {
        let node = &order.place.node_id;
        if self.away.contains(node) {
            round.failed += 1;
            return;
        }
        let count = match take(world, order).await {
            Ok(Outcome::Taken) => &mut round.taken,
            Ok(Outcome::Unchanged) => &mut round.unchanged,
            Ok(Outcome::GoneOn) => &mut round.gone_on,
            Err(error) => {
                if matches!(error, TakeError::Command(_)) {
                    self.away.insert(node.clone());
                }
                let (id, error) = (&order.project.id, chain(&error));
                tracing::warn!(project.id = %id, worker.id = %order.place.worker_id, %error, "not backed up");
                round.failed += 1;
                return;
            }
        };
        *count += 1;
        self.safe.insert(order.project.id.to_string());
    }
}

/// Wakes somebody: the alarm goes by this line.
fn overdue(project: &Project, age: SignedDuration) -> Option<String> {
    (age >= OVERDUE).then(|| {
        let (id, age_minutes) = (&project.id, age.as_mins());
        tracing::error!(project.id = %id, project.attempt, age_minutes, "backup overdue");
        id.to_string()
    })
}
