//! Look once, and do what that calls for.

use crate::{
    backoff::{BOOT, GROWTH, LOOK_BACK, next_try},
    config::Config,
    input::Input,
    plan::{
        Action, Sight,
        emptying::{self, Emptying},
        plan,
    },
    retire::retire,
    stock::stock,
    target::{arrivals, choose_target, count, hour},
};
use contracts::{blank, drain, grow};
use domain::{
    id::{BlankId, MalformedId},
    worker::{Cordon, Worker},
};
use jiff::Timestamp;
use ports::{
    Unavailable,
    clock::Clock,
    commands::{CommandError, Commands},
    fleet::Fleet,
    intents::Intents,
    sagas::Sagas,
};
use runtime::fault::{Classify, Fault, chain};
use serde::Serialize;
use std::{fmt, time::Duration};

/// Everything outside that a warm pool needs.
#[derive(Debug)]
pub struct World<'a, F, S, I, C, K> {
    pub fleet: &'a F,
    /// Executions of `blank`, `grow` and `drain`.
    pub blanks: &'a S,
    pub grows: &'a S,
    pub drains: &'a S,
    pub intents: &'a I,
    pub commands: &'a C,
    pub clock: &'a K,
    pub config: &'a Config,
}

#[derive(Debug, thiserror::Error)]
pub enum PoolError {
    #[error("the saga has not said where the blank is")]
    Nowhere,
    #[error("blank `{0}` was reaped before it was ready")]
    BlankGone(BlankId),
    #[error("could not remove blank `{blank}` from its worker: {reason}")]
    NotRemoved { blank: BlankId, reason: String },
    #[error("could not reach the worker of a blank")]
    Command(#[from] CommandError),
    #[error("the pool's name cannot be part of an id")]
    Name(#[from] MalformedId),
    #[error("could not write a saga's input")]
    Input(#[from] serde_json::Error),
    #[error("could not read or change the pool")]
    Unavailable(#[from] Unavailable),
}

impl Classify for PoolError {
    fn fault(&self) -> Fault {
        match self {
            Self::Nowhere | Self::BlankGone(_) | Self::Name(_) | Self::Input(_) => Fault::Terminal,
            Self::NotRemoved { .. } | Self::Command(_) | Self::Unavailable(_) => Fault::Retryable,
        }
    }
}

pub async fn handle<F: Fleet, S: Sagas, I: Intents, C: Commands, K: Clock>(
    world: &World<'_, F, S, I, C, K>,
    input: &Input,
) -> Result<(), PoolError> {
    match input {
        Input::StockBlank(saga) => stock(world.fleet, saga).await,
        Input::Look => look(world).await,
    }
}

async fn look<F: Fleet, S: Sagas, I: Intents, C: Commands, K: Clock>(
    world: &World<'_, F, S, I, C, K>,
) -> Result<(), PoolError> {
    let (config, now) = (world.config, world.clock.now());
    let fleet = world.fleet.workers().await?;
    let intents = count(world.intents.wanted(now).await?);
    let target = choose_target(&config.pool, hour(now), &arrivals(&fleet, now), &intents);
    let may_boot = may_boot(world).await?;
    let may_grow = may_grow(world).await?;
    let regions = world.fleet.regions();
    let sight = Sight { fleet: &fleet, regions, target: &target, may_boot, may_grow, now, config };
    let actions = plan(&sight)?;
    let emptying = emptying::plan(&sight, actions.is_empty());
    let mut failed = None;
    // One that fails is no reason not to do the others.
    let mut note = |ended: Result<(), PoolError>, what: &dyn fmt::Debug| {
        if let Err(error) = ended {
            tracing::warn!(reason = %chain(&error), ?what, "left for a later look");
            failed.get_or_insert(error);
        }
    };
    // First: a blank is removed by a command on its worker, and a notice cannot wait for that.
    for it in &emptying {
        note(empty(world, &fleet, it).await, it);
    }
    for action in &actions {
        tracing::info!(?action, ?target, "the pool changes");
        note(act(world, action).await, action);
    }
    failed.map_or(Ok(()), Err)
}

/// Repeatable: nothing more comes to the worker, and its drain is started once an hour.
async fn empty<F: Fleet, S: Sagas, I, C, K: Clock>(
    world: &World<'_, F, S, I, C, K>,
    fleet: &[Worker],
    Emptying { worker, by }: &Emptying,
) -> Result<(), PoolError> {
    let Some(found) = fleet.iter().find(|it| it.id == *worker) else { return Ok(()) };
    if *by == Cordon::Consolidation && found.cordon.is_none() {
        tracing::info!(worker.id = %worker, "emptied because the others have room");
        world.fleet.cordon(worker, *by).await?;
    }
    let saga = drain::Saga::of_occupied(found, *by);
    start(world.drains, &saga.execution_name(world.clock.now()), &saga).await
}

async fn may_boot<F, S: Sagas, I, C, K: Clock>(
    world: &World<'_, F, S, I, C, K>,
) -> Result<bool, PoolError> {
    let pause = pause(world.blanks, world.clock.now(), BOOT).await?;
    if let Some(Pause { until, failures }) = pause {
        tracing::error!(%until, failures, "blank boots are backing off");
    }
    Ok(pause.is_none())
}

async fn may_grow<F, S: Sagas, I, C, K: Clock>(
    world: &World<'_, F, S, I, C, K>,
) -> Result<bool, PoolError> {
    let pause = pause(world.grows, world.clock.now(), GROWTH).await?;
    if let Some(Pause { until, failures }) = pause {
        tracing::error!(%until, failures, "growth is backing off");
    }
    Ok(pause.is_none())
}

/// Nothing is begun before this.
#[derive(Clone, Copy, Debug)]
struct Pause {
    until: Timestamp,
    failures: usize,
}

/// The pause that `sagas` are in, each of which takes `attempt` to fail for good.
async fn pause(
    sagas: &impl Sagas,
    now: Timestamp,
    attempt: Duration,
) -> Result<Option<Pause>, PoolError> {
    let failures = sagas.failures_since(now - LOOK_BACK).await?;
    let until = next_try(&failures, attempt).filter(|it| *it > now);
    Ok(until.map(|until| Pause { until, failures: failures.len() }))
}

/// Repeatable: an execution is started once under its name, and a blank is removed once.
async fn act<F: Fleet, S: Sagas, I, C: Commands, K: Clock>(
    world: &World<'_, F, S, I, C, K>,
    action: &Action,
) -> Result<(), PoolError> {
    match action.clone() {
        Action::BootBlank { blank, plan } => {
            let name = blank::Saga::execution_name(&blank);
            start(world.blanks, &name, &blank::Saga::of(&blank, plan)).await
        }
        Action::GetSpare { worker: worker_id, from, plan, park, changed_at } => {
            let saga = grow::Saga { worker_id, from, plan, park, error: None };
            start(world.grows, &saga.execution_name(changed_at), &saga).await
        }
        Action::Drain { worker: worker_id, idle_since, park } => {
            let saga = drain::Saga::of_empty(worker_id, idle_since, park);
            start(world.drains, &saga.execution_name(world.clock.now()), &saga).await
        }
        Action::RetireBlank { worker, blank } => retire(world, &worker, &blank).await,
    }
}

async fn start(sagas: &impl Sagas, name: &str, input: &impl Serialize) -> Result<(), PoolError> {
    Ok(sagas.ensure_started(name, &serde_json::to_string(input)?).await?)
}
