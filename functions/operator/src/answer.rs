//! What an operator is told, as JSON. `scripts/ops` is who reads it.

use crate::command::Refusal;
use contracts::exec::Outcome;
use domain::{
    capacity::Capacity,
    id::{LogsId, ProjectId, WorkerId},
    offering::{Provider, Purchase},
    plan::PlanId,
    worker::{Cordon, Holder, State, Worker},
};
use jiff::Timestamp;
use ports::{audit::Entry, placements::Decision};
use serde::Serialize;
use std::net::Ipv4Addr;

#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "answer", rename_all = "snake_case")]
pub enum Answer {
    /// Oldest first. None: it was never placed, or longer ago than decisions are kept.
    Placements {
        project_id: ProjectId,
        decisions: Vec<Decision>,
    },
    /// In the order of their ids.
    Workers {
        workers: Vec<WorkerRow>,
    },
    Cordon {
        worker_id: WorkerId,
        cordoned: bool,
    },
    Drain(Drain),
    /// What was printed is being read. It is shown by `show_logs`.
    Reading {
        project_id: ProjectId,
        id: LogsId,
        execution: String,
    },
    /// The command is on its way. What became of it is shown by `show_exec`.
    Ordered {
        project_id: ProjectId,
        number: u64,
        execution: String,
    },
    /// Ask again.
    UnderWay {
        execution: String,
    },
    Logs {
        text: String,
        /// There was more than is taken.
        truncated: bool,
    },
    Exec {
        execution: String,
        /// `None`: the execution failed, and nobody knows whether the command ran.
        outcome: Option<Outcome>,
    },
    /// Oldest first.
    Audit {
        entries: Vec<Entry>,
    },
    /// Of a step.
    Recorded,
    Refused(Refusal),
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Drain {
    pub worker_id: WorkerId,
    /// The execution that empties the worker and gives it back.
    pub execution: String,
    /// What is on it, and moves away.
    pub occupants: Vec<Occupant>,
    /// In words for the operator.
    pub says: String,
}

/// Who has a place on a worker.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Occupant {
    pub holder: Holder,
    pub plan: PlanId,
    pub since: Timestamp,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct WorkerRow {
    pub worker_id: WorkerId,
    pub state: State,
    /// Who keeps new instances off it, if anybody does.
    pub cordon: Option<Cordon>,
    pub provider: Provider,
    pub machine_type: String,
    pub purchase: Purchase,
    pub machine_id: Option<String>,
    pub address: Option<Ipv4Addr>,
    pub free: Capacity,
    pub total: Capacity,
    pub projects: usize,
    pub blanks: usize,
    /// Blanks that can be claimed; the others boot.
    pub warm_blanks: usize,
    pub changed_at: Timestamp,
}

impl From<&Worker> for WorkerRow {
    fn from(worker: &Worker) -> Self {
        let holders = || worker.reservations.keys();
        Self {
            worker_id: worker.id.clone(),
            state: worker.state,
            cordon: worker.cordon,
            provider: worker.origin.provider,
            machine_type: worker.origin.machine_type.clone(),
            purchase: worker.origin.purchase,
            machine_id: worker.machine_id.clone(),
            address: worker.address,
            free: worker.free,
            total: worker.total,
            projects: holders().filter(|it| it.project().is_some()).count(),
            blanks: holders().filter(|it| it.blank().is_some()).count(),
            warm_blanks: worker.reservations.values().filter(|it| it.warm).count(),
            changed_at: worker.changed_at,
        }
    }
}

/// Who has a place on `worker`.
pub(crate) fn occupants(worker: &Worker) -> Vec<Occupant> {
    let held = worker.reservations.iter();
    let occupants = held.map(|(holder, held)| Occupant {
        holder: holder.clone(),
        plan: held.plan,
        since: held.since,
    });
    occupants.collect()
}
