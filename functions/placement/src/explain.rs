//! What a placement saw and why it chose as it did, in the form that is kept.

use crate::claim::Search;
use contracts::provision::Saga;
use domain::{
    fit::{Demand, judge},
    worker::Worker,
};
use jiff::Timestamp;
use ports::placements::{Alternative, Decision, Outcome};

/// A record has to stay well below the 400 KB of an item, however large the fleet.
const KEPT: usize = 100;

pub(crate) fn explain<F, P, C, R>(
    saga: &Saga,
    demand: &Demand,
    outcome: Outcome,
    search: &Search<'_, F, P, C, R>,
    at: Timestamp,
) -> Decision {
    let mut alternatives: Vec<_> = search.seen.iter().map(|it| alternative(it, demand)).collect();
    alternatives.sort_by_key(|it| (it.score.is_none(), it.score, it.worker_id.clone()));
    alternatives.truncate(KEPT);
    Decision {
        project_id: saga.project_id.clone(),
        reservation_id: saga.reservation_id.clone(),
        plan: saga.plan,
        outcome,
        writes: search.writes,
        considered: u32::try_from(search.seen.len()).unwrap_or(u32::MAX),
        alternatives,
        at,
    }
}

fn alternative(worker: &Worker, demand: &Demand) -> Alternative {
    let judged = judge(worker, demand);
    Alternative {
        worker_id: worker.id.clone(),
        free_mib: worker.free.memory_mib,
        free_cpu_millis: worker.free.cpu_millis,
        score: judged.ok(),
        refusal: judged.err(),
    }
}
