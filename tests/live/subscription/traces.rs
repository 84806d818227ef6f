//! What is kept of a project: in the tables, in the store of backups, on the workers.

use crate::machine::{container_of, docker_in};
use adapters::dynamodb::{
    configurations::DynamoConfigurations, fleet::DynamoFleet, projects::DynamoProjects,
    subscriptions::DynamoSubscriptions,
};
use domain::{
    capacity::Capacity, id::ProjectId, project::Project, subscription::Record, worker::Worker,
};
use e2e::{
    bench::yardstick::balance::{Held, Imbalance, find_imbalances},
    environment::Environment,
    executions::{aws, standings},
};
use ports::{
    configurations::Configurations, fleet::Fleet, projects::Projects, subscriptions::Subscriptions,
};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// The names of the local stage, see `infra-cdk/lib/naming.ts`.
const FLEET_TABLE: &str = "1mins-local-fleet";
const PROJECTS_TABLE: &str = "1mins-local-projects";
const LEDGER_TABLE: &str = "1mins-local-ledger";
const POOL: &str = "us-east-1";
const PARTS: u32 = 1;
/// A function that is told where the backups are.
const ERASE: &str = "1mins-local-erase";

/// Id, memory in bytes, CPUs in billionths, and the volume.
const SHOWN: &str = "{{.Id}} {{.HostConfig.Memory}} {{.HostConfig.NanoCpus}} \
    {{range .Mounts}}{{if eq .Type \"volume\"}}{{.Name}}{{end}}{{end}}";

pub(super) struct Traces {
    environment: Environment,
    id: ProjectId,
    fleet: DynamoFleet,
    projects: DynamoProjects,
    configurations: DynamoConfigurations,
    subscriptions: DynamoSubscriptions,
    bucket: String,
}

/// An instance as its worker's Docker has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Container {
    machine: String,
    name: String,
    pub(super) id: String,
    pub(super) limits: Capacity,
    pub(super) volume: String,
}

impl Container {
    /// What `command` prints in it. `None`: it fails.
    pub(super) fn runs(&self, command: &[&str]) -> Option<String> {
        docker_in(&self.machine, &[&["exec", &self.name], command].concat())
    }

    /// When it was started last. `None`: nobody can say.
    pub(super) fn started_at(&self) -> Option<String> {
        docker_in(&self.machine, &["inspect", "-f", "{{.State.StartedAt}}", &self.id])
    }

    pub(super) fn is_gone(&self) -> bool {
        docker_in(&self.machine, &["inspect", &self.id]).is_none()
            && docker_in(&self.machine, &["volume", "inspect", &self.volume]).is_none()
    }
}

impl Traces {
    pub(super) async fn of(environment: &Environment, project: &str) -> Self {
        let pool = POOL.to_owned();
        Self {
            environment: environment.clone(),
            id: project.to_owned().try_into().expect("the API gives good ids"),
            fleet: DynamoFleet::connect(FLEET_TABLE.to_owned(), pool, PARTS).await,
            projects: DynamoProjects::connect(PROJECTS_TABLE.to_owned()).await,
            configurations: DynamoConfigurations::connect(PROJECTS_TABLE.to_owned()).await,
            subscriptions: DynamoSubscriptions::connect(LEDGER_TABLE.to_owned()).await,
            bucket: bucket(environment).await,
        }
    }

    pub(super) async fn project(&self) -> Project {
        let found = self.projects.find(&self.id).await.expect("the table answers");
        found.expect("the record of a project stays")
    }

    pub(super) async fn subscription(&self, id: &str) -> Record {
        let found = self.subscriptions.find(id).await.expect("the ledger answers");
        found.expect("what pays for a project is on record")
    }

    async fn workers(&self) -> Vec<Worker> {
        self.fleet.workers().await.expect("the fleet answers")
    }

    pub(super) async fn is_placed(&self) -> bool {
        self.workers().await.iter().any(|it| it.held_by(&self.id).is_some())
    }

