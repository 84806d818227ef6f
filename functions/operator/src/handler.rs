//! The commands, and the steps of a saga beside them.

use crate::{
    answer::{Answer, Drain, WorkerRow, occupants},
    command::{Command, Refusal, WORKER_ID},
    drain::{objection, on_its_way, plan},
    inspect,
    record::{Step, record},
};
use domain::{
    id::WorkerId,
    worker::{Cordon, State, Worker},
};
use ports::{
    Unavailable, audit::Audit, clock::Clock, fleet::Fleet, instance_logs::InstanceLogs,
    placements::Placements, projects::Projects, random::Random, sagas::Sagas,
};
use runtime::fault::{Classify, Fault};
use serde_json::Value;

/// What the world is made of: AWS, or a test's memory.
pub trait Ports {
    type Fleet: Fleet;
    type Placements: Placements;
    type Projects: Projects;
    type InstanceLogs: InstanceLogs;
    type Audit: Audit;
    type Sagas: Sagas;
    type Clock: Clock;
    type Random: Random;
}

/// Everything outside that commands need.
pub struct World<'a, P: Ports> {
    pub fleet: &'a P::Fleet,
    pub placements: &'a P::Placements,
    pub projects: &'a P::Projects,
    pub instance_logs: &'a P::InstanceLogs,
    pub audit: &'a P::Audit,
    /// The state machine `drain`.
    pub drains: &'a P::Sagas,
    /// The state machine `logs`.
    pub readings: &'a P::Sagas,
    /// The state machine `exec`.
    pub execs: &'a P::Sagas,
    pub clock: &'a P::Clock,
    pub random: &'a P::Random,
}

#[derive(Debug, thiserror::Error)]
pub enum OperatorError {
    #[error("something that this needs is away")]
    Unavailable(#[from] Unavailable),
    #[error("could not read or write the state of a saga")]
    Saga(#[from] serde_json::Error),
}

impl Classify for OperatorError {
    fn fault(&self) -> Fault {
        match self {
            Self::Unavailable(_) => Fault::Retryable,
            Self::Saga(_) => Fault::Terminal,
        }
    }
}

/// A command of a person's, or a step of a saga.
pub async fn handle<P: Ports>(
    world: &World<'_, P>,
    event: &Value,
) -> Result<Answer, OperatorError> {
    if event.get("step").is_some() {
        record(world, &serde_json::from_value::<Step>(event.clone())?).await?;
        return Ok(Answer::Recorded);
    }
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
        Command::ReadLogs { project_id, tail, since } => {
            inspect::read_logs(world, &project_id, tail, since).await
        }
        Command::ShowLogs { project_id, id } => inspect::show_logs(world, project_id, id).await,
        Command::Exec { project_id, number, order } => {
            inspect::exec(world, &project_id, number, order).await
        }
        Command::ShowExec { project_id, number } => {
            inspect::show_exec(world, &project_id, number).await
        }
        Command::ListAudit { project_id } => inspect::list_audit(world, project_id.as_ref()).await,
    }
}

async fn set_cordon<P: Ports>(
    world: &World<'_, P>,
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

async fn drain<P: Ports>(
    world: &World<'_, P>,
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

async fn find<P: Ports>(
    world: &World<'_, P>,
    worker: &WorkerId,
) -> Result<Result<Worker, Refusal>, Unavailable> {
    let found = world.fleet.find(worker).await?;
    Ok(found.ok_or_else(|| Refusal::new(WORKER_ID, format!("there is no worker `{worker}`"))))
}
