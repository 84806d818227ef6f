//! All functions of the provisioning saga over one set of fakes.

use crate::asl::Raised;
use contracts::{
    provision::{Call, Saga},
    routes::WakeUp,
};
use docker_run::Platform;
use domain::{
    project::State,
    route::{Page, Target},
};
use ports::{
    projects::{Projects, SealedSecrets},
    vault::{SecretKind, Vault},
};
use provision::offering::{Offering, Provider};
use runtime::fault::{Classify, diagnose};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;
use testkit::{
    bundles::FakeBundles, clock::FakeClock, commands::FakeCommands, fleet::FakeFleet,
    machines::FakeMachines, make, projects::FakeProjects, queue::FakeQueue, routes::FakeRouteLog,
    vault::FakeVault,
};

/// The platform in memory, with one paid project.
pub(crate) struct World {
    pub(crate) projects: FakeProjects,
    pub(crate) fleet: FakeFleet,
    pub(crate) machines: FakeMachines,
    pub(crate) commands: FakeCommands,
    pub(crate) bundles: FakeBundles,
    pub(crate) routes: FakeRouteLog,
    wake_ups: FakeQueue<WakeUp>,
    vault: FakeVault,
    clock: FakeClock,
    provision: provision::Config,
    launch: docker_run::Config,
}

impl World {
    /// No worker yet: the first provisioning buys one.
    pub(crate) async fn new() -> Self {
        let world = Self {
            projects: FakeProjects::of([make::project()]),
            fleet: FakeFleet::default(),
            machines: FakeMachines::default(),
            commands: FakeCommands::default(),
            bundles: FakeBundles::default(),
            routes: FakeRouteLog::default(),
            wake_ups: FakeQueue::default(),
            vault: FakeVault::default(),
            clock: FakeClock::default(),
            provision: provision_config(),
            launch: launch_config(),
        };
        let tenant = make::project().tenant_id;
        let sealed = SealedSecrets {
            gateway_token: world.sealed(&tenant, SecretKind::GatewayToken).await,
            model_key: world.sealed(&tenant, SecretKind::ModelKey).await,
        };
        world.projects.put_secrets(&make::project().id, sealed);
        world
    }

    async fn sealed(&self, tenant: &domain::id::TenantId, kind: SecretKind) -> Vec<u8> {
        self.vault.seal(tenant, kind, SECRET).await.expect("the vault is up")
    }

    /// Calls `function` as the state machine does.
    pub(crate) async fn invoke(&self, function: &str, payload: Value) -> Result<Value, Raised> {
        match function {
            "project-state" => answer(project_state::handle(&self.projects, &call(payload)).await),
            "route" => {
                let (ledger, wake_ups, clock) = (&self.routes, &self.wake_ups, &self.clock);
                let world = route::World { ledger, wake_ups, clock };
                answer(route::handle(world, &call(payload)).await)
            }
            "placement" => answer(placement::handle(&self.fleet, &call(payload)).await),
            "provision" => {
                let (fleet, machines, commands) = (&self.fleet, &self.machines, &self.commands);
                let (clock, config, call) = (&self.clock, &self.provision, &call(payload));
                answer(provision::handle(fleet, machines, commands, clock, config, call).await)
            }
            "docker-run" => {
                let world = docker_run::World {
                    projects: &self.projects,
                    vault: &self.vault,
                    bundles: &self.bundles,
                    commands: &self.commands,
                    fleet: &self.fleet,
                    config: &self.launch,
                };
                answer(docker_run::handle(&world, &call(payload)).await)
            }
            "health-check" => answer(health_check::handle(&self.commands, &call(payload)).await),
            // A mail has no effect on this world.
            "notify" => Ok(Value::Null),
            other => panic!("the state machine calls `{other}`, which nobody knows"),
        }
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
        assert!(self.commands.containers.borrow().is_empty(), "{case}: a container is left");
        assert!(self.machines.alive.borrow().is_empty(), "{case}: a machine is left");
        assert_eq!(self.reservations(), 0, "{case}: a reservation is left");
        let target = self.routes.route(&project.host).and_then(|it| it.change.target);
        assert!(matches!(target, None | Some(Target::Page(Page::Failed))), "{case}: {target:?}");
        self.assert_tidy(case);
    }

    fn assert_tidy(&self, case: &str) {
        assert!(self.bundles.stored.borrow().is_empty(), "{case}: a bundle is left");
        let log = self.commands.log.borrow().join("\n");
        assert!(!log.contains(SECRET), "{case}: a secret is in a command");
        self.fleet.assert_balanced();
    }

    async fn project(&self) -> domain::project::Project {
        let found = self.projects.find(&make::project().id).await.expect("the store is up");
        found.expect("the project is there")
    }

    fn reservations(&self) -> usize {
        self.fleet.workers.borrow().values().map(|it| it.reservations.len()).sum()
    }
}

/// What no state machine, command or log may ever show.
pub(crate) const SECRET: &str = "the-secret-of-the-instance";

pub(crate) fn input() -> Value {
    serde_json::to_value(Saga::of(&make::project())).expect("the saga is JSON")
}

fn call<S: DeserializeOwned>(payload: Value) -> Call<S> {
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

fn provision_config() -> provision::Config {
    let small = Offering {
        provider: Provider::Ec2,
        machine_type: "small".to_owned(),
        memory_mib: 4096,
        cpu_millis: 2000,
        reserved_mib: 512,
        usd_per_hour: 0.08,
    };
    provision::Config { offerings: vec![small], agent_image: "agent".to_owned() }
}

fn launch_config() -> docker_run::Config {
    let platform = Platform {
        model_url: "http://10.0.0.9:4582/v1".to_owned(),
        model_id: "auto".to_owned(),
        edge_cidr: "10.0.0.0/24".to_owned(),
        url_port: String::new(),
    };
    docker_run::Config {
        platform,
        agent_image: "agent".to_owned(),
        model_egress: "10.0.0.9:4582".to_owned(),
    }
}
