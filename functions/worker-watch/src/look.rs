//! One look: read, judge, act.

use crate::{
    handler::WatchError,
    settle::{Hands, settle},
    verdict::{Evidence, Loss, Seen, Silence, Verdict, is_mass_silence, too_far_ahead, verdict},
    world::Ports,
};
use domain::{
    id::WorkerId,
    worker::{Cordon, Event, State, Worker},
};
use jiff::Timestamp;
use ports::{
    Unavailable,
    clock::Clock,
    fleet::{Change, Fleet},
    heartbeats::{Heartbeat, Heartbeats},
    machines::{Machine, Machines},
};
use runtime::fault::chain;
use std::collections::BTreeMap;

/// Beyond so many, one list is cheaper than a question for each.
const FIND_MAX: usize = 5;

/// Judges `workers`, and settles those that are lost, now or since earlier. `announced`: the provider
/// has sent word of their machines' end.
///
/// What cannot be done does not keep the rest from being done.
pub(crate) async fn look_at(
    world: &impl Ports,
    workers: &[Worker],
    announced: bool,
) -> Result<(), WatchError> {
    let found_before = workers.iter().filter(|it| it.state == State::Error);
    let mut lost: Vec<_> = found_before.map(|it| (it, "it was found lost before")).collect();
    let watched = match watch(world, workers, announced).await {
        Ok(found) => {
            lost.extend(found.lost);
            found.asked
        }
        Err(error) => Err(error),
    };
    let (mut unsettled, mut hands) = (0, Hands::default());
    for (worker, why) in lost {
        if let Err(error) = settle(world, &worker.id, why, &mut hands).await {
            tracing::error!(worker.id = %worker.id, error = %chain(&error), "not settled yet");
            unsettled += 1;
        }
    }
    watched?;
    if unsettled > 0 { Err(WatchError::Unsettled(unsettled)) } else { Ok(()) }
}

/// What a look brought to light.
struct Found<'a> {
    /// With what is wrong with their machines.
    lost: Vec<(&'a Worker, &'static str)>,
    /// Whether the provider answered.
    asked: Result<(), Unavailable>,
}

async fn watch<'a>(
    world: &impl Ports,
    workers: &'a [Worker],
    announced: bool,
) -> Result<Found<'a>, Unavailable> {
    let now = world.clock().now();
    let heartbeats = heartbeats(world, workers, now).await?;
    let judge = |worker: &Worker, seen| {
        let last = worker.node_id.as_ref().and_then(|it| heartbeats.get(it));
        verdict(now, worker, &Evidence { last, announced, seen })
    };
    let is_doubted = |it: &&Worker| match judge(it, Seen::NotAsked) {
        Verdict::Silent(_) => true,
        Verdict::Healthy | Verdict::Young => announced,
        Verdict::Lost(_) | Verdict::Unwatched => false,
    };
    let doubted: Vec<_> = workers.iter().filter(is_doubted).collect();
    // Without an answer nobody is lost; who is silent is cordoned all the same.
    let (seen, asked) = match ask(world, &doubted).await {
        Ok(seen) => (seen, Ok(())),
        Err(error) => (BTreeMap::new(), Err(error)),
    };
    let seen_of = |it: &Worker| seen.get(&it.id).copied().unwrap_or(Seen::NotAsked);
    let judged: Vec<_> = workers.iter().map(|it| (it, judge(it, seen_of(it)))).collect();
    cordon_silent(world, &judged).await?;
    uncordon_healed(world, &judged, now).await?;
    Ok(Found { lost: mark_lost(world, &judged, now).await?, asked })
}

/// The last heartbeat of each watched worker, by the name under which it takes commands.
async fn heartbeats(
    world: &impl Ports,
    workers: &[Worker],
    now: Timestamp,
) -> Result<BTreeMap<String, Heartbeat>, Unavailable> {
    let watched = workers.iter().filter(|it| it.state == State::Ready);
    let nodes: Vec<_> = watched.filter_map(|it| it.node_id.clone()).collect();
    let heartbeats = world.heartbeats().last_of(&nodes).await?;
    for heartbeat in &heartbeats {
        if let Some(ahead) = too_far_ahead(now, heartbeat) {
            let (node, ahead_s) = (&heartbeat.node_id, ahead.as_secs());
            tracing::warn!(node.id = %node, ahead_s, "the worker's clock is ahead of ours");
        }
    }
    Ok(heartbeats.into_iter().map(|it| (it.node_id.clone(), it)).collect())
}

