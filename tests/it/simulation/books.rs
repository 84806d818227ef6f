//! What must hold after every step, and what must not last.

use super::sim::Sim;
use contracts::provision::Saga;
use domain::{
    project::{Project, State as Stage},
    worker::{Holder, State, Worker},
};
use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

const MINUTE: Duration = Duration::from_mins(1);
/// The reaper looks every five minutes, at what is fifteen, or for claims thirty, minutes old; it
/// may miss one pass.
const REAPED: Duration = MINUTE.saturating_mul(27);
const RELEASED: Duration = MINUTE.saturating_mul(42);
/// A lost worker is found within a minute if nothing fails; here some looks do, and settling takes more.
const NOTICED: Duration = MINUTE.saturating_mul(10);

/// Since when each thing that must not last has lasted, in active time.
#[derive(Debug, Default)]
pub(super) struct Books {
    since: BTreeMap<String, Duration>,
    steps: u32,
}

const LOOK_EVERY: u32 = 3;

impl Books {
    pub(super) async fn check(&mut self, sim: &Sim) -> Result<(), String> {
        for worker in sim.world.fleet.workers.borrow().values() {
            balanced(worker)?;
        }
        runs_once(sim)?;
        // What may last for minutes need not be looked for at every step.
        self.steps += 1;
        if !self.steps.is_multiple_of(LOOK_EVERY) {
            return Ok(());
        }
        let anomalies = anomalies(sim).await;
        self.since.retain(|it, _| anomalies.contains_key(it));
        for (anomaly, bound) in anomalies {
            let since = *self.since.entry(anomaly.clone()).or_insert(sim.active);
            let lasted = sim.active.saturating_sub(since);
            if lasted > bound {
                return Err(format!("{anomaly}, for {} s", lasted.as_secs()));
            }
        }
        Ok(())
    }

    /// Once the noise is over for long enough nothing odd is left at all.
    pub(super) async fn check_settled(&mut self, sim: &Sim) -> Result<(), String> {
        let left: Vec<String> = anomalies(sim).await.into_keys().collect();
        if left.is_empty() { Ok(()) } else { Err(format!("left in the end: {}", left.join("; "))) }
    }
}

/// free + reserved = total, and no port is held twice.
fn balanced(worker: &Worker) -> Result<(), String> {
    if worker.free.plus(worker.reserved()) != worker.total {
        return Err(format!("{}: free and reserved are not the total: {worker:?}", worker.id));
    }
    let ports: BTreeSet<u16> = worker.reservations.values().map(|it| it.port).collect();
    if ports.len() != worker.reservations.len() {
        return Err(format!("{}: a port is held twice: {worker:?}", worker.id));
    }
    Ok(())
}

/// No project has two live containers. One that was out of reach when it was given up may live until
/// the reaper finds it.
fn runs_once(sim: &Sim) -> Result<(), String> {
    if sim.was_cut_off {
        return Ok(());
    }
    let containers = sim.world.commands.containers.borrow();
    let mut seen = BTreeSet::new();
    for (node, holder) in containers.keys().filter(|(node, _)| sim.world.is_live(node)) {
        if holder.starts_with("prj_") && !seen.insert(holder) {
            return Err(format!("`{holder}` runs twice, once on `{node}`"));
        }
    }
    Ok(())
}

/// What is odd now, with how long it may stay so.
async fn anomalies(sim: &Sim) -> BTreeMap<String, Duration> {
    let mut odd = BTreeMap::new();
    for project in sim.world.all_projects().await {
        odd.extend(of_project(sim, &project));
    }
    let workers = sim.world.fleet.workers.borrow().clone();
    for worker in workers.values() {
        odd.extend(of_worker(sim, worker).await);
    }
    for machine in sim.world.machines.alive.borrow().values() {
        let record = machine.worker.as_ref().and_then(|it| workers.get(it));
        if record.is_none_or(|it| it.state == State::Terminated) {
            odd.insert(format!("machine `{}` is nobody's", machine.id), REAPED);
        }
    }
    for (node, holder) in sim.world.commands.containers.borrow().keys() {
        if !sim.world.is_live(node) {
            continue;
        }
        let at = workers.values().find(|it| it.node_id.as_ref() == Some(node));
        let held = at.is_some_and(|it| it.reservations.keys().any(|it| it.as_str() == holder));
        if !held {
            odd.insert(format!("container of `{holder}` on `{node}` has no reservation"), REAPED);
        }
    }
    for (holder, attempt, _) in sim.world.bundles.stored.borrow().keys() {
        odd.insert(format!("the bundle of `{holder}` {attempt} is left"), REAPED);
    }
    odd
}

