//! What must hold after every step, and what must not last.

mod projects;
mod routes;
mod workers;

use super::{
    moment::{Bound, Moment},
    sim::Sim,
};
use domain::{
    id::{ReservationId, WorkerId},
    worker::{Holder, Reservation, State, Worker},
};
use std::collections::{BTreeMap, BTreeSet};

/// What is wrong, with how long it may stay so.
type Anomaly = (String, Bound);

/// Where each reservation was. A late step may make one again that was lost.
type Places = BTreeMap<ReservationId, BTreeSet<WorkerId>>;

#[derive(Debug, Default)]
pub(super) struct Books {
    /// Since when each thing that must not last has lasted.
    since: BTreeMap<String, Moment>,
    places: Places,
    steps: u32,
}

/// What may last for minutes need not be looked for at every step.
const LOOK_EVERY: u32 = 3;

impl Books {
    pub(super) fn check(&mut self, sim: &mut Sim) -> Result<(), String> {
        workers::balanced(sim)?;
        projects::each_runs_once(sim)?;
        self.steps += 1;
        if !self.steps.is_multiple_of(LOOK_EVERY) {
            return Ok(());
        }
        let anomalies = self.anomalies(sim);
        self.since.retain(|it, _| anomalies.contains_key(it));
        for (anomaly, bound) in anomalies {
            let since = *self.since.entry(anomaly.clone()).or_insert(sim.now);
            let lasted = sim.now.after(since, bound);
            if lasted > bound.limit() {
                return Err(format!("{anomaly}, for {} s", lasted.as_secs()));
            }
        }
        Ok(())
    }

    /// Once the noise is over for long enough nothing odd is left at all.
    pub(super) fn check_settled(&mut self, sim: &Sim) -> Result<(), String> {
        let left: Vec<String> = self.anomalies(sim).into_keys().collect();
        if left.is_empty() { Ok(()) } else { Err(format!("left in the end: {}", left.join("; "))) }
    }

    fn anomalies(&mut self, sim: &Sim) -> BTreeMap<String, Bound> {
        let workers = sim.world.fleet.workers.borrow();
        for worker in workers.values() {
            for held in worker.reservations.values() {
                self.places.entry(held.id.clone()).or_default().insert(worker.id.clone());
            }
        }
        let projects = sim.world.projects.all();
        let mut odd = BTreeMap::new();
        for project in &projects {
            odd.extend(projects::anomalies(sim, project, &self.places));
            odd.extend(routes::anomaly(sim, project, &workers));
        }
        for worker in workers.values() {
            odd.extend(workers::anomalies(sim, worker, &projects));
        }
        odd.extend(machines(sim, &workers));
        odd.extend(containers(sim, &workers));
        for (holder, attempt, _) in sim.world.bundles.stored.borrow().keys() {
            odd.insert(format!("the bundle of `{holder}` {attempt} is left"), Bound::Reaped);
        }
        odd
    }
}

fn machines(sim: &Sim, workers: &BTreeMap<WorkerId, Worker>) -> Vec<Anomaly> {
    let alive = sim.world.machines.alive.borrow();
    let is_owned = |of: &WorkerId| workers.get(of).is_some_and(|it| it.state != State::Terminated);
    let orphans = alive.values().filter(|it| !it.worker.as_ref().is_some_and(is_owned));
    orphans.map(|it| (format!("machine `{}` is nobody's", it.id), Bound::Reaped)).collect()
}

fn containers(sim: &Sim, workers: &BTreeMap<WorkerId, Worker>) -> Vec<Anomaly> {
    let containers = sim.world.commands.containers.borrow();
    let live = containers.keys().filter(|(node, _)| sim.world.is_live(node));
    let is_held = |(node, holder): &&(String, String)| {
        let at = workers.values().find(|it| it.node_id.as_ref() == Some(node));
        // A late claim holds the blank that it took until it is given back itself.
        let is_its = |(by, held): (&Holder, &Reservation)| {
            by.as_str() == holder || held.blank.as_ref().is_some_and(|it| it.as_str() == holder)
        };
        at.is_some_and(|it| it.reservations.iter().any(is_its))
    };
    let unheld = live.filter(|it| !is_held(it));
    let anomaly = |(node, holder): &(String, String)| {
        (format!("container of `{holder}` on `{node}` has no reservation"), Bound::Reaped)
    };
    unheld.map(anomaly).collect()
}
