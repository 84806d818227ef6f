//! The platform in memory: every function of the sagas over one set of fakes.

pub(crate) mod doors;
mod intake;
pub(crate) mod settings;

use crate::asl::Raised;
use contracts::{billing::Message, mail::Letter, routes::WakeUp, wake::Wake};
use domain::{
    project::{Project, State},
    route::{Page, Target},
};
use ports::{
    accounts::Accounts,
    projects::{Projects, SealedSecrets},
    vault::{SecretKind, Vault},
};
use runtime::fault::{Classify, diagnose};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;
use settings::Settings;
use std::sync::Arc;
use testkit::{
    accounts::FakeAccounts, audit::FakeAudit, backups::FakeBackups, bots::FakeBots,
    bundles::FakeBundles, cases::FakeCases, clock::FakeClock, commands::FakeCommands,
    configurations::FakeConfigurations, credits::FakeCredits, deliveries::FakeDeliveries,
    erasure::FakeErasure, fleet::FakeFleet, heartbeats::FakeHeartbeats, imports::FakeImports,
    instance_logs::FakeInstanceLogs, intents::FakeIntents, keys::FakeProviderKeys,
    machines::FakeMachines, make, payments::FakePayments, placements::FakePlacements,
    prices::FakePrices, projects::FakeProjects, queue::FakeQueue, random::FakeRandom,
    rests::FakeRests, routes::FakeRouteLog, sagas::FakeSagas, subscriptions::FakeSubscriptions,
    timers::FakeTimers, vault::FakeVault,
};

pub(crate) struct World {
    pub(crate) projects: FakeProjects,
    pub(crate) fleet: FakeFleet,
    pub(crate) machines: FakeMachines,
    pub(crate) commands: FakeCommands,
    pub(crate) bundles: FakeBundles,
    pub(crate) backups: FakeBackups,
    pub(crate) instance_logs: FakeInstanceLogs,
    pub(crate) imports: FakeImports,
    pub(crate) audit: FakeAudit,
    pub(crate) routes: FakeRouteLog,
    pub(crate) heartbeats: FakeHeartbeats,
    pub(crate) cases: FakeCases,
    pub(crate) rests: FakeRests,
    pub(crate) bots: FakeBots,
    pub(crate) wakes: FakeQueue<Wake>,
    pub(crate) placements: FakePlacements,
    /// With the customers' own keys.
    pub(crate) configurations: FakeConfigurations,
    pub(crate) intents: FakeIntents,
    pub(crate) clock: Arc<FakeClock>,
    /// Boxed, for it makes a future large.
    pub(crate) sagas: Box<Started>,
    pub(crate) wake_ups: FakeQueue<WakeUp>,
    pub(crate) looks: FakeQueue<worker_watch::Look>,
    pub(crate) looks_at_instances: FakeQueue<instance_watch::Another>,
    pub(crate) vault: FakeVault,
    pub(crate) deliveries: FakeDeliveries,
    pub(crate) billing: FakeQueue<Message>,
    pub(crate) subscriptions: FakeSubscriptions,
    pub(crate) accounts: FakeAccounts,
    pub(crate) payments: FakePayments,
    pub(crate) timers: FakeTimers<Message>,
    pub(crate) letters: FakeQueue<Letter>,
    prices: FakePrices,
    credits: FakeCredits,
    pub(crate) random: FakeRandom,
    pub(crate) settings: Settings,
}

/// The executions that functions have asked for, by state machine.
#[derive(Debug, Default)]
pub(crate) struct Started {
    pub(crate) provision: FakeSagas,
    pub(crate) blank: FakeSagas,
    pub(crate) grow: FakeSagas,
    pub(crate) drain: FakeSagas,
    pub(crate) configure: FakeSagas,
    pub(crate) halt: FakeSagas,
    pub(crate) resize: FakeSagas,
    pub(crate) restart: FakeSagas,
    pub(crate) erase: FakeSagas,
    pub(crate) logs: FakeSagas,
    pub(crate) exec: FakeSagas,
}

/// What instances are launched, and watched, with.
enum Fakes {}

impl docker_run::Ports for Fakes {
    type Projects = FakeProjects;
    type Vault = FakeVault;
    type Bundles = FakeBundles;
    type Backups = FakeBackups;
    type InstanceLogs = FakeInstanceLogs;
    type Commands = FakeCommands;
    type Fleet = FakeFleet;
    type Random = FakeRandom;
    type Keys = FakeProviderKeys;
    type Configurations = FakeConfigurations;
    type Clock = FakeClock;
}

