//! Workers, what runs on them, and everything that a look reaches.

use contracts::routes::WakeUp;
use domain::{
    capacity::Capacity,
    id::WorkerId,
    plan::PlanId,
    project::{Project, State as ProjectState},
    route::{Page, Target},
    worker::{FIRST_PORT, Holder, Reservation, State, Worker},
};
use jiff::SignedDuration;
use ports::{
    clock::Clock,
    fleet::Fleet,
    heartbeats::Heartbeat,
    machines::{Machine, Power},
    projects::Projects,
    routes::{Change, Phase, RouteLog},
};
use std::time::Duration;
use testkit::{
    clock::FakeClock, fleet::FakeFleet, heartbeats::FakeHeartbeats, machines::FakeMachines, make,
    projects::FakeProjects, queue::FakeQueue, routes::FakeRouteLog, sagas::FakeSagas,
};
use worker_watch::{Look, MachineEvent, Trigger, WatchError, World, handle};

#[derive(Default)]
pub(crate) struct Bench {
    pub(crate) fleet: FakeFleet,
    pub(crate) heartbeats: FakeHeartbeats,
    pub(crate) machines: FakeMachines,
    pub(crate) projects: FakeProjects,
    pub(crate) routes: FakeRouteLog,
    pub(crate) wake_ups: FakeQueue<WakeUp>,
    pub(crate) looks: FakeQueue<Look>,
    pub(crate) drains: FakeSagas,
    pub(crate) halts: FakeSagas,
    pub(crate) provisions: FakeSagas,
    pub(crate) clock: FakeClock,
}

impl Bench {
    /// Workers `wrk_0` and so on: ready for an hour, running, heard of just now.
    pub(crate) fn with_workers(number: usize) -> Self {
        let bench = Self::default();
        for index in 0..number {
            bench.add(&index.to_string(), State::Ready);
            bench.beat(&index.to_string());
        }
        bench
    }

    pub(crate) fn add(&self, name: &str, state: State) {
        let changed_at = self.clock.now() - SignedDuration::from_hours(1);
        let worker = Worker { state, changed_at, ..make::worker(name, 4096) };
        let machine = Machine {
            id: format!("i-{name}"),
            worker: Some(worker.id.clone()),
            provider: worker.origin.provider,
            machine_type: worker.origin.machine_type.clone(),
            region: worker.origin.region.clone(),
            state: Power::Running,
            node_id: worker.node_id.clone(),
            address: worker.address,
            bought_at: changed_at,
        };
        self.machines.alive.borrow_mut().insert(worker.id.clone(), machine);
        self.fleet.workers.borrow_mut().insert(worker.id.clone(), worker);
    }

    pub(crate) fn beat(&self, name: &str) {
        let (node_id, at) = (format!("i-{name}"), self.clock.now());
        self.heartbeats.beat(Heartbeat { node_id, at, docker: true, containers: vec![] });
    }

    pub(crate) fn wait(&self, seconds: u64) {
        self.clock.advance(Duration::from_secs(seconds));
    }

    /// Nobody hears of any worker for long enough.
    pub(crate) fn hush(&self) {
        self.wait(40);
    }

    /// A project called `body` at attempt 1, with a place on worker `name` and a route to it.
    pub(crate) async fn put(&self, body: &str, state: ProjectState, name: &str) -> Project {
        let project = Project { state, ..make::project_called(body) };
        let (worker, holder) = (id(name), Holder::from(project.id.clone()));
        let claim = self.claim(&project, self.free_port(name));
        self.fleet.reserve(&worker, &holder, &claim).await.expect("has room");
        let counted = self.fleet.count_in(project.plan, &claim.id, 9, claim.since).await;
        assert!(counted.expect("is up"));
        let address = self.worker(name).address.expect("has one");
        let change = Change {
            host: project.host.clone(),
            project_id: project.id.clone(),
            attempt: 1,
            phase: Phase::Serving,
            target: Some(Target::Upstream { address, port: claim.port }),
        };
        self.routes.record(&change).await.expect("recorded");
        project
    }

    /// Replaces the projects that there are.
    pub(crate) fn know(&mut self, projects: impl IntoIterator<Item = Project>) {
        self.projects = FakeProjects::of(projects);
    }

    pub(crate) fn claim(&self, project: &Project, port: u16) -> Reservation {
        Reservation {
            id: project.id.reservation(1),
            demand: Capacity { memory_mib: 512, cpu_millis: 250 },
            port,
            plan: PlanId::Standard,
            since: self.worker_changed(),
            warm: false,
            blank: None,
        }
    }

    pub(crate) fn worker_changed(&self) -> jiff::Timestamp {
        self.clock.now() - SignedDuration::from_hours(1)
    }

    /// Nothing is ever released before the last place is taken.
    pub(crate) fn free_port(&self, name: &str) -> u16 {
        FIRST_PORT + u16::try_from(self.worker(name).reservations.len()).expect("few")
    }

    pub(crate) fn worker(&self, name: &str) -> Worker {
        self.fleet.workers.borrow()[&id(name)].clone()
    }

    pub(crate) async fn run(&self, trigger: &Trigger) -> Result<(), WatchError> {
        let world = World {
            fleet: &self.fleet,
            heartbeats: &self.heartbeats,
            machines: &self.machines,
            projects: &self.projects,
            routes: &self.routes,
            wake_ups: &self.wake_ups,
            looks: &self.looks,
            drains: &self.drains,
            halts: &self.halts,
            provisions: &self.provisions,
            clock: &self.clock,
        };
        handle(&world, trigger).await
    }

    /// A look that does all it wants.
    pub(crate) async fn look(&self) {
        self.run(&Trigger::Look).await.expect("the look succeeds");
    }

    pub(crate) async fn project(&self, project: &Project) -> Project {
        self.projects.find(&project.id).await.expect("is up").expect("exists")
    }

    /// What went on from a backup, in the order in which it did.
    pub(crate) fn replaced(&self) -> Vec<String> {
        self.provisions.started().into_iter().map(|(name, _)| name).collect()
    }

    pub(crate) fn shows(&self, project: &Project) -> Option<Target> {
        self.routes.route(&project.host).and_then(|it| it.change.target)
    }

    pub(crate) fn lose(&self, name: &str) {
        self.machines.vanish(&id(name));
    }

    pub(crate) fn assert_settled(&self, name: &str) {
        let worker = self.worker(name);
        assert_eq!((worker.state, worker.reservations.len()), (State::Terminated, 0));
        assert!(!self.machines.alive.borrow().contains_key(&id(name)));
        self.fleet.assert_balanced();
    }
}

pub(crate) fn id(name: &str) -> WorkerId {
    WorkerId::new(name).expect("the name is plain")
}

pub(crate) fn event(file: &str) -> MachineEvent {
    let text = file.replace("i-0a1b2c3d4e5f60718", "i-0");
    match serde_json::from_str(&text).expect("a golden event") {
        Trigger::Machine(event) => event,
        other => panic!("{other:?} is no event of a machine"),
    }
}

pub(crate) fn interruption() -> Trigger {
    Trigger::Machine(event(include_str!("../../../../events/worker-watch/interruption.json")))
}

pub(crate) fn rebalance() -> Trigger {
    Trigger::Machine(event(include_str!("../../../../events/worker-watch/rebalance.json")))
}

pub(crate) fn terminated() -> Trigger {
    Trigger::Machine(event(include_str!("../../../../events/worker-watch/terminated.json")))
}

/// What a host shows whose instance was lost.
pub(crate) const FAILED: Option<Target> = Some(Target::Page(Page::Failed));
