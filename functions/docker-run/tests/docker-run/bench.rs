//! The function over fakes.

use contracts::{
    blank::Saga as BlankSaga,
    models::ProviderUrls,
    provision::{Launched, ReadyWorker, Reserved, Saga},
};
use docker_run::{Answer, Call, Config, LaunchError, Platform, Ports, World, handle};
use domain::{
    id::{BlankId, TenantId, WorkerId},
    plan::PlanId,
    project::Project,
    worker::{Cordon, FIRST_PORT, Holder},
};
use ports::{
    projects::SealedSecrets,
    vault::{SecretKind, Vault},
};
use runtime::fault::{Classify, Fault};
use testkit::{
    backups::FakeBackups, bundles::FakeBundles, clock::FakeClock, commands::FakeCommands,
    configurations::FakeConfigurations, fleet::FakeFleet, instance_logs::FakeInstanceLogs,
    keys::FakeProviderKeys, make, projects::FakeProjects, random::FakeRandom, vault::FakeVault,
};

pub(crate) const TOKEN: &str = "the-gateway-token";
pub(crate) const KEY: &str = "the-model-key";
/// Under what name the worker takes commands. Not what its provider calls it.
pub(crate) const NODE: &str = "mi-a";

pub(crate) struct Bench {
    pub(crate) projects: FakeProjects,
    pub(crate) vault: FakeVault,
    pub(crate) bundles: FakeBundles,
    pub(crate) backups: FakeBackups,
    pub(crate) instance_logs: FakeInstanceLogs,
    pub(crate) commands: FakeCommands,
    pub(crate) fleet: FakeFleet,
    pub(crate) random: FakeRandom,
    /// With the customers' own keys.
    pub(crate) configurations: FakeConfigurations,
    pub(crate) clock: FakeClock,
    pub(crate) config: Config,
}

enum Fakes {}

impl Ports for Fakes {
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

impl Bench {
    /// One project whose secrets are sealed for its tenant, and one worker.
    pub(crate) async fn new() -> Self {
        Self::with(make::project()).await
    }

    pub(crate) async fn with(project: Project) -> Self {
        let (projects, vault) = (FakeProjects::of([project.clone()]), FakeVault::default());
        let secrets = sealed(&vault, &project.tenant_id).await;
        projects.put_secrets(&project.id, secrets);
        Self {
            projects,
            vault,
            bundles: FakeBundles::default(),
            backups: FakeBackups::default(),
            instance_logs: FakeInstanceLogs::default(),
            commands: FakeCommands::default(),
            fleet: FakeFleet::of([make::worker("a", 8192)]),
            random: FakeRandom::default(),
            configurations: FakeConfigurations::default(),
            clock: FakeClock::default(),
            config: config(),
        }
    }

    /// The same with the warm blank of [`adopter`] on the worker.
    pub(crate) async fn with_a_blank() -> Self {
        let bench = Self::new().await;
        bench.done(Call::LaunchBlank(blank_saga())).await;
        bench.commands.log.borrow_mut().clear();
        bench
    }

    pub(crate) async fn answer(&self, call: Call) -> Result<Answer, LaunchError> {
        let world = World::<Fakes> {
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
            clock: &self.clock,
            config: &self.config,
        };
        handle(&world, &call).await
    }

    /// Runs a step of a launch, or its undo.
    pub(crate) async fn run(&self, call: Call) -> Result<Option<Launched>, LaunchError> {
        Ok(match self.answer(call).await? {
            Answer::Launched(launched) => Some(launched),
            Answer::Nothing
            | Answer::Configured(_)
            | Answer::Archived(_)
            | Answer::LogsRead(_)
            | Answer::Executed(_) => None,
        })
    }

    /// Runs a step that succeeds.
    pub(crate) async fn done(&self, call: Call) -> Option<Launched> {
        let case = format!("{call:?}");
        self.run(call).await.unwrap_or_else(|error| panic!("{case}: {error}"))
    }