fn of_project(sim: &Sim, project: &Project) -> Vec<(String, Duration)> {
    let id = &project.id;
    let name = Saga::execution_name(id, project.attempt);
    let alive: Vec<_> = sim.world.commands.containers_of(id.as_str());
    let live = alive.iter().filter(|(node, _)| sim.world.is_live(node)).count();
    let mut odd = Vec::new();
    if live > 1 {
        odd.push((format!("`{id}` runs {live} times"), REAPED));
    }
    match project.state {
        Stage::PendingPayment | Stage::Halting => (),
        Stage::Suspended | Stage::Deleting | Stage::Deleted => {
            if live > 0 {
                odd.push((format!("`{id}` runs and is not to"), REAPED));
            }
        }
        // The failed execution has rung, so a person knows.
        Stage::Pending | Stage::Provisioning => {
            if !sim.is_running(&name) && !sim.ended.contains_key(&name) {
                odd.push((format!("`{id}` is paid for and nobody is at it"), NOTICED));
            }
        }
        Stage::Running => {
            let cut_off = alive.iter().any(|(node, _)| sim.world.is_cut_off(node));
            if live == 0 && !cut_off && !sim.is_running(&name) {
                odd.push((format!("`{id}` is said to run and does not"), NOTICED));
            }
            let held = sim.world.fleet.held_by(&Holder::from(id.clone()));
            let current = id.reservation(project.attempt);
            if held.iter().all(|(_, it)| it.id != current) && !sim.is_running(&name) {
                odd.push((format!("`{id}` runs without its reservation"), NOTICED));
            }
        }
        Stage::Error => {
            if project.reason.is_none() {
                odd.push((format!("`{id}` failed without a reason"), Duration::ZERO));
            }
        }
    }
    odd
}

async fn of_worker(sim: &Sim, worker: &Worker) -> Vec<(String, Duration)> {
    let mut odd = Vec::new();
    for (holder, reservation) in &worker.reservations {
        let backed = match holder {
            Holder::Blank(blank) => {
                reservation.warm || sim.is_running(&contracts::blank::Saga::execution_name(blank))
            }
            Holder::Project(id) => {
                let projects = sim.world.all_projects().await;
                projects.iter().any(|it| {
                    it.id == *id
                        && id.reservation(it.attempt) == reservation.id
                        && (it.state == Stage::Running
                            || sim.is_running(&Saga::execution_name(id, it.attempt)))
                })
            }
        };
        if !backed {
            let what =
                format!("`{holder}` holds `{}` of {} for nothing", reservation.id, worker.id);
            odd.push((what, RELEASED));
        }
    }
    let busy = sim.any_running(&format!("drain-{}", worker.id))
        || sim.any_running(&format!("grow-{}", worker.id));
    match worker.state {
        State::Ready | State::WarmStopped | State::Terminated => (),
        State::Draining if busy => (),
        State::Provisioning | State::Starting if busy || !worker.reservations.is_empty() => (),
        State::Error | State::Draining | State::Provisioning | State::Starting => {
            odd.push((format!("{} stays {:?}", worker.id, worker.state), RELEASED));
        }
    }
    let machine = sim.world.machines.alive.borrow().contains_key(&worker.id);
    if worker.state == State::Ready && !machine {
        odd.push((format!("{} is ready and has no machine", worker.id), NOTICED));
    }
    odd
}
