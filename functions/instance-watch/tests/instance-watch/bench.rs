//! The function over fakes, with one worker and what it says of its instances.

use contracts::{mail::Letter, routes::WakeUp};
use domain::{
    capacity::Capacity,
    health::{Case, News, Run, Sight},
    id::ProjectId,
    project::{Project, State},
    worker::{FIRST_PORT, Holder, Reservation, Worker},
};
use instance_watch::{Another, Ports, Trigger, WatchError, World, handle};
use jiff::SignedDuration;
use ports::{
    accounts::Credentials,
    clock::Clock,
    heartbeats::{Container, Heartbeat},
};
use std::{cell::RefCell, collections::BTreeMap, time::Duration};
use testkit::{
    accounts::FakeAccounts, cases::FakeCases, clock::FakeClock, fleet::FakeFleet,
    heartbeats::FakeHeartbeats, make, outage::Outage, projects::FakeProjects, queue::FakeQueue,
    routes::FakeRouteLog, sagas::FakeSagas,
};

pub(crate) const SILENT: Sight = Sight { silent_s: 60, ..Sight::WELL };
pub(crate) const STOPPED: Sight = Sight { run: Run::Stopped, up_s: 0, ..Sight::WELL };

#[derive(Default)]
pub(crate) struct Bench {
    pub(crate) fleet: FakeFleet,
    pub(crate) heartbeats: FakeHeartbeats,
    pub(crate) cases: FakeCases,
    pub(crate) projects: FakeProjects,
    pub(crate) accounts: FakeAccounts,
    pub(crate) restarts: FakeSagas,
    pub(crate) halts: FakeSagas,
    pub(crate) routes: FakeRouteLog,
    pub(crate) wake_ups: FakeQueue<WakeUp>,
    pub(crate) letters: FakeQueue<Letter>,
    pub(crate) looks: FakeQueue<Another>,
    pub(crate) clock: FakeClock,
    /// What the worker lists, and how it says that each is.
    pub(crate) containers: RefCell<BTreeMap<ProjectId, (u32, Option<Sight>)>>,
}

enum Fakes {}

impl Ports for Fakes {
    type Fleet = FakeFleet;
    type Heartbeats = FakeHeartbeats;
    type Cases = FakeCases;
    type Projects = FakeProjects;
    type Accounts = FakeAccounts;
    type Sagas = FakeSagas;
    type Routes = FakeRouteLog;
    type WakeUps = FakeQueue<WakeUp>;
    type Letters = FakeQueue<Letter>;
    type Looks = FakeQueue<Another>;
    type Clock = FakeClock;
}

pub(crate) fn project() -> Project {
    Project { state: State::Running, ..make::project() }
}

impl Bench {
    /// One project that runs and is well, and whose tenant has an owner.
    pub(crate) fn new() -> Self {
        Self::with([project()])
    }

    pub(crate) fn with(projects: impl IntoIterator<Item = Project>) -> Self {
        let projects: Vec<_> = projects.into_iter().collect();
        let bench = Self::default();
        let email = "ada@example.com".to_owned().try_into().expect("an address");
        let user = "usr_a".parse().expect("plain");
        let credentials = Credentials { user, password: None, generation: 0 };
        bench.accounts.put_account(&email, credentials, &make::project().tenant_id);
        let worker = make::worker("a", 32_768);
        bench.fleet.workers.borrow_mut().insert(worker.id.clone(), worker);
        for project in &projects {
            bench.place(project);
            bench.say(&project.id, Some(Sight::WELL));
        }
        Self { projects: FakeProjects::of(projects), ..bench }
    }

    /// On the worker since an hour.
    pub(crate) fn place(&self, project: &Project) {
        let since = self.clock.now() - SignedDuration::from_hours(1);
        self.worker(|worker| {
            let used = u16::try_from(worker.reservations.len()).expect("few");
            let held = Reservation {
                id: project.id.reservation(project.attempt),
                demand: Capacity::default(),
                port: FIRST_PORT + used,
                plan: project.plan,
                since,
                warm: false,
                blank: None,
            };
            worker.reservations.insert(Holder::from(project.id.clone()), held);
        });
    }

    pub(crate) fn worker(&self, change: impl FnOnce(&mut Worker)) {
        let mut workers = self.fleet.workers.borrow_mut();
        change(workers.values_mut().next().expect("there is one"));
    }

    /// From now on the worker says this of attempt 1 of `project`.
    pub(crate) fn say(&self, project: &ProjectId, sight: Option<Sight>) {
        self.containers.borrow_mut().insert(project.clone(), (1, sight));
    }

    pub(crate) fn is(&self, sight: Sight) {
        self.say(&make::project().id, Some(sight));
    }

    pub(crate) fn beat(&self) {
        let containers = self.containers.borrow();
        let container = |(project, (generation, sight)): (&ProjectId, &(u32, Option<Sight>))| {
            let (holder, sight) = (Holder::from(project.clone()), sight.clone());
            Container { holder, generation: *generation, sight }
        };
        let (at, containers) = (self.clock.now(), containers.iter().map(container).collect());
        let node_id = "i-a".to_owned();
        self.heartbeats.beat(Heartbeat { node_id, at, docker: true, containers });
    }

    pub(crate) async fn run(&self, trigger: Trigger) -> Result<(), WatchError> {
        let world = World::<Fakes> {
            fleet: &self.fleet,
            heartbeats: &self.heartbeats,
            cases: &self.cases,
            projects: &self.projects,
            accounts: &self.accounts,
            restarts: &self.restarts,
            halts: &self.halts,
            routes: &self.routes,
            wake_ups: &self.wake_ups,
            letters: &self.letters,
            looks: &self.looks,
            clock: &self.clock,
        };
        handle(&world, trigger).await
    }

    /// A look at what the worker says now.
    pub(crate) async fn look(&self) -> Result<(), WatchError> {
        self.beat();
        self.run(Trigger::Look).await
    }

    /// Looks every ten seconds for `seconds`.
    pub(crate) async fn look_for(&self, seconds: u64) {
        for _ in 0..seconds / 10 {
            self.look().await.expect("everything is up");
            self.wait(10);
        }
    }

    pub(crate) fn wait(&self, seconds: u64) {
        self.clock.advance(Duration::from_secs(seconds));
    }

    pub(crate) fn case(&self) -> Option<Case> {
        self.cases.of(&make::project().id)
    }

    pub(crate) fn project(&self) -> Project {
        let mut all = self.projects.all();
        all.retain(|it| it.id == make::project().id);
        all.pop().expect("it is there")
    }

    pub(crate) fn news(&self) -> Vec<News> {
        let news = |it: Letter| match it {
            Letter::Health { news, .. } => news,
            other => panic!("{other:?} is no letter of ours"),
        };
        self.letters.sent().into_iter().map(news).collect()
    }

    /// How many restarts and moves were asked for.
    pub(crate) fn acts(&self) -> (usize, usize) {
        (self.restarts.started().len(), self.halts.started().len())
    }

    /// Of every port that a look uses.
    pub(crate) fn outages(&self) -> [(&'static str, &Outage); 10] {
        [
            ("fleet", &self.fleet.outage),
            ("heartbeats", &self.heartbeats.outage),
            ("cases", &self.cases.outage),
            ("projects", &self.projects.outage),
            ("accounts", &self.accounts.outage),
            ("restarts", &self.restarts.outage),
            ("halts", &self.halts.outage),
            ("routes", &self.routes.outage),
            ("wake-ups", &self.wake_ups.outage),
            ("letters", &self.letters.outage),
        ]
    }
}
