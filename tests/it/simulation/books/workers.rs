//! Every worker adds up, every place on it is somebody's, and none is stuck.

use super::{Anomaly, Bound, Sim};
use crate::simulation::sim::MAXIMUM;
use contracts::{halt::Saga as HaltSaga, provision::Saga};
use domain::{
    plan::PlanId,
    project::{Project, Purpose, State as Stage},
    worker::{Holder, Reservation, State, Worker},
};
use std::collections::BTreeSet;

/// free + reserved = total in memory and CPU, no port is held twice, and no more is sold of a plan than
/// there may be.
pub(super) fn balanced(sim: &Sim) -> Result<(), String> {
    let (mut limited, projects) = (0, sim.world.projects.all());
    for worker in sim.world.fleet.workers.borrow().values() {
        if worker.free.plus(worker.reserved()) != worker.total {
            return Err(format!("{}: free and reserved are not the total: {worker:?}", worker.id));
        }
        let ports: BTreeSet<u16> = worker.reservations.values().map(|it| it.port).collect();
        if ports.len() != worker.reservations.len() {
            return Err(format!("{}: a port is held twice: {worker:?}", worker.id));
        }
        let pro = |(holder, it): &(&Holder, &Reservation)| {
            it.plan == PlanId::Pro && !is_given_back(holder, it, &projects)
        };
        limited += worker.reservations.iter().filter(pro).count();
    }
    if limited > MAXIMUM as usize {
        return Err(format!("{limited} instances of a plan that is sold {MAXIMUM} times"));
    }
    Ok(())
}

/// Whether it is a blank's, or nothing runs there any more: it was counted out before it is given back.
fn is_given_back(holder: &Holder, held: &Reservation, projects: &[Project]) -> bool {
    let is_at_rest =
        |it: &Project| it.id.reservation(it.attempt) != held.id || it.state == Stage::Stopped;
    let its = projects.iter().find(|it| holder.project() == Some(&it.id));
    its.is_none_or(is_at_rest)
}

pub(super) fn anomalies(sim: &Sim, worker: &Worker, projects: &[Project]) -> Vec<Anomaly> {
    let unbacked =
        worker.reservations.iter().filter(|(holder, held)| !is_backed(sim, holder, held, projects));
    let mut odd: Vec<Anomaly> = unbacked
        .map(|(holder, held)| {
            let what = format!("`{holder}` holds `{}` of {} for nothing", held.id, worker.id);
            (what, Bound::Released)
        })
        .collect();
    if is_stuck(sim, worker) {
        // Whoever took a place there and gave it back has made the reaper wait anew.
        let (id, state, since) = (&worker.id, worker.state, worker.changed_at);
        odd.push((format!("{id} stays {state:?} since {since}"), Bound::Released));
    }
    let has_machine = sim.world.machines.alive.borrow().contains_key(&worker.id);
    if worker.state == State::Ready && !has_machine {
        odd.push((format!("{} is ready and has no machine", worker.id), Bound::Noticed));
    }
    odd
}

/// Somebody runs there or is on the way.
fn is_backed(sim: &Sim, holder: &Holder, held: &Reservation, projects: &[Project]) -> bool {
    let of_execution = |name: &str| sim.executions.is_running(name);
    match holder {
        Holder::Blank(blank) => {
            held.warm || of_execution(&contracts::blank::Saga::execution_name(blank))
        }
        Holder::Project(id) => projects.iter().filter(|it| it.id == *id).any(|it| {
            // Also while it is halted: its place goes once its data is in safety.
            let runs = matches!(it.state, Stage::Running | Stage::Halting);
            let halt = HaltSaga::of(it, Purpose::Suspend).execution_name();
            let is_busy = of_execution(&Saga::execution_name(id, it.attempt));
            id.reservation(it.attempt) == held.id && (runs || is_busy || of_execution(&halt))
        }),
    }
}

fn is_stuck(sim: &Sim, worker: &Worker) -> bool {
    let at_it = |saga: &str| sim.executions.any_running(&format!("{saga}-{}", worker.id));
    let is_busy = at_it("drain") || at_it("grow");
    match worker.state {
        State::Ready | State::WarmStopped | State::Terminated => false,
        State::Draining => !is_busy,
        State::Provisioning | State::Starting => !is_busy && worker.reservations.is_empty(),
        State::Error => true,
    }
}