impl instance_watch::Ports for Fakes {
    type Fleet = FakeFleet;
    type Heartbeats = FakeHeartbeats;
    type Cases = FakeCases;
    type Projects = FakeProjects;
    type Accounts = FakeAccounts;
    type Sagas = FakeSagas;
    type Routes = FakeRouteLog;
    type WakeUps = FakeQueue<WakeUp>;
    type Letters = FakeQueue<Letter>;
    type Looks = FakeQueue<instance_watch::Another>;
    type Clock = FakeClock;
}

impl sleep_watch::Ports for Fakes {
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

impl World {
    /// Nobody is here yet.
    pub(crate) fn empty(seed: u64) -> Self {
        Self::of_stage(seed, Settings::default())
    }

    pub(crate) fn of_stage(seed: u64, settings: Settings) -> Self {
        let clock = Arc::new(FakeClock::default());
        Self {
            projects: FakeProjects::default(),
            fleet: FakeFleet::default(),
            machines: FakeMachines::with_clock(clock.clone()),
            commands: FakeCommands::default(),
            bundles: FakeBundles::default(),
            backups: FakeBackups::default(),
            instance_logs: FakeInstanceLogs::default(),
            imports: FakeImports::default(),
            audit: FakeAudit::default(),
            routes: FakeRouteLog::default(),
            heartbeats: FakeHeartbeats::default(),
            cases: FakeCases::default(),
            rests: FakeRests::default(),
            bots: FakeBots::default(),
            wakes: FakeQueue::default(),
            placements: FakePlacements::default(),
            configurations: FakeConfigurations::default(),
            intents: FakeIntents::default(),
            clock,
            sagas: Box::default(),
            wake_ups: FakeQueue::default(),
            looks: FakeQueue::default(),
            looks_at_instances: FakeQueue::default(),
            vault: FakeVault::default(),
            deliveries: FakeDeliveries::default(),
            billing: FakeQueue::default(),
            subscriptions: FakeSubscriptions::default(),
            accounts: FakeAccounts::default(),
            payments: FakePayments::default(),
            timers: FakeTimers::default(),
            letters: FakeQueue::default(),
            prices: FakePrices::default(),
            credits: FakeCredits::default(),
            random: FakeRandom::seeded(seed),
            settings,
        }
    }

    /// One paid project and no worker yet: its provisioning buys one.
    pub(crate) async fn new() -> Self {
        let world = Self::empty(0);
        world.admit(&make::project()).await;
        world
    }

    /// A project that is paid for, with its secrets.
    pub(crate) async fn admit(&self, project: &Project) {
        let tenant = &project.tenant_id;
        let seal = |kind| self.vault.seal(tenant, kind, SECRET);
        let gateway_token = seal(SecretKind::GatewayToken).await.expect("the vault is up");
        let model_key = seal(SecretKind::ModelKey).await.expect("the vault is up");
        let secrets = SealedSecrets { gateway_token, model_key };
        self.projects.create(project, &secrets).await.expect("the store is up");
        self.accounts.record_customer(tenant, CUSTOMER).await.expect("the store is up");
    }

    /// Calls `function` as a state machine or a schedule does.
    pub(crate) async fn invoke(&self, function: &str, payload: Value) -> Result<Value, Raised> {
        match function {
            "project-state" => self.record(payload).await,
            "route" => {
                let (ledger, wake_ups, clock) = (&self.routes, &self.wake_ups, &*self.clock);
                let world = route::World { ledger, wake_ups, projects: &self.projects, clock };
                answer(route::handle(world, &read(payload)).await)
            }
            "placement" => self.place(payload).await,
            "provision" => self.provision(payload).await,
            "docker-run" => self.launch(payload).await,
            "health-check" => answer(health_check::handle(&self.commands, &read(payload)).await),
            "erase" => self.erase(payload).await,
            "import" => self.take_in(payload).await,
            "drain" => {
                let (fleet, machines, clock) = (&self.fleet, &self.machines, &*self.clock);
                let (projects, halts) = (&self.projects, &self.sagas.halt);
                let provisions = &self.sagas.provision;
                let world = drain::World { fleet, machines, clock, projects, halts, provisions };
                answer(drain::handle(&world, &read(payload)).await)
            }
            "warm-pool" => self.fill_pool(payload).await,
            "worker-watch" => self.watch(payload).await,
            "instance-watch" => self.watch_instances(payload).await,
            "sleep-watch" => self.watch_sleep(payload).await,
            "reaper" => self.reap().await,
            "backup" => self.back_up().await,
            "billing-watch" => self.watch_billing(payload).await,
            "operator" => self.operate(payload).await,
            "webhook-intake" => self.take_webhook(payload).await,
            "billing" => self.bill(payload).await,
            // A mail has no effect on this world.
            "notify" => Ok(Value::Null),
            other => panic!("the state machine calls `{other}`, which nobody knows"),
        }
    }

