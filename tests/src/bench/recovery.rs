//! How soon an instance is well again after something went wrong with it, and whether it remembers.
//!
//! Each fault strikes a project of its own, which has told its agent something and has been backed up since.
//! From then on its owner asks twice a second how it is, and its address whether the instance answers.

use super::{Options, percentile, table::Table};
use crate::{
    client::fetch,
    environment::Environment,
    executions::{aws, machine_of},
    failure::Failure,
    journey::Journey,
    wire::{Credentials, Project, State},
};
use reqwest::{Method, StatusCode};
use serde_json::Value;
use std::time::Duration;
use support::clock;
use tokio::process::Command;

const LOOK_EVERY: Duration = Duration::from_millis(500);
/// What the stand-in for the model answers with the beginning of the conversation.
const RECALL: &str = "What did I say first?";

/// What goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Fault {
    /// The gateway's processes are killed.
    GatewayKilled,
    /// They are stopped, and answer nothing more.
    GatewayHung,
    /// The instance takes more memory than it has, and the kernel kills the largest process of it.
    OutOfMemory,
    /// The worker's Docker is killed, and started again by the machine.
    DockerKilled,
    /// The worker is gone from one moment to the next.
    WorkerKilled,
}

impl Fault {
    const ALL: [Self; 5] = [
        Self::GatewayKilled,
        Self::GatewayHung,
        Self::OutOfMemory,
        Self::DockerKilled,
        Self::WorkerKilled,
    ];

    fn words(self) -> &'static str {
        match self {
            Self::GatewayKilled => "the gateway is killed",
            Self::GatewayHung => "the gateway hangs",
            Self::OutOfMemory => "it runs out of memory",
            Self::DockerKilled => "the worker's Docker is killed",
            Self::WorkerKilled => "the worker is killed",
        }
    }

    /// What Docker on the host is told, and what the worker's shell is.
    fn blow(self, project_id: &str) -> (&'static [&'static str], String) {
        let processes = format!(
            "docker top openclaw-{project_id} -eo pid,comm | \
             awk 'NR > 1 && $2 !~ /init|tini/ {{ print $1 }}' | xargs kill -"
        );
        let hog = "const held = []; setInterval(() => held.push(Buffer.alloc(64 << 20, 1)), 10)";
        let in_the_worker = &["exec", "-d"];
        match self {
            Self::GatewayKilled => (in_the_worker, processes + "KILL"),
            Self::GatewayHung => (in_the_worker, processes + "STOP"),
            Self::OutOfMemory => {
                (in_the_worker, format!("docker exec openclaw-{project_id} node -e '{hog}'"))
            }
            Self::DockerKilled => (in_the_worker, "pkill -KILL -x dockerd".to_owned()),
            Self::WorkerKilled => (&["kill"], String::new()),
        }
    }
}

/// All times are from the blow.
#[derive(Clone, Copy, Debug)]
pub(super) struct Recovery {
    fault: Fault,
    /// Until its owner is told that something is wrong.
    found: Duration,
    /// Until it is said to run, answers, and knows how the conversation began.
    well: Duration,
    /// How long its address served no instance.
    down: Duration,
    remembers: bool,
}