/// What the provider says of each of `workers`.
async fn ask(
    world: &impl Ports,
    workers: &[&Worker],
) -> Result<BTreeMap<WorkerId, Seen>, Unavailable> {
    let mut seen = BTreeMap::new();
    if workers.len() > FIND_MAX {
        let machines = world.machines().list().await?;
        for worker in workers {
            let is_its = |it: &&Machine| it.worker.as_ref() == Some(&worker.id);
            seen.insert(worker.id.clone(), as_seen(machines.iter().find(is_its)));
        }
    } else {
        for worker in workers {
            let machine = world.machines().find(&worker.id).await?;
            seen.insert(worker.id.clone(), as_seen(machine.as_ref()));
        }
    }
    Ok(seen)
}

fn as_seen(machine: Option<&Machine>) -> Seen {
    machine.map_or(Seen::Gone, |it| Seen::There(it.state))
}

/// Nothing more is placed on a worker that is silent; nothing else happens to it.
async fn cordon_silent(
    world: &impl Ports,
    judged: &[(&Worker, Verdict)],
) -> Result<(), Unavailable> {
    let silent: Vec<(&Worker, Silence)> = judged
        .iter()
        .filter_map(|(worker, verdict)| match verdict {
            Verdict::Silent(silence) => Some((*worker, *silence)),
            Verdict::Healthy | Verdict::Young | Verdict::Lost(_) | Verdict::Unwatched => None,
        })
        .collect();
    let is_watched = |it: &&(&Worker, Verdict)| match it.1 {
        Verdict::Healthy | Verdict::Silent(_) => true,
        Verdict::Young | Verdict::Lost(_) | Verdict::Unwatched => false,
    };
    let watched = judged.iter().filter(is_watched).count();
    if is_mass_silence(silent.len(), watched) {
        // Their machines run: what is broken is more likely between them and us. To cordon them all
        // would stop the platform.
        tracing::error!(silent = silent.len(), watched, "worker silent");
        return Ok(());
    }
    for (worker, Silence { silent_s, without_docker }) in silent {
        tracing::error!(worker.id = %worker.id, silent_s, without_docker, "worker silent");
        if Cordon::Silent.replaces(worker.cordon) {
            world.fleet().cordon(&worker.id, Cordon::Silent).await?;
        }
    }
    Ok(())
}

/// Whoever was silent and is heard of again takes instances again. Who else cordoned it keeps it so.
async fn uncordon_healed(
    world: &impl Ports,
    judged: &[(&Worker, Verdict)],
    now: Timestamp,
) -> Result<(), Unavailable> {
    let is_healed =
        |it: &&(&Worker, Verdict)| it.1 == Verdict::Healthy && it.0.cordon == Some(Cordon::Silent);
    for (worker, _) in judged.iter().filter(is_healed) {
        tracing::info!(worker.id = %worker.id, "heard of again");
        world.fleet().uncordon(&worker.id, Cordon::Silent, now).await?;
    }
    Ok(())
}

/// Moves those that are lost to the state from which they are settled.
async fn mark_lost<'a>(
    world: &impl Ports,
    judged: &[(&'a Worker, Verdict)],
    now: Timestamp,
) -> Result<Vec<(&'a Worker, &'static str)>, Unavailable> {
    let mut lost = Vec::new();
    for (worker, verdict) in judged {
        let Verdict::Lost(loss) = verdict else { continue };
        if world.fleet().change(&worker.id, &Change::by(Event::Lost, now)).await? {
            lost.push((*worker, in_words(*loss)));
        }
    }
    Ok(lost)
}

fn in_words(loss: Loss) -> &'static str {
    match loss {
        Loss::Gone => "its machine is gone",
        Loss::Stopped => "its machine is stopped, and not by us",
        Loss::Stopping => "its machine is being stopped, and not by us",
    }
}
