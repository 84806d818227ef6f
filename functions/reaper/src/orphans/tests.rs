//! One fleet in which everything has its owner, and what is found once something has none.

use super::{Finding, Kind, existing, find};
use crate::{limits::Limits, repair::Repair, snapshot::Snapshot};
use domain::{
    id::{BlankId, WorkerId},
    project::{Project, State as ProjectState},
    route::Target,
    worker::{Holder, Reservation, State, Worker},
};
use jiff::{SignedDuration, Timestamp};
use ports::{
    bundles::Bundle,
    fleet::Counted,
    heartbeats::{Container, Heartbeat},
    machines::{Machine, Power},
    routes::{Change, Phase, Route},
};
use std::{collections::BTreeMap, net::Ipv4Addr};
use testkit::make;

const NOW: Timestamp = Timestamp::constant(1_795_262_400, 0);
const ADDRESS: Ipv4Addr = Ipv4Addr::new(10, 0, 0, 1);

fn minutes_ago(minutes: i64) -> Timestamp {
    NOW - SignedDuration::from_mins(minutes)
}

fn worker_id() -> WorkerId {
    make::worker("a", 0).id
}

fn blank_id() -> BlankId {
    BlankId::new("x").unwrap()
}

/// Attempt 2 of a project, running on port 1.
fn project() -> Project {
    Project { state: ProjectState::Running, attempt: 2, ..make::project() }
}

fn held(port: u16, since: Timestamp) -> Reservation {
    let project = project();
    Reservation {
        id: project.id.reservation(2),
        demand: project.plan.plan().limits,
        port,
        plan: project.plan,
        since,
        warm: false,
        blank: None,
    }
}

/// A worker with the project and a warm blank on it, both a day old and listed in its heartbeat.
fn worker() -> Worker {
    let blank =
        Reservation { id: blank_id().reservation(), warm: true, ..held(2, minutes_ago(23 * 60)) };
    let reservations = [
        (Holder::from(project().id), held(1, minutes_ago(23 * 60))),
        (Holder::from(blank_id()), blank),
    ];
    Worker {
        reservations: reservations.into(),
        changed_at: minutes_ago(23 * 60),
        ..make::worker("a", 8192)
    }
}

fn machine() -> Machine {
    Machine {
        id: "i-a".to_owned(),
        worker: Some(worker_id()),
        provider: make::origin().provider,
        machine_type: make::origin().machine_type,
        region: make::origin().region,
        state: Power::Running,
        node_id: Some("i-a".to_owned()),
        address: Some(ADDRESS),
        bought_at: minutes_ago(24 * 60),
    }
}

fn container(holder: impl Into<Holder>, generation: u32) -> Container {
    Container { holder: holder.into(), generation, sight: None }
}

fn route(attempt: u32, port: u16) -> Route {
    let Project { id: project_id, host, .. } = project();
    let target = Some(Target::Upstream { address: ADDRESS, port });
    let phase = Phase::Serving;
    Route { change: Change { host, project_id, attempt, phase, target }, sequence: 1 }
}

fn in_order() -> Snapshot {
    let containers = vec![container(project().id, 2), container(blank_id(), 1)];
    let node_id = "i-a".to_owned();
    let heartbeat = Heartbeat { node_id: node_id.clone(), at: NOW, docker: true, containers };
    Snapshot {
        now: NOW,
        machines: vec![machine()],
        heartbeats: [(node_id, heartbeat)].into(),
        bundles: vec![bundle(14)],
        routes: vec![route(2, 1)],
        // Young: who takes its place away means something else.
        counted: vec![counted(2, 29)],
        workers: [(worker_id(), worker())].into(),
        terminated: BTreeMap::new(),
        projects: [(project().id, project())].into(),
    }
}

/// Attempt so and so of the project.
fn counted(attempt: u32, minutes: i64) -> Counted {
    let Project { id, plan, .. } = project();
    Counted { plan, reservation: id.reservation(attempt), since: minutes_ago(minutes) }
}

fn bundle(minutes: i64) -> Bundle {
    Bundle { holder: project().id.into(), attempt: 2, version: 0, stored_at: minutes_ago(minutes) }
}

impl Snapshot {
    fn worker(&mut self) -> &mut Worker {
        self.workers.get_mut(&worker_id()).unwrap()
    }

    fn held(&mut self, holder: impl Into<Holder>) -> &mut Reservation {
        self.worker().reservations.get_mut(&holder.into()).unwrap()
    }

    fn project(&mut self) -> &mut Project {
        self.projects.get_mut(&project().id).unwrap()
    }

    fn heartbeat(&mut self) -> &mut Heartbeat {
        self.heartbeats.get_mut("i-a").unwrap()
    }