    /// `None` while it is nowhere.
    pub(super) async fn container(&self) -> Option<Container> {
        let workers = self.workers().await;
        let worker = workers.iter().find(|it| it.held_by(&self.id).is_some())?;
        let machine = container_of(worker.node_id.as_deref()?);
        let name = format!("openclaw-{}", self.id);
        let shown = docker_in(&machine, &["inspect", "-f", SHOWN, &name])?;
        let words: Vec<&str> = shown.split_whitespace().collect();
        let &[id, memory, cpus, volume] = words.as_slice() else { panic!("{shown}") };
        let number = |text: &str| text.parse::<u64>().expect("Docker prints numbers");
        let small = |number: u64| u32::try_from(number).expect("no machine is so large");
        Some(Container {
            limits: Capacity {
                memory_mib: small(number(memory) >> 20),
                cpu_millis: small(number(cpus) / 1_000_000),
            },
            id: id.to_owned(),
            volume: volume.to_owned(),
            machine,
            name,
        })
    }

    /// Every version of every object, and every mark of a deleted one.
    pub(super) async fn backups(&self) -> Vec<String> {
        let prefix = format!("backups/{}/", self.id);
        let arguments =
            ["s3api", "list-object-versions", "--bucket", &self.bucket, "--prefix", &prefix];
        let answer = aws(&self.environment, &arguments).await.expect("the store answers");
        // Of nothing it says nothing.
        let listed: Value = serde_json::from_slice(&answer).unwrap_or_default();
        let of = |kind: &str| listed[kind].as_array().cloned().unwrap_or_default();
        let all = [of("Versions"), of("DeleteMarkers")].concat();
        all.iter().filter_map(|it| Some(it["Key"].as_str()?.to_owned())).collect()
    }

    /// What is left in the tables that opens something, or says where it was opened.
    pub(super) async fn secrets(&self) -> Vec<&'static str> {
        let secrets = self.projects.secrets(&self.id).await.expect("the table answers");
        let checkout = self.projects.checkout(&self.id).await.expect("the table answers");
        let set = self.configurations.find(&self.id).await.expect("the table answers");
        let left = [
            (secrets.is_some(), "the gateway's token and the model's key"),
            (checkout.is_some(), "the page it was paid on"),
            (set.is_some(), "its configuration"),
        ];
        left.into_iter().filter_map(|(is_left, what)| is_left.then_some(what)).collect()
    }

    /// Which of `volumes`, or of those that say they are its own, are on any worker.
    pub(super) async fn volumes(&self, volumes: &BTreeSet<String>) -> Vec<String> {
        let own = format!("label=in.1mins.project={}", self.id);
        let mut left = Vec::new();
        for worker in self.workers().await {
            let machine = worker.node_id.as_deref().map(container_of).unwrap_or_default();
            // A machine that is stopped is on nobody's disk but its own: there is nothing to ask.
            let list =
                |more: &[&str]| docker_in(&machine, &[&["volume", "ls", "-q"], more].concat());
            let Some(all) = list(&[]) else { continue };
            let labelled = list(&["--filter", &own]).unwrap_or_default();
            left.extend(all.lines().filter(|it| volumes.contains(*it)).map(str::to_owned));
            left.extend(labelled.lines().map(str::to_owned));
        }
        left
    }

    pub(super) async fn executions(&self, act: &str) -> BTreeMap<String, String> {
        let all = standings(&self.environment, act, self.id.as_str()).await;
        all.expect("Step Functions answers")
    }

    /// Whoever holds something does so once, and nothing is given out that is not there.
    pub(super) async fn imbalances(&self) -> Vec<Imbalance> {
        let fleet: Vec<Held> = self.workers().await.into_iter().map(Held::from).collect();
        let holders = fleet.iter().flat_map(|it| &it.claims).map(|it| it.project.clone());
        find_imbalances(&fleet, &holders.collect())
    }
}

async fn bucket(environment: &Environment) -> String {
    let arguments = ["lambda", "get-function-configuration", "--function-name", ERASE];
    let answer = aws(environment, &arguments).await.expect("Lambda answers");
    let function: Value = serde_json::from_slice(&answer).expect("it answers in JSON");
    let bucket = &function["Environment"]["Variables"]["BACKUPS_BUCKET"];
    bucket.as_str().expect("the function knows its bucket").to_owned()
}