#[derive(Debug, thiserror::Error)]
pub(super) enum RecoveryError {
    #[error("the main job failed")]
    Job(#[from] Failure),
    #[error("`docker {0}` failed: is the stack the local one, and up?")]
    Docker(String),
    #[error("nobody can tell where `{0}` runs")]
    Unplaced(String),
    #[error("the backups were not made")]
    Backup,
    #[error("`{project}` is not well after {limit_s} s: {fault}")]
    NotWell { project: String, fault: &'static str, limit_s: u64 },
}

pub(super) async fn measure(
    options: &Options,
    environment: &Environment,
) -> Result<Vec<Recovery>, RecoveryError> {
    let mut journey = Journey::through(environment.clone())?;
    let credentials = Journey::new_credentials();
    journey.sign_up(&credentials).await?;
    journey.confirm(&credentials.email).await?;
    let faults = if options.fault.is_empty() { &Fault::ALL[..] } else { &options.fault };
    let mut measured = Vec::new();
    for fault in (0..options.rounds).flat_map(|_| faults) {
        let one = live_through(&mut journey, &credentials, *fault, options.limit_s).await?;
        super::say(&format!(
            "{}: found after {:.1} s, well after {:.1} s",
            fault.words(),
            one.found.as_secs_f64(),
            one.well.as_secs_f64(),
        ));
        measured.push(one);
    }
    Ok(measured)
}

async fn live_through(
    journey: &mut Journey,
    credentials: &Credentials,
    fault: Fault,
    limit_s: u64,
) -> Result<Recovery, RecoveryError> {
    // Anew each time: the token lasts a quarter of an hour.
    journey.sign_in(credentials).await?;
    let limit = Duration::from_secs(limit_s);
    let project = journey.create_project("suffers", "standard").await?;
    journey.pay(&journey.checkout(&project.id).await?).await?;
    let project = journey.wait_until(&project.id, State::Running, limit, drop).await?;
    journey.wait_for_instance(&project.url).await?;
    let token = journey.gateway_token(&project.id).await?;
    let word = format!("zebra-{}", project.id);
    journey.chat(&project.url, &token, &format!("My animal is a {word}.")).await?;
    back_up(journey.environment()).await?;

    strike(journey.environment(), &project, fault).await?;
    let struck = clock::stopwatch();
    let (mut found, mut down) = (None, Duration::ZERO);
    let mut last = struck.elapsed();
    loop {
        let (is_well, answers) =
            (says_well(journey, &project).await, answers(journey, &project).await);
        let now = struck.elapsed();
        if !answers {
            down += now.saturating_sub(last);
        }
        last = now;
        match found {
            None if !is_well => found = Some(now),
            Some(found) if is_well && answers => {
                let answer = journey.chat(&project.url, &token, RECALL).await?;
                let (remembers, well) = (answer.text.contains(&word), struck.elapsed());
                stop(journey, &project).await;
                return Ok(Recovery { fault, found, well, down, remembers });
            }
            _ if now > limit => {
                let (project, fault) = (project.id, fault.words());
                return Err(RecoveryError::NotWell { project, fault, limit_s });
            }
            _ => clock::pause(LOOK_EVERY).await,
        }
    }
}

async fn strike(
    environment: &Environment,
    project: &Project,
    fault: Fault,
) -> Result<(), RecoveryError> {
    let unplaced = || RecoveryError::Unplaced(project.id.clone());
    let node = machine_of(environment, &project.id, 1).await.ok_or_else(unplaced)?;
    let filter = format!("name={node}");
    let machine = docker(&["ps", "-q", "--filter", &filter]).await?;
    let machine = machine.lines().next().ok_or_else(unplaced)?;
    let (act, script) = fault.blow(&project.id);
    let shell = if script.is_empty() { vec![] } else { vec!["sh", "-c", &script] };
    docker(&[act, &[machine], &shell].concat()).await.map(drop)
}

/// What its owner is shown.
async fn says_well(journey: &Journey, project: &Project) -> bool {
    let path = format!("/api/projects/{}", project.id);
    let shown: Result<Value, _> =
        fetch(journey.api(Method::GET, &path), "GET a project", StatusCode::OK).await;
    shown.is_ok_and(|it| it["state"] == "running" && it["health"]["standing"] == "ok")
}

async fn answers(journey: &Journey, project: &Project) -> bool {
    let url = format!("{}/healthz", project.url);
    let answer: Result<Value, _> = fetch(journey.visits(&url), "GET healthz", StatusCode::OK).await;
    answer.is_ok_and(|it| it["ok"] == true)
}

/// So that those that come after have the machine to themselves.
async fn stop(journey: &Journey, project: &Project) {
    let path = format!("/api/projects/{}/stop", project.id);
    // What is busy goes on running, and disturbs a little.
    let _ = journey.api(Method::POST, &path).send().await;
}

/// Everything that runs, now instead of at the next quarter of an hour.
async fn back_up(environment: &Environment) -> Result<(), RecoveryError> {
    let arguments = ["lambda", "invoke", "--function-name", "1mins-local-backup", "/dev/null"];
    aws(environment, &arguments).await.map(drop).ok_or(RecoveryError::Backup)
}

async fn docker(arguments: &[&str]) -> Result<String, RecoveryError> {
    let failed = || RecoveryError::Docker(arguments.join(" "));
    let output = Command::new("docker").args(arguments).output().await.map_err(|_| failed())?;
    let printed = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    if output.status.success() { Ok(printed) } else { Err(failed()) }
}

pub(super) fn report(measured: &[Recovery]) -> String {
    let title = "From the blow, in seconds: median / 95 % of all";
    let headers =
        ["", "rounds", "owner is told", "well, with its memory", "no instance", "remember"];
    let mut table = Table::new(title, &headers);
    for fault in Fault::ALL {
        let all: Vec<&Recovery> = measured.iter().filter(|it| it.fault == fault).collect();
        let cell = |value: fn(&Recovery) -> Duration| {
            let values: Vec<Duration> = all.iter().map(|it| value(it)).collect();
            let [half, most] = [50, 95].map(|it| percentile(&values, it).unwrap_or_default());
            format!("{:.1} / {:.1}", half.as_secs_f64(), most.as_secs_f64())
        };
        let remember = all.iter().filter(|it| it.remembers).count();
        if !all.is_empty() {
            table.row([
                fault.words().to_owned(),
                all.len().to_string(),
                cell(|it| it.found),
                cell(|it| it.well),
                cell(|it| it.down),
                remember.to_string(),
            ]);
        }
    }
    table.markdown()
}