    fn in_state(&mut self, state: State, minutes: i64) {
        let worker = self.worker();
        (worker.state, worker.changed_at) = (state, minutes_ago(minutes));
    }
}

fn found(change: impl FnOnce(&mut Snapshot)) -> Vec<Finding> {
    let mut snapshot = in_order();
    change(&mut snapshot);
    find(&snapshot, &Limits::default())
}

type Upset = fn(&mut Snapshot);

/// Checks what is found after each change, in the order of finding.
fn check(cases: &[(&str, Upset, &[Kind])]) {
    for (case, change, expected) in cases {
        let findings = found(change);
        let kinds: Vec<_> = findings.iter().map(|it| it.kind).collect();
        assert_eq!(kinds, *expected, "{case}: {findings:#?}");
        assert!(findings.iter().all(|it| it.repair.is_some()), "{case}: {findings:#?}");
    }
}

/// Checks that after each change something is only reported.
fn check_reported(cases: &[(&str, Upset, Kind)]) {
    for (case, change, expected) in cases {
        let findings = found(change);
        let told: Vec<_> = findings.iter().map(|it| (it.kind, it.repair.is_some())).collect();
        assert_eq!(told, [(*expected, false)], "{case}: {findings:#?}");
    }
}

#[test]
fn what_has_its_owner_is_left_alone() {
    check(&[("in order", |_| (), &[])]);
    for kind in Kind::ALL {
        let expected = match kind {
            Kind::Container => Some(2),
            Kind::Bundle => None,
            Kind::Route
            | Kind::Machine
            | Kind::Worker
            | Kind::Blank
            | Kind::Reservation
            | Kind::Count => Some(1),
        };
        assert_eq!(existing(&in_order(), kind), expected, "{kind:?}");
    }
}

#[test]
fn a_machine_is_an_orphan_without_a_living_record_that_means_it() {
    fn add(it: &mut Snapshot, machine: Machine) {
        it.machines.push(machine);
    }
    fn stray(name: Option<&str>, minutes: i64) -> Machine {
        let (id, node_id) = ("i-z".to_owned(), Some("i-z".to_owned()));
        let worker = name.map(|it| WorkerId::new(it).unwrap());
        Machine { id, node_id, worker, bought_at: minutes_ago(minutes), ..machine() }
    }
    fn terminated(it: &mut Snapshot) {
        let worker = Worker { state: State::Terminated, ..make::worker("z", 4096) };
        it.terminated.insert(worker.id.clone(), worker);
        add(it, stray(Some("z"), 1));
    }
    check(&[
        ("of no record", |it| add(it, stray(Some("z"), 15)), &[Kind::Machine]),
        ("of no record, but young", |it| add(it, stray(Some("z"), 14)), &[]),
        ("of no worker", |it| add(it, stray(None, 15)), &[Kind::Machine]),
        ("of a terminated worker, however young", terminated, &[Kind::Machine]),
        ("a worker's second machine", |it| add(it, stray(Some("a"), 15)), &[Kind::Machine]),
        ("its tag is lost, its record is not", |it| it.machines[0].worker = None, &[]),
        (
            "its purchase is not recorded yet",
            |it| {
                it.in_state(State::Provisioning, 20);
                (it.worker().machine_id, it.worker().node_id) = (None, None);
            },
            &[],
        ),
    ]);
    check_reported(&[(
        "terminated, with somebody on it",
        |it| {
            terminated(it);
            it.terminated.values_mut().for_each(|it| it.reservations = worker().reservations);
        },
        Kind::Machine,
    )]);
}

#[test]
fn a_worker_is_lost_that_never_became_ready_or_went_while_nobody_listened() {
    fn gone(it: &mut Snapshot, state: State, minutes: i64) {
        it.in_state(state, minutes);
        it.machines.clear();
        it.heartbeats.clear();
        it.worker().reservations.clear();
        it.routes.clear();
    }
    fn there(it: &mut Snapshot, state: State, minutes: i64) {
        it.in_state(state, minutes);
    }
    check(&[
        ("never bought", |it| gone(it, State::Provisioning, 30), &[Kind::Worker]),
        ("being bought", |it| gone(it, State::Provisioning, 29), &[]),
        ("bought, never ready", |it| there(it, State::Provisioning, 30), &[Kind::Worker]),
        ("started, never ready", |it| there(it, State::Starting, 30), &[Kind::Worker]),
        ("starting", |it| there(it, State::Starting, 29), &[]),
        ("stopped, and gone", |it| gone(it, State::WarmStopped, 15), &[Kind::Worker]),
        ("stopped", |it| there(it, State::WarmStopped, 1000), &[]),
        ("drained, and gone", |it| gone(it, State::Draining, 15), &[Kind::Worker]),
        ("being given back", |it| gone(it, State::Draining, 14), &[]),
        ("ready, and gone: not ours", |it| gone(it, State::Ready, 1000), &[]),
        ("being settled: not ours", |it| gone(it, State::Error, 1000), &[]),
    ]);
    let only_if_gone = |change: Upset| match &found(change)[0].repair {
        Some(Repair::MarkLost { only_if_gone, .. }) => *only_if_gone,
        other => panic!("{other:?}"),
    };
    assert!(only_if_gone(|it| gone(it, State::WarmStopped, 15)));
    assert!(!only_if_gone(|it| there(it, State::Starting, 30)));
}

