//! The function over fakes, with one worker and what it says of its instances.

use contracts::wake::Wake;
use domain::{
    capacity::Capacity,
    configuration::{Configuration, Telegram},
    health::Sight,
    project::{Project, Purpose, State},
    sleep::{Activity, Rest},
    subscription::Record,
    telegram::BotToken,
    worker::{FIRST_PORT, Holder, Reservation, Worker},
};
use jiff::SignedDuration;
use ports::{
    clock::Clock,
    heartbeats::{Container, Heartbeat},
    projects::Projects,
    vault::{SecretKind, Vault},
};
use sleep_watch::{Ports, Trigger, WatchError, World, handle};
use std::{cell::RefCell, collections::BTreeSet, time::Duration};
use testkit::{
    bots::FakeBots, clock::FakeClock, commands::FakeCommands, configurations::FakeConfigurations,
    fleet::FakeFleet, heartbeats::FakeHeartbeats, make, outage::Outage, projects::FakeProjects,
    queue::FakeQueue, rests::FakeRests, sagas::FakeSagas, subscriptions::FakeSubscriptions,
    vault::FakeVault,
};

const NODE: &str = "i-a";
pub(crate) const BOT_TOKEN: &str = "123456789:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

/// One that nobody has used for an hour.
pub(crate) const IDLE: Activity =
    Activity { asked_s: 30, idle_s: 3600, tasks: 0, connections: 0, next_job_s: None };

#[derive(Default)]
pub(crate) struct Bench {
    pub(crate) fleet: FakeFleet,
    pub(crate) heartbeats: FakeHeartbeats,
    pub(crate) rests: FakeRests,
    pub(crate) projects: FakeProjects,
    pub(crate) subscriptions: FakeSubscriptions,
    pub(crate) configurations: FakeConfigurations,
    pub(crate) vault: FakeVault,
    pub(crate) bots: FakeBots,
    pub(crate) commands: FakeCommands,
    pub(crate) halts: FakeSagas,
    pub(crate) provisions: FakeSagas,
    pub(crate) wakes: FakeQueue<Wake>,
    pub(crate) clock: FakeClock,
    activity: RefCell<Option<Activity>>,
}

enum Fakes {}

impl Ports for Fakes {
    type Fleet = FakeFleet;
    type Heartbeats = FakeHeartbeats;
    type Rests = FakeRests;
    type Projects = FakeProjects;
    type Subscriptions = FakeSubscriptions;
    type Configurations = FakeConfigurations;
    type Vault = FakeVault;
    type Bots = FakeBots;
    type Commands = FakeCommands;
    type Sagas = FakeSagas;
    type Wakes = FakeQueue<Wake>;
    type Clock = FakeClock;
}

impl Bench {
    /// A project that runs, is paid for, and has not been used for an hour.
    pub(crate) fn new() -> Self {
        Self::with([Project { state: State::Running, ..make::project() }])
    }

    pub(crate) fn with(projects: impl IntoIterator<Item = Project>) -> Self {
        let bench = Self::default();
        let mut worker = make::worker("a", 32_768);
        let projects: Vec<_> = projects.into_iter().collect();
        for (project, port) in projects.iter().zip(FIRST_PORT..) {
            let held = Reservation {
                id: project.id.reservation(project.attempt),
                demand: Capacity::default(),
                port,
                plan: project.plan,
                since: bench.clock.now() - SignedDuration::from_hours(2),
                warm: false,
                blank: None,
            };
            worker.reservations.insert(Holder::from(project.id.clone()), held);
            let place = (NODE.to_owned(), project.id.to_string());
            bench.commands.containers.borrow_mut().insert(place, project.attempt);
        }
        bench.fleet.workers.borrow_mut().insert(worker.id.clone(), worker);
        bench.subscriptions.put(Record::of(&make::subscription(), bench.clock.now()));
        bench.is(IDLE);
        Self { projects: FakeProjects::of(projects), ..bench }
    }

    /// The same, asleep since a minute.
    pub(crate) async fn asleep() -> Self {
        let bench = Self::new();
        bench.look().await.expect("everything is up");
        bench.halt().await;
        bench.wait(60);
        bench
    }

