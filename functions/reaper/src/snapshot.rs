//! What there is: the cloud first, then the records.

use crate::world::Ports;
use domain::{
    id::{ProjectId, ReservationId, WorkerId},
    project::Project,
    route::Target,
    worker::{State, Worker},
};
use jiff::{SignedDuration, Timestamp};
use ports::{
    Unavailable,
    bundles::{Bundle, Bundles},
    clock::Clock,
    fleet::{Counted, Fleet},
    heartbeats::{Container, Heartbeat, Heartbeats},
    machines::{Machine, Machines},
    projects::Projects,
    routes::{Route, RouteLog},
};
use std::collections::{BTreeMap, BTreeSet};

/// Heartbeats come every 15 seconds. What an older one says of containers may be long past.
const HEARD_WITHIN: SignedDuration = SignedDuration::from_secs(60);

#[derive(Clone, Debug)]
pub(crate) struct Snapshot {
    /// Before anything was listed.
    pub(crate) now: Timestamp,
    pub(crate) machines: Vec<Machine>,
    /// The last ones of those machines, by the name under which they take commands.
    pub(crate) heartbeats: BTreeMap<String, Heartbeat>,
    pub(crate) bundles: Vec<Bundle>,
    /// Those that lead to an instance.
    pub(crate) routes: Vec<Route>,
    /// What counts towards the maximum of a plan.
    pub(crate) counted: Vec<Counted>,
    /// Every worker that is not terminated.
    pub(crate) workers: BTreeMap<WorkerId, Worker>,
    /// Terminated workers that a machine names as its own.
    pub(crate) terminated: BTreeMap<WorkerId, Worker>,
    /// Every project that something above is about, if there is such a one.
    pub(crate) projects: BTreeMap<ProjectId, Project>,
}

/// Reads everything. Fails if a single source does not answer: half a list must not be taken for the
/// whole.
pub(crate) async fn gather(world: &impl Ports) -> Result<Snapshot, Unavailable> {
    let now = world.clock().now();
    let machines = world.machines().list().await?;
    let nodes: Vec<_> = machines.iter().filter_map(|it| it.node_id.clone()).collect();
    let heartbeats = world.heartbeats().last_of(&nodes).await?;
    let bundles = world.bundles().list().await?;
    let mut routes = world.routes().last_changes().await?;
    routes.retain(|it| matches!(it.change.target, Some(Target::Upstream { .. })));
    let counted = world.fleet().counted().await?;
    let workers = world.fleet().workers().await?;
    let mut snapshot = Snapshot {
        now,
        machines,
        heartbeats: heartbeats.into_iter().map(|it| (it.node_id.clone(), it)).collect(),
        bundles,
        routes,
        counted,
        workers: workers.into_iter().map(|it| (it.id.clone(), it)).collect(),
        terminated: BTreeMap::new(),
        projects: BTreeMap::new(),
    };
    snapshot.terminated = find_terminated(world, &snapshot).await?;
    snapshot.projects = find_projects(world, &snapshot).await?;
    Ok(snapshot)
}

/// One read for each machine whose worker is not among the living: there are few.
async fn find_terminated(
    world: &impl Ports,
    snapshot: &Snapshot,
) -> Result<BTreeMap<WorkerId, Worker>, Unavailable> {
    let mut terminated = BTreeMap::new();
    let named = snapshot.machines.iter().filter_map(|it| it.worker.as_ref());
    for id in named.filter(|it| !snapshot.workers.contains_key(*it)) {
        if let Some(worker) = world.fleet().find(id).await? {
            terminated.insert(id.clone(), worker);
        }
    }
    Ok(terminated)
}

/// One read a project, about five milliseconds each: with 10,000 of them, a minute of the five that a
/// pass has.
async fn find_projects(
    world: &impl Ports,
    snapshot: &Snapshot,
) -> Result<BTreeMap<ProjectId, Project>, Unavailable> {
    let holders = snapshot.workers.values().flat_map(|it| it.reservations.keys());
    let contained = snapshot.containers().map(|it| &it.holder);
    let mut wanted: BTreeSet<_> =
        holders.chain(contained).filter_map(|it| it.project().cloned()).collect();
    wanted.extend(snapshot.routes.iter().map(|it| it.change.project_id.clone()));
    wanted.extend(snapshot.counted.iter().filter_map(|it| it.reservation.project()));
    let mut projects = BTreeMap::new();
    for id in wanted {
        if let Some(project) = world.projects().find(&id).await? {
            projects.insert(id, project);
        }
    }
    Ok(projects)
}

impl Snapshot {
    /// Whether `moment` is at least `age` ago.
    pub(crate) fn is_older(&self, moment: Timestamp, age: SignedDuration) -> bool {
        self.now.duration_since(moment) >= age
    }

    /// What runs on `worker`. `None`: nobody knows, because it has not been heard of for too long.
    pub(crate) fn containers_on(&self, worker: &Worker) -> Option<&[Container]> {
        match worker.state {
            State::Ready | State::Draining => (),
            // Nothing runs there yet, or any more.
            State::Provisioning
            | State::WarmStopped
            | State::Starting
            | State::Error
            | State::Terminated => return Some(&[]),
        }
        let last = self.heartbeats.get(worker.node_id.as_ref()?)?;
        let is_known = last.docker && !self.is_older(last.at, HEARD_WITHIN);
        is_known.then_some(last.containers.as_slice())
    }

    /// Everything that runs on workers, as far as it is known.
    pub(crate) fn containers(&self) -> impl Iterator<Item = &Container> {
        self.workers.values().filter_map(|it| self.containers_on(it)).flatten()
    }

    /// The record of `machine`: of the worker that it names, or of the one that names it.
    pub(crate) fn record_of(&self, machine: &Machine) -> Option<&Worker> {
        let named = machine.worker.as_ref();
        let by_tag = named.and_then(|it| self.workers.get(it).or_else(|| self.terminated.get(it)));
        let names_it = |it: &&Worker| it.machine_id.as_ref() == Some(&machine.id);
        self.workers.values().find(names_it).or(by_tag)
    }

    /// Whether the provider has listed a machine for `worker`.
    pub(crate) fn has_machine(&self, worker: &Worker) -> bool {
        self.machines.iter().any(|it| {
            it.worker.as_ref() == Some(&worker.id) || Some(&it.id) == worker.machine_id.as_ref()
        })
    }

    /// Whether `reservation` is anywhere.
    pub(crate) fn is_reserved(&self, reservation: &ReservationId) -> bool {
        self.workers.values().any(|it| it.find_reservation(reservation).is_some())
    }

    /// Whether `project` holds the place that `target` leads to.
    pub(crate) fn holds(&self, project: &ProjectId, target: Option<Target>) -> bool {
        let Some(Target::Upstream { address, port }) = target else { return true };
        let mut there = self.workers.values().filter(|it| it.address == Some(address));
        there.any(|it| it.held_by(project).is_some_and(|held| held.port == port))
    }
}
