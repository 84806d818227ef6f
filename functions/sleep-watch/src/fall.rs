//! Who falls asleep: read, decide, keep in mind, ask the gateway, halt.

use crate::{
    handler::{Round, WatchError},
    world::{Ports, World},
};
use contracts::{
    halt, provision,
    worker::{Exit, quiesce, read_quiesce},
};
use domain::{
    health::Sight,
    id::ProjectId,
    project::{Project, Purpose, State},
    sleep::{Look, Rest, Verdict},
    worker::{Holder, Reservation, Worker},
};
use jiff::Timestamp;
use ports::{
    Unavailable,
    clock::Clock,
    commands::Commands,
    fleet::Fleet,
    heartbeats::{Heartbeat, of_ready},
    projects::Projects,
    rests::{KeepError, Rests},
    sagas::{Course, Sagas},
    subscriptions::Subscriptions,
};
use std::{collections::BTreeMap, time::Duration};

/// In one look: each asks a gateway, and there is another look in a minute.
const MOST_AT_ONCE: usize = 4;
const PATIENCE: Duration = Duration::from_secs(20);

/// An instance that nobody uses, as its worker says.
struct Idler<'a> {
    project: &'a ProjectId,
    held: &'a Reservation,
    node_id: &'a str,
    sight: &'a Sight,
}

pub(crate) async fn put_to_sleep<P: Ports>(
    world: &World<'_, P>,
    rests: &[Rest],
    round: &mut Round,
) -> Result<(), WatchError> {
    let now = world.clock.now();
    let workers = world.fleet.workers().await?;
    let beats = of_ready(world.heartbeats, &workers).await?;
    let rests: BTreeMap<_, _> = rests.iter().map(|it| (&it.project, it)).collect();
    let mut left = MOST_AT_ONCE;
    for idler in idlers(now, &workers, &beats, &rests) {
        if left == 0 {
            break;
        }
        let rest = rests.get(idler.project).copied();
        match put_one_to_sleep(world, now, &idler, rest).await {
            Ok(tried) => left -= usize::from(tried),
            Err(error) => round.note(idler.project, Err(error)),
        }
    }
    Ok(())
}

/// By what is known without reading a project, which nearly all are too busy for.
fn idlers<'a>(
    now: Timestamp,
    workers: &'a [Worker],
    beats: &'a BTreeMap<String, Heartbeat>,
    rests: &BTreeMap<&ProjectId, &Rest>,
) -> Vec<Idler<'a>> {
    let mut idlers = Vec::new();
    for worker in workers.iter().filter(|it| it.admits()) {
        let Some(node_id) = worker.node_id.as_deref() else { continue };
        let Some(beat) = beats.get(node_id).filter(|it| it.speaks_of(now)) else { continue };
        for (holder, held) in &worker.reservations {
            let Holder::Project(project) = holder else { continue };
            let found =
                beat.find(project, held).and_then(|it| Some((it.generation, it.sight.as_ref()?)));
            let Some((attempt, sight)) = found else { continue };
            let look = Look {
                at: now,
                plan: held.plan.plan(),
                attempt,
                here_since: held.since,
                keep_awake: false,
                is_entitled: true,
                is_settled: true,
                sight,
                rest: rests.get(project).copied(),
            };
            if matches!(look.verdict(), Verdict::FallAsleep { .. }) {
                idlers.push(Idler { project, held, node_id, sight });
            }
        }
    }
    idlers
}

/// Says whether it was tried.
async fn put_one_to_sleep<P: Ports>(
    world: &World<'_, P>,
    now: Timestamp,
    idler: &Idler<'_>,
    rest: Option<&Rest>,
) -> Result<bool, WatchError> {
    let found = world.projects.find(idler.project).await?;
    let is_here =
        |it: &Project| it.state == State::Running && it.id.reservation(it.attempt) == idler.held.id;
    let Some(project) = found.filter(is_here) else { return Ok(false) };
    let look = Look {
        at: now,
        plan: project.plan.plan(),
        attempt: project.attempt,
        here_since: idler.held.since,
        keep_awake: project.keep_awake,
        is_entitled: is_entitled(world, &project, now).await?,
        is_settled: !is_arriving(world, &project).await?,
        sight: idler.sight,
        rest,
    };
    let Verdict::FallAsleep { wake_at } = look.verdict() else { return Ok(false) };
    let next = match rest {
        Some(rest) => rest.again(project.attempt, wake_at, now),
        None => Rest::begin(project.id.clone(), project.attempt, wake_at, now),
    };
    match world.rests.keep(&next).await {
        Ok(_) => (),
        // Another look was faster, and acts.
        Err(KeepError::LostRace) => return Ok(false),
        Err(error) => return Err(error.into()),
    }
    if is_quiet(world, &project, idler.node_id).await? {
        halt(world, &project).await?;
    }
    Ok(true)
}

/// What brought it here may still take everything back, and the halt's undo would put back what is gone.
async fn is_arriving<P: Ports>(
    world: &World<'_, P>,
    project: &Project,
) -> Result<bool, Unavailable> {
    let arrival = provision::Saga::execution_name(&project.id, project.attempt);
    Ok(world.provisions.course(&arrival).await? == Some(Course::Running))
}

async fn is_entitled<P: Ports>(
    world: &World<'_, P>,
    project: &Project,
    now: Timestamp,
) -> Result<bool, Unavailable> {
    let Some(id) = &project.subscription_id else { return Ok(false) };
    let record = world.subscriptions.find(id).await?;
    Ok(record.is_some_and(|it| it.standing(now).entitles()))
}

/// The gateway's own word is the last one, and it begins nothing new after it.
async fn is_quiet<P: Ports>(
    world: &World<'_, P>,
    project: &Project,
    node_id: &str,
) -> Result<bool, WatchError> {
    let argv = quiesce(&project.id, project.attempt);
    let finished = world.commands.run(node_id, &argv, PATIENCE).await?;
    let is_done = Exit::from(finished.exit_code) == Exit::Done;
    let quiet = is_done && read_quiesce(&finished.stdout) == Some(true);
    if !quiet {
        let (id, answer) = (&project.id, &finished.stdout);
        tracing::info!(project.id = %id, project.attempt, answer, "instance stays awake");
    }
    Ok(quiet)
}

async fn halt<P: Ports>(world: &World<'_, P>, project: &Project) -> Result<(), WatchError> {
    let saga = halt::Saga::of(project, Purpose::Sleep);
    let input = serde_json::to_string(&saga)?;
    world.halts.ensure_started(&saga.execution_name(), &input).await?;
    tracing::info!(project.id = %project.id, project.attempt, "instance falls asleep");
    Ok(())
}