#[test]
fn a_place_is_nobodys_when_no_attempt_stands_behind_it_for_long_enough() {
    fn silent(it: &mut Snapshot) {
        it.heartbeat().at = minutes_ago(1);
    }
    check(&[
        ("the attempt failed", |it| it.project().state = ProjectState::Error, &[Kind::Reservation]),
        (
            "nobody paid",
            |it| it.project().state = ProjectState::PendingPayment,
            &[Kind::Reservation],
        ),
        ("no such project", |it| it.projects.clear(), &[Kind::Reservation]),
        ("on its way", |it| it.project().state = ProjectState::Provisioning, &[]),
        ("being halted", |it| it.project().state = ProjectState::Halting, &[]),
        ("stopped", |it| it.project().state = ProjectState::Stopped, &[Kind::Reservation]),
        ("halted", |it| it.project().state = ProjectState::Suspended, &[Kind::Reservation]),
        ("being deleted", |it| it.project().state = ProjectState::Deleting, &[Kind::Reservation]),
        ("deleted", |it| it.project().state = ProjectState::Deleted, &[Kind::Reservation]),
        (
            "failed just now",
            |it| {
                it.project().state = ProjectState::Error;
                it.held(project().id).since = minutes_ago(29);
            },
            &[],
        ),
        (
            "another attempt, and its old container with it",
            |it| it.project().attempt = 3,
            &[Kind::Reservation, Kind::Container],
        ),
        (
            "a lost worker's is settled elsewhere",
            |it| {
                it.project().state = ProjectState::Error;
                it.in_state(State::Error, 1000);
            },
            &[],
        ),
        (
            "a silent worker's may still run",
            |it| {
                silent(it);
                it.project().state = ProjectState::Error;
            },
            &[],
        ),
        (
            "a forgotten blank",
            |it| it.held(blank_id()).since = minutes_ago(24 * 60),
            &[Kind::Blank],
        ),
        (
            "a blank that never got warm",
            |it| {
                it.held(blank_id()).warm = false;
                it.held(blank_id()).since = minutes_ago(15);
            },
            &[Kind::Blank],
        ),
        (
            "a booting blank",
            |it| {
                it.held(blank_id()).warm = false;
                it.held(blank_id()).since = minutes_ago(14);
            },
            &[],
        ),
    ]);
}

#[test]
fn a_place_is_given_back_once_what_runs_there_is_removed() {
    fn fail(it: &mut Snapshot) {
        it.project().state = ProjectState::Error;
    }
    let removes = |change: Upset| match &found(change)[0].repair {
        Some(Repair::Release { removal, .. }) => removal.as_ref().map(|it| it.generation),
        other => panic!("{other:?}"),
    };
    assert_eq!(removes(fail), Some(2));
    let nothing_runs: Upset = |it| {
        fail(it);
        it.heartbeat().containers.remove(0);
    };
    assert_eq!(removes(nothing_runs), None);
    let another_runs: Upset = |it| {
        fail(it);
        it.heartbeat().containers[0].generation = 3;
    };
    assert_eq!(removes(another_runs), None, "a container of another attempt is another matter");
    assert_eq!(removes(|it| it.held(blank_id()).since = minutes_ago(24 * 60)), Some(1));
}

#[test]
fn a_container_is_nobodys_without_a_place_on_its_worker() {
    fn list(it: &mut Snapshot, container: Container) {
        it.heartbeat().containers.push(container);
    }
    fn other() -> Project {
        make::project_called("other")
    }
    check(&[
        ("no place, no project", |it| list(it, container(other().id, 1)), &[Kind::Container]),
        (
            "no place, a failed project",
            |it| {
                list(it, container(other().id, 1));
                let failed = Project { state: ProjectState::Error, ..other() };
                it.projects.insert(failed.id.clone(), failed);
            },
            &[Kind::Container],
        ),
        (
            "an earlier run than the one with the place",
            |it| it.heartbeat().containers[0].generation = 1,
            &[Kind::Container],
        ),
        (
            "a blank without a place",
            |it| list(it, container(BlankId::new("y").unwrap(), 1)),
            &[Kind::Container],
        ),
        (
            "a blank that was taken over since",
            |it| {
                let blank = it.worker().reservations.remove(&blank_id().into());
                assert!(blank.is_some());
                it.held(project().id).blank = Some(blank_id());
            },
            &[],
        ),
        (
            "heard of too long ago",
            |it| {
                list(it, container(other().id, 1));
                it.heartbeat().at = minutes_ago(1);
            },
            &[],
        ),
        (
            "Docker does not answer",
            |it| {
                list(it, container(other().id, 1));
                it.heartbeat().docker = false;
            },
            &[],
        ),
    ]);
    check_reported(&[(
        "it runs by its record, and has no place anywhere",
        |it| {
            list(it, container(other().id, 1));
            let running = Project { state: ProjectState::Running, ..other() };
            it.projects.insert(running.id.clone(), running);
        },
        Kind::Container,
    )]);
}

