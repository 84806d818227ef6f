//! Every paid project runs, is on its way, or has failed and somebody was woken. None runs twice.

use super::{Anomaly, Bound, Places, Sim};
use contracts::{configure::Saga as ConfigureSaga, halt::Saga as HaltSaga, provision::Saga};
use domain::{
    project::{Project, Purpose, State},
    worker::Holder,
};
use ports::clock::Clock;
use std::collections::BTreeSet;

/// No project has two live containers. One that was out of reach may have been given up meanwhile, and
/// lives until the reaper finds it.
pub(super) fn each_runs_once(sim: &mut Sim) -> Result<(), String> {
    let (containers, stopped) =
        (sim.world.commands.containers.borrow(), sim.world.commands.stopped.borrow());
    let (now, bound) = (sim.now, Bound::Reaped);
    sim.stranded.retain(|it, since| {
        containers.contains_key(it) && now.after(*since, bound) <= bound.limit()
    });
    let mut seen = BTreeSet::new();
    for place @ (node, holder) in containers.keys().filter(|(node, _)| sim.world.is_live(node)) {
        // What its halt has stopped lies there until it is removed, and runs no more.
        let is_live = !stopped.contains(place) && !sim.stranded.contains_key(place);
        let counts = holder.starts_with("prj_") && is_live;
        if counts && !seen.insert(holder) {
            return Err(format!("`{holder}` runs twice, once on `{node}`"));
        }
    }
    Ok(())
}

pub(super) fn anomalies(sim: &Sim, project: &Project, places: &Places) -> Vec<Anomaly> {
    let id = &project.id;
    let name = Saga::execution_name(id, project.attempt);
    let nodes = sim.world.commands.containers_of(id.as_str());
    let stopped = sim.world.commands.stopped.borrow();
    let runs = |it: &&(String, u32)| {
        sim.world.is_live(&it.0) && !stopped.contains(&(it.0.clone(), id.to_string()))
    };
    let live = nodes.iter().filter(runs).count();
    let mut odd = Vec::new();
    if live > 1 {
        odd.push((format!("`{id}` runs {live} times"), Bound::Reaped));
    }
    match project.state {
        State::PendingPayment => {
            if sim.post.acknowledged.contains(id) {
                odd.push((format!("`{id}` was paid for and nobody knows"), Bound::Noticed));
            }
        }
        State::Halting => {
            // One that could not be undone has rung, and a person goes on with it.
            let halt = HaltSaga::of(project, Purpose::Suspend).execution_name();
            if !sim.executions.is_running(&halt) && !sim.executions.has_rung(&halt) {
                odd.push((format!("`{id}` is being halted and nobody is at it"), Bound::Noticed));
            }
        }
        State::Stopped | State::Asleep | State::Suspended | State::Deleting | State::Deleted => {
            // What stands still holds its place until the reaper gives that back, and is removed after.
            let stopped = sim.world.commands.stopped.borrow();
            let runs = nodes.iter().any(|(node, _)| {
                sim.world.is_live(node) && !stopped.contains(&(node.clone(), id.to_string()))
            });
            if runs {
                odd.push((format!("`{id}` runs and is not to"), Bound::Reaped));
            }
            if project.state == State::Asleep {
                odd.extend(of_sleeping(sim, project));
            }
        }
        State::Pending | State::Provisioning => {
            // A failed execution has rung, so a person knows.
            if !sim.executions.is_running(&name) && !sim.executions.has_rung(&name) {
                odd.push((format!("`{id}` is paid for and nobody is at it"), Bound::Noticed));
            }
        }
        State::Running if sim.executions.is_running(&name) => (),
        State::Running => odd.extend(of_running(sim, project, live)),
        State::Error => {
            if project.reason.is_none() {
                odd.push((format!("`{id}` failed without a reason"), Bound::Never));
            }
            if !sim.executions.is_running(&name) && !somebody_knows(sim, project, places) {
                odd.push((format!("`{id}` failed and nobody was woken"), Bound::Noticed));
            }
        }
    }
    odd
}

/// Its provisioning has failed, or the worker that it ran on was reported lost.
fn somebody_knows(sim: &Sim, project: &Project, places: &Places) -> bool {
    let places = places.get(&project.id.reservation(project.attempt));
    sim.executions.has_rung(&Saga::execution_name(&project.id, project.attempt))
        || places.into_iter().flatten().any(|it| sim.alarms.rang(&["worker lost", it.as_str()]))
}

/// It is remembered, and does not sleep on when it is to be awake.
fn of_sleeping(sim: &Sim, project: &Project) -> Option<Anomaly> {
    let id = &project.id;
    let Some(rest) = sim.world.rests.of(id) else {
        return Some((format!("`{id}` sleeps and nobody remembers"), Bound::Never));
    };
    let is_to_wake = project.keep_awake || rest.is_due(sim.world.clock.now());
    is_to_wake.then(|| (format!("`{id}` sleeps on"), Bound::Noticed))
}

fn of_running(sim: &Sim, project: &Project, live: usize) -> Vec<Anomaly> {
    let id = &project.id;
    let mut odd = Vec::new();
    let nodes = sim.world.commands.containers_of(id.as_str());
    let is_cut_off = nodes.iter().any(|(node, _)| sim.world.is_cut_off(node));
    if live == 0 && !is_cut_off {
        odd.push((format!("`{id}` is said to run and does not"), Bound::Noticed));
    }
    let held = sim.world.fleet.held_by(&Holder::from(id.clone()));
    let current = id.reservation(project.attempt);
    if held.iter().all(|(_, it)| it.id != current) {
        odd.push((format!("`{id}` runs without its reservation"), Bound::Noticed));
    }
    if live == 1 && !is_cut_off {
        odd.extend(of_configuration(sim, project));
    }
    odd
}

/// What its owner has set is in force, on its way, or its owner knows better.
fn of_configuration(sim: &Sim, project: &Project) -> Vec<Anomaly> {
    let Some(set) = sim.world.configurations.find_now(&project.id) else { return vec![] };
    let configurations = sim.world.commands.configurations.borrow();
    let versions = configurations
        .iter()
        .filter(|((node, holder), _)| holder == project.id.as_str() && sim.world.is_live(node));
    let in_force = versions.map(|(_, version)| *version).max().unwrap_or_default();
    let mut odd = Vec::new();
    if in_force < set.applied_version {
        odd.push((format!("`{}` has not what its owner is shown", project.id), Bound::Noticed));
    }
    let name = ConfigureSaga::of(&set).execution_name();
    let is_known = set.failure().is_some()
        || sim.executions.is_running(&name)
        || sim.executions.has_rung(&name);
    if set.applied_version < set.version && !is_known {
        odd.push((format!("`{}` does not get what its owner set", project.id), Bound::Noticed));
    }
    odd
}