    async fn place(&self, payload: Value) -> Result<Value, Raised> {
        let world = placement::World {
            fleet: &self.fleet,
            placements: &self.placements,
            clock: &*self.clock,
            random: &self.random,
            config: &self.settings.placement,
        };
        answer(placement::handle(&world, &read(payload)).await)
    }

    async fn provision(&self, payload: Value) -> Result<Value, Raised> {
        let world = provision::World {
            fleet: &self.fleet,
            machines: &self.machines,
            commands: &self.commands,
            clock: &*self.clock,
            config: &self.settings.provision,
        };
        answer(provision::handle(&world, &read(payload)).await)
    }

    async fn record(&self, payload: Value) -> Result<Value, Raised> {
        let world = project_state::World {
            projects: &self.projects,
            configurations: &self.configurations,
            configures: &self.sagas.configure,
            provisions: &self.sagas.provision,
            halts: &self.sagas.halt,
            clock: &*self.clock,
        };
        answer(project_state::handle(&world, &read(payload)).await)
    }

    async fn launch(&self, payload: Value) -> Result<Value, Raised> {
        let world = docker_run::World::<Fakes> {
            projects: &self.projects,
            vault: &self.vault,
            bundles: &self.bundles,
            backups: &self.backups,
            instance_logs: &self.instance_logs,
            commands: &self.commands,
            fleet: &self.fleet,
            random: &self.random,
            keys: &self.configurations.keys,
            configurations: &self.configurations,
            clock: &*self.clock,
            config: &self.settings.launch,
        };
        answer(docker_run::handle(&world, &read(payload)).await)
    }

    async fn erase(&self, payload: Value) -> Result<Value, Raised> {
        let (projects, configurations) = (&self.projects, &self.configurations);
        let erasure = &FakeErasure { projects, configurations };
        let world = erase::World { projects, configurations, backups: &self.backups, erasure };
        answer(erase::handle(&world, &read(payload)).await)
    }

    async fn watch(&self, payload: Value) -> Result<Value, Raised> {
        let world = worker_watch::World {
            fleet: &self.fleet,
            heartbeats: &self.heartbeats,
            machines: &self.machines,
            projects: &self.projects,
            routes: &self.routes,
            wake_ups: &self.wake_ups,
            looks: &self.looks,
            drains: &self.sagas.drain,
            halts: &self.sagas.halt,
            provisions: &self.sagas.provision,
            clock: &*self.clock,
        };
        answer(worker_watch::handle(&world, &read(payload)).await)
    }

    async fn watch_instances(&self, payload: Value) -> Result<Value, Raised> {
        let world = instance_watch::World::<Fakes> {
            fleet: &self.fleet,
            heartbeats: &self.heartbeats,
            cases: &self.cases,
            projects: &self.projects,
            accounts: &self.accounts,
            restarts: &self.sagas.restart,
            halts: &self.sagas.halt,
            routes: &self.routes,
            wake_ups: &self.wake_ups,
            letters: &self.letters,
            looks: &self.looks_at_instances,
            clock: &*self.clock,
        };
        answer(instance_watch::handle(&world, read(payload)).await)
    }

    async fn watch_sleep(&self, payload: Value) -> Result<Value, Raised> {
        let world = sleep_watch::World::<Fakes> {
            fleet: &self.fleet,
            heartbeats: &self.heartbeats,
            rests: &self.rests,
            projects: &self.projects,
            subscriptions: &self.subscriptions,
            configurations: &self.configurations,
            vault: &self.vault,
            bots: &self.bots,
            commands: &self.commands,
            halts: &self.sagas.halt,
            provisions: &self.sagas.provision,
            wakes: &self.wakes,
            clock: &*self.clock,
        };
        answer(sleep_watch::handle(&world, &read(payload)).await)
    }