    /// What the saga does that was asked for.
    pub(crate) async fn halt(&self) {
        let project = self.project();
        let (id, attempt) = (&project.id, project.attempt);
        self.projects.record_halting(id, attempt, project.halts).await.expect("runs");
        self.projects.record_halted(id, attempt, Purpose::Sleep, None).await.expect("halts");
        self.worker(|it| it.reservations.clear());
        self.commands.containers.borrow_mut().clear();
    }

    /// From now on every worker says so of every instance.
    pub(crate) fn is(&self, activity: Activity) {
        self.activity.replace(Some(activity));
    }

    pub(crate) fn worker(&self, change: impl FnOnce(&mut Worker)) {
        let mut workers = self.fleet.workers.borrow_mut();
        change(workers.values_mut().next().expect("there is one"));
    }

    /// A bot speaks for the project.
    pub(crate) async fn connect_bot(&self) -> BotToken {
        let token = BotToken::try_from(BOT_TOKEN.to_owned()).expect("a token");
        let (id, tenant) = (make::project().id, make::project().tenant_id);
        let sealed = self.vault.seal(&tenant, SecretKind::TelegramToken, BOT_TOKEN).await;
        let telegram = Telegram {
            bot: token.bot(),
            last4: "AAAA".to_owned(),
            fingerprint: String::new(),
            sealed: sealed.expect("is up"),
        };
        let configuration = Configuration::new(id, tenant);
        self.configurations.put(Configuration { telegram: Some(telegram), ..configuration });
        token
    }

    pub(crate) fn beat(&self) {
        let containers = self.commands.list(NODE).into_iter().map(|(holder, generation)| {
            let holder = holder.try_into().expect("only holders have containers");
            let activity = self.activity.borrow().clone();
            Container { holder, generation, sight: Some(Sight { activity, ..Sight::WELL }) }
        });
        let (at, containers) = (self.clock.now(), containers.collect());
        let node_id = NODE.to_owned();
        self.heartbeats.beat(Heartbeat { node_id, at, docker: true, containers });
    }

    pub(crate) async fn run(&self, trigger: &Trigger) -> Result<(), WatchError> {
        let world = World::<Fakes> {
            fleet: &self.fleet,
            heartbeats: &self.heartbeats,
            rests: &self.rests,
            projects: &self.projects,
            subscriptions: &self.subscriptions,
            configurations: &self.configurations,
            vault: &self.vault,
            bots: &self.bots,
            commands: &self.commands,
            halts: &self.halts,
            provisions: &self.provisions,
            wakes: &self.wakes,
            clock: &self.clock,
        };
        handle(&world, trigger).await
    }

    /// A look at what the worker says now.
    pub(crate) async fn look(&self) -> Result<(), WatchError> {
        self.beat();
        self.run(&Trigger::Schedule).await
    }

    /// Somebody comes to the project's host.
    pub(crate) async fn visit(&self) -> Result<(), WatchError> {
        self.run(&Trigger::Wakes(BTreeSet::from([make::project().host]))).await
    }

    pub(crate) fn wait(&self, seconds: u64) {
        self.clock.advance(Duration::from_secs(seconds));
    }

    pub(crate) fn project(&self) -> Project {
        let mut all = self.projects.all();
        all.retain(|it| it.id == make::project().id);
        all.pop().expect("it is there")
    }

    pub(crate) fn rest(&self) -> Option<Rest> {
        self.rests.of(&make::project().id)
    }

    /// How many halts and starts were asked for.
    pub(crate) fn acts(&self) -> (usize, usize) {
        (self.halts.started().len(), self.provisions.started().len())
    }

    /// Of every port that a look uses.
    pub(crate) fn outages(&self) -> [(&'static str, &Outage); 11] {
        [
            ("fleet", &self.fleet.outage),
            ("heartbeats", &self.heartbeats.outage),
            ("rests", &self.rests.outage),
            ("projects", &self.projects.outage),
            ("subscriptions", &self.subscriptions.outage),
            ("configurations", &self.configurations.outage),
            ("vault", &self.vault.outage),
            ("bots", &self.bots.outage),
            ("commands", &self.commands.outage),
            ("halts", &self.halts.outage),
            ("provisions", &self.provisions.outage),
        ]
    }
}
