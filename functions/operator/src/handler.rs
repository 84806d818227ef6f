//! The commands.

use crate::{
    answer::{Answer, Drain, WorkerRow, occupants},
    command::{Command, Refusal, WORKER_ID},
    drain::{objection, on_its_way, plan},
};
use domain::{
    id::WorkerId,
    worker::{Cordon, State, Worker},
};
use ports::{Unavailable, clock::Clock, fleet::Fleet, placements::Placements, sagas::Sagas};
use runtime::fault::{Classify, Fault};
use serde_json::Value;

/// Everything outside that commands need.
#[derive(Debug)]
pub struct World<'a, F, P, S, K> {
    pub fleet: &'a F,
    pub placements: &'a P,
    /// The state machine `drain`.
    pub drains: &'a S,
    pub clock: &'a K,
}

#[derive(Debug, thiserror::Error)]
pub enum OperatorError {
    #[error("could not read or write the fleet")]
    Unavailable(#[from] Unavailable),
    #[error("could not write the saga's input")]
    Input(#[from] serde_json::Error),
}

impl Classify for OperatorError {
    fn fault(&self) -> Fault {
        match self {
            Self::Unavailable(_) => Fault::Retryable,
            Self::Input(_) => Fault::Terminal,
        }
    }
}

pub async fn handle<F: Fleet, P: Placements, S: Sagas, K: Clock>(
    world: &World<'_, F, P, S, K>,
    event: &Value,
) -> Result<Answer, OperatorError> {
    let command = match Command::read(event) {
        Ok(command) => command,
        Err(refusal) => return Ok(Answer::Refused(refusal)),
    };
    tracing::info!(?command, "an operator asks");
    match command {
        Command::ExplainPlacement { project_id } => {
            let decisions = world.placements.list(&project_id).await?;
            Ok(Answer::Placements { project_id, decisions })
        }
        Command::ListWorkers => {
            let mut workers = world.fleet.workers().await?;
            workers.sort_by(|a, b| a.id.cmp(&b.id));
            Ok(Answer::Workers { workers: workers.iter().map(WorkerRow::from).collect() })
        }
        Command::Cordon { worker_id } => set_cordon(world, worker_id, true).await,
        Command::Uncordon { worker_id } => set_cordon(world, worker_id, false).await,
        Command::Drain { worker_id } => drain(world, &worker_id).await,
    }
}

async fn set_cordon<F: Fleet, P, S, K: Clock>(
    world: &World<'_, F, P, S, K>,
    worker_id: WorkerId,
    cordoned: bool,
) -> Result<Answer, OperatorError> {
    let worker = match find(world, &worker_id).await? {
        Ok(worker) => worker,
        Err(refusal) => return Ok(Answer::Refused(refusal)),
    };
    if worker.state == State::Terminated {
        return Ok(Answer::Refused(Refusal::new(WORKER_ID, "it is terminated")));
    }
    if cordoned {
        world.fleet.cordon(&worker_id, Cordon::Operator).await?;
    } else {
        world.fleet.uncordon(&worker_id, Cordon::Operator, world.clock.now()).await?;
    }
    Ok(Answer::Cordon { worker_id, cordoned })
}

async fn drain<F: Fleet, P, S: Sagas, K: Clock>(
    world: &World<'_, F, P, S, K>,
    worker_id: &WorkerId,
) -> Result<Answer, OperatorError> {
    let worker = match find(world, worker_id).await? {
        Ok(worker) => worker,
        Err(refusal) => return Ok(Answer::Refused(refusal)),
    };
    if let Some(objection) = objection(&worker) {
        return Ok(Answer::Refused(Refusal::new(WORKER_ID, objection)));
    }
    world.fleet.cordon(worker_id, Cordon::Operator).await?;
    // Read again: until now something could be placed on it.
    let worker = world.fleet.find(worker_id).await?.unwrap_or(worker);
    let saga = plan(&worker);
    let execution = saga.execution_name(world.clock.now());
    world.drains.ensure_started(&execution, &serde_json::to_string(&saga)?).await?;
    let says = on_its_way(&saga, &execution);
    let (worker_id, occupants) = (worker_id.clone(), occupants(&worker));
    Ok(Answer::Drain(Drain { worker_id, execution, occupants, says }))
}

async fn find<F: Fleet, P, S, K>(
    world: &World<'_, F, P, S, K>,
    worker: &WorkerId,
) -> Result<Result<Worker, Refusal>, Unavailable> {
    let found = world.fleet.find(worker).await?;
    Ok(found.ok_or_else(|| Refusal::new(WORKER_ID, format!("there is no worker `{worker}`"))))
}