    async fn fill_pool(&self, payload: Value) -> Result<Value, Raised> {
        let world = warm_pool::World {
            fleet: &self.fleet,
            blanks: &self.sagas.blank,
            grows: &self.sagas.grow,
            drains: &self.sagas.drain,
            intents: &self.intents,
            commands: &self.commands,
            clock: &*self.clock,
            config: &self.settings.warm_pool,
        };
        answer(warm_pool::handle(&world, &read(payload)).await)
    }

    async fn back_up(&self) -> Result<Value, Raised> {
        let world = backup::World {
            census: &self.projects,
            projects: &self.projects,
            fleet: &self.fleet,
            commands: &self.commands,
            backups: &self.backups,
            clock: &*self.clock,
        };
        answer(backup::handle(&world).await)
    }

    async fn reap(&self) -> Result<Value, Raised> {
        let limits = &self.settings.reaper.borrow().clone();
        let world = reaper::World {
            machines: &self.machines,
            heartbeats: &self.heartbeats,
            bundles: &self.bundles,
            routes: &self.routes,
            fleet: &self.fleet,
            projects: &self.projects,
            commands: &self.commands,
            wake_ups: &self.wake_ups,
            clock: &*self.clock,
            limits,
        };
        answer(reaper::handle(&world).await)
    }

    /// One container, one machine, one reservation, a route to it, and a project that runs.
    pub(crate) async fn assert_running(&self, case: &str) {
        let project = self.project().await;
        assert_eq!(project.state, State::Running, "{case}");
        assert_eq!(self.commands.containers.borrow().len(), 1, "{case}");
        assert_eq!(self.machines.alive.borrow().len(), 1, "{case}");
        assert_eq!(self.reservations(), 1, "{case}");
        let target = self.routes.route(&project.host).and_then(|it| it.change.target);
        assert!(matches!(target, Some(Target::Upstream { .. })), "{case}: {target:?}");
        self.assert_tidy(case);
    }

    /// Nothing that nobody owns, and a reason that the owner can read.
    pub(crate) async fn assert_undone(&self, case: &str) {
        let project = self.project().await;
        assert_eq!(project.state, State::Error, "{case}");
        assert!(project.reason.is_some(), "{case}");
        self.assert_nothing_left(case);
        let target = self.routes.route(&project.host).and_then(|it| it.change.target);
        assert!(matches!(target, None | Some(Target::Page(Page::Failed))), "{case}: {target:?}");
    }

    /// No container, machine, reservation or bundle.
    pub(crate) fn assert_nothing_left(&self, case: &str) {
        assert!(self.commands.containers.borrow().is_empty(), "{case}: a container is left");
        assert!(self.machines.alive.borrow().is_empty(), "{case}: a machine is left");
        assert_eq!(self.reservations(), 0, "{case}: a reservation is left");
        self.assert_tidy(case);
    }

    pub(crate) fn assert_tidy(&self, case: &str) {
        assert!(self.bundles.stored.borrow().is_empty(), "{case}: a bundle is left");
        let log = self.commands.log.borrow().join("\n");
        for secret in [SECRET, OWN_KEY] {
            assert!(!log.contains(secret), "{case}: a secret is in a command");
        }
        self.fleet.assert_balanced();
    }

    pub(crate) async fn project(&self) -> Project {
        let found = self.projects.find(&make::project().id).await.expect("the store is up");
        found.expect("the project is there")
    }

    pub(crate) fn reservations(&self) -> usize {
        self.fleet.workers.borrow().values().map(|it| it.reservations.len()).sum()
    }
}

/// The payment provider's name for whoever pays.
pub(crate) const CUSTOMER: &str = "cus_1";
/// What no state machine, command or log may ever show.
pub(crate) const SECRET: &str = "the-secret-of-the-instance";
/// Nor this, a customer's own key.
pub(crate) const OWN_KEY: &str = "the-customers-own-key";

fn read<T: DeserializeOwned>(payload: Value) -> T {
    serde_json::from_value(payload).expect("the function understands the state machine")
}

fn answer<T: Serialize, E: Classify>(result: Result<T, E>) -> Result<Value, Raised> {
    match result {
        Ok(value) => Ok(serde_json::to_value(value).expect("results are JSON")),
        Err(error) => {
            let raised = diagnose(&error);
            Err(Raised { error: raised.error_type, cause: raised.error_message })
        }
    }
}