    pub(crate) async fn fault(&self, call: Call) -> Option<Fault> {
        self.run(call).await.err().map(|it| it.fault())
    }

    /// The generation of the project that runs.
    pub(crate) fn running(&self) -> Option<u32> {
        self.generation_of(&saga().project_id.into())
    }

    /// The generation of the blank that runs.
    pub(crate) fn blank_running(&self) -> Option<u32> {
        self.generation_of(&blank_id().into())
    }

    fn generation_of(&self, holder: &Holder) -> Option<u32> {
        let everywhere = self.commands.containers_of(holder.as_str());
        assert!(everywhere.iter().all(|(node, _)| node == NODE), "{everywhere:?}");
        everywhere.first().map(|(_, generation)| *generation)
    }

    pub(crate) fn asked(&self) -> Vec<String> {
        self.commands.log.borrow().clone()
    }

    /// The verbs of the commands so far.
    pub(crate) fn verbs(&self) -> Vec<String> {
        let verb = |line: String| line.split(' ').nth(1).unwrap_or_default().to_owned();
        self.asked().into_iter().map(verb).collect()
    }

    pub(crate) fn bundles(&self) -> usize {
        self.bundles.stored.borrow().len()
    }

    pub(crate) fn cordoned(&self) -> bool {
        self.fleet.workers.borrow()[&worker_id()].cordon == Some(Cordon::Unreachable)
    }
}

pub(crate) async fn sealed(vault: &FakeVault, tenant: &TenantId) -> SealedSecrets {
    let gateway_token = vault.seal(tenant, SecretKind::GatewayToken, TOKEN).await.expect("is up");
    let model_key = vault.seal(tenant, SecretKind::ModelKey, KEY).await.expect("is up");
    SealedSecrets { gateway_token, model_key }
}

fn config() -> Config {
    let platform = Platform {
        model_url: "https://models.test/v1".to_owned(),
        model_id: "auto".to_owned(),
        edge_cidr: "10.0.0.0/16".to_owned(),
        url_port: String::new(),
        providers: ProviderUrls {
            anthropic: "https://anthropic.test".to_owned(),
            openai: "https://openai.test/v1".to_owned(),
            google: "https://google.test/v1beta".to_owned(),
            openrouter: "https://openrouter.test/api/v1".to_owned(),
        },
        meter_url: None,
    };
    let model_egress = "10.0.9.9:443".to_owned();
    Config { platform, agent_image: "agent:1".to_owned(), model_egress }
}

fn worker_id() -> WorkerId {
    WorkerId::new("a").expect("plain")
}

pub(crate) fn ready_worker() -> ReadyWorker {
    ReadyWorker {
        worker_id: worker_id(),
        node_id: NODE.to_owned(),
        address: [10, 0, 0, 1].into(),
        port: FIRST_PORT + 3,
    }
}

/// A saga whose worker is ready.
pub(crate) fn saga() -> Saga {
    on_worker(&make::project())
}

pub(crate) fn on_worker(project: &Project) -> Saga {
    Saga { worker: Some(ready_worker()), ..Saga::of(project) }
}

/// A saga that has claimed a warm blank.
pub(crate) fn adopter() -> Saga {
    let reserve =
        Reserved { worker_id: Some(worker_id()), blank_id: Some(blank_id()), woken: false };
    Saga { reserve: Some(reserve), ..saga() }
}

pub(crate) fn blank_id() -> BlankId {
    BlankId::new("b").expect("plain")
}

/// A blank whose place is known.
pub(crate) fn blank_saga() -> BlankSaga {
    BlankSaga { worker: Some(ready_worker()), ..BlankSaga::of(&blank_id(), PlanId::Standard) }
}

pub(crate) fn launch() -> Call {
    Call::Launch(saga())
}

pub(crate) fn undo() -> Call {
    Call::UndoLaunch(saga())
}
