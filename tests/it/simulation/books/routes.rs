//! No host leads to nobody's place for long, and none to somebody else's.

use super::{Anomaly, Bound, Sim};
use domain::{
    id::WorkerId,
    project::{Project, State},
    route::Target,
    worker::{State as WorkerState, Worker},
};
use std::collections::BTreeMap;

pub(super) fn anomaly(
    sim: &Sim,
    project: &Project,
    workers: &BTreeMap<WorkerId, Worker>,
) -> Option<Anomaly> {
    let (id, host) = (&project.id, &project.host);
    let route = sim.world.routes.route(host);
    let Some(Target::Upstream { address, port }) = route.and_then(|it| it.change.target) else {
        let is_shut = project.state == State::Running;
        return is_shut.then(|| (format!("`{id}` runs and nothing leads there"), Bound::Noticed));
    };
    let is_there =
        |it: &&Worker| it.address == Some(address) && it.state != WorkerState::Terminated;
    let worker = workers.values().find(is_there);
    let place = worker.and_then(|it| it.reservations.iter().find(|(_, held)| held.port == port));
    match place {
        Some((holder, _)) if holder.project() == Some(id) => {
            let node = worker.and_then(|it| it.node_id.clone()).unwrap_or_default();
            let containers = sim.world.commands.containers.borrow();
            let runs = containers.contains_key(&(node.clone(), id.to_string()));
            let lives = sim.world.is_cut_off(&node) || (runs && sim.world.is_live(&node));
            (!lives).then(|| (format!("`{host}` leads to a dead place"), Bound::Reaped))
        }
        Some((other, _)) => Some((format!("`{host}` leads to `{other}`"), Bound::Never)),
        None => Some((format!("`{host}` leads to nobody's place"), Bound::Reaped)),
    }
}