#[test]
fn a_route_is_astray_when_its_project_has_no_such_place() {
    check(&[
        (
            "the project failed and its place is gone",
            |it| {
                it.project().state = ProjectState::Error;
                it.worker().reservations.remove(&project().id.into());
                it.heartbeat().containers.remove(0);
            },
            &[Kind::Route],
        ),
        (
            "of an earlier attempt, to another port",
            |it| it.routes = vec![route(1, 9)],
            &[Kind::Route],
        ),
        (
            "no such project any more",
            |it| {
                it.worker().reservations.remove(&project().id.into());
                it.heartbeat().containers.remove(0);
                it.projects.clear();
            },
            &[Kind::Route],
        ),
        (
            "to where somebody else is by now",
            |it| {
                let held = it.worker().reservations.remove(&project().id.into()).unwrap();
                let other = make::project_called("other");
                let held = Reservation { id: other.id.reservation(1), ..held };
                it.worker().reservations.insert(other.id.clone().into(), held);
                it.heartbeat().containers.remove(0);
                it.projects
                    .insert(other.id.clone(), Project { state: ProjectState::Running, ..other });
                it.project().state = ProjectState::Error;
            },
            &[Kind::Route],
        ),
        ("a page leads nowhere", |it| it.routes[0].change.target = None, &[]),
    ]);
    check_reported(&[("it runs by its record", |it| it.routes = vec![route(2, 9)], Kind::Route)]);
}

#[test]
fn a_bundle_is_left_over_when_nobody_can_fetch_it_any_more() {
    check(&[
        ("old", |it| it.bundles = vec![bundle(15), bundle(16)], &[Kind::Bundle, Kind::Bundle]),
        ("from the future", |it| it.bundles = vec![bundle(-15)], &[]),
    ]);
}

#[test]
fn a_count_is_leaked_when_nothing_is_reserved_for_it() {
    let leak = |minutes| move |it: &mut Snapshot| it.counted.push(counted(1, minutes));
    let kinds = |minutes| found(leak(minutes)).iter().map(|it| it.kind).collect::<Vec<_>>();
    assert_eq!(kinds(29), [], "it may be on its way to a place");
    assert_eq!(kinds(30), [Kind::Count]);
    let leaked = counted(1, 0);
    let repair = Repair::CountOut { plan: leaked.plan, reservation: leaked.reservation };
    assert_eq!(found(leak(30))[0].repair, Some(repair));
    check(&[
        ("from before moments were kept", |it| it.counted[0].since = Timestamp::UNIX_EPOCH, &[]),
        (
            "while its provisioning goes on, however late",
            |it| {
                let state = ProjectState::Provisioning;
                let late = Project { state, ..make::project_called("late") };
                let reservation = late.id.reservation(1);
                it.counted.push(Counted { reservation, ..counted(1, 60) });
                it.projects.insert(late.id.clone(), late);
            },
            &[],
        ),
        (
            "on a worker that is lost, until that is settled",
            |it| it.in_state(State::Error, 60),
            &[],
        ),
    ]);
}

#[test]
fn a_drain_is_ended_when_its_saga_must_be_over_and_the_machine_is_there() {
    fn draining(it: &mut Snapshot, minutes: i64, power: Power) {
        let worker = it.worker();
        worker.reservations.clear();
        it.in_state(State::Draining, minutes);
        it.machines[0].state = power;
        (it.routes, it.counted) = (vec![], vec![]);
        it.heartbeat().containers.clear();
    }
    check(&[
        ("on its way", |it| draining(it, 29, Power::Stopping), &[]),
        ("off, and nobody wrote it down", |it| draining(it, 30, Power::Stopped), &[Kind::Worker]),
        ("never touched", |it| draining(it, 30, Power::Running), &[Kind::Worker]),
    ]);
    let findings = found(|it| draining(it, 30, Power::Stopped));
    let (worker, unchanged_since) = (worker_id(), minutes_ago(30));
    assert_eq!(findings[0].repair, Some(Repair::EndDrain { worker, unchanged_since }));
}
