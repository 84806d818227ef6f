//! Processes die in the middle of a provisioning.

use crate::{
    customer::{Customer, PROVISIONED_WITHIN},
    machine::container_of,
};
use adapters::clock::SystemClock;
use e2e::{
    executions::machine_of,
    wire::{Project, State},
};
use ports::clock::Clock;
use reqwest::Method;
use std::{process::Command, time::Duration};

/// Where in a provisioning the blow falls.
const AFTER: [Duration; 2] = [Duration::from_millis(1500), Duration::from_secs(6)];

#[tokio::test]
#[ignore = "needs a running stack"]
async fn functions_killed_in_the_middle_end_in_running() {
    let ada = Customer::arrives().await;
    for (index, after) in AFTER.into_iter().enumerate() {
        let project = ada.buys(&format!("killed-{index}")).await;
        SystemClock.sleep(after).await;
        kill_functions();
        let project = ends_well(&ada, project).await;
        ada.reaches(&project).await;
    }
    ada.leaves().await;
}

#[tokio::test]
#[ignore = "needs a running stack"]
async fn a_worker_that_dies_while_its_instance_boots_ends_in_a_clean_error() {
    let ada = Customer::arrives().await;
    let project = ada.buys("workerless").await;
    let booting = |it: &Project| it.steps.iter().any(|step| step.name == "CheckHealth");
    until(&ada, &project, booting).await;
    let worker = landing_worker(&ada, &project).await;
    run("docker", &["kill", &worker]);
    let failed = outcome(&ada, &project).await;
    assert_eq!(failed.state, State::Error);
    let project = ends_well(&ada, project).await;
    ada.reaches(&project).await;
    ada.leaves().await;
}

#[tokio::test]
#[ignore = "needs a running stack"]
async fn a_worker_that_dies_under_a_running_instance_is_found_and_its_owner_told() {
    let ada = Customer::arrives().await;
    let project = ada.buys("bereaved").await;
    let project = ada.waits_until_running(&project).await;
    let worker = landing_worker(&ada, &project).await;
    run("docker", &["kill", &worker]);
    // Its heartbeats stop, the engine says that the machine is off: two sources.
    // Nothing of it was backed up within the minute, or all of it: then it goes on by itself.
    let lost = until(&ada, &project, |it| it.state != State::Running).await;
    assert!(lost.state != State::Error || lost.reason.is_some(), "the owner is told why");
    let project = ends_well(&ada, project).await;
    ada.reaches(&project).await;
    ada.leaves().await;
}

#[tokio::test]
#[ignore = "needs a running stack"]
async fn an_edge_without_its_agent_catches_up_when_it_is_back() {
    let ada = Customer::arrives().await;
    let project = ada.buys("edgeless").await;
    run("kill", &["-KILL", &pid("edge-agent")]);
    SystemClock.sleep(Duration::from_secs(5)).await;
    bring_up();
    let project = ends_well(&ada, project).await;
    ada.reaches(&project).await;
    ada.leaves().await;
}

/// Running, or a clean error from which the owner's retry leads to running.
async fn ends_well(customer: &Customer, project: Project) -> Project {
    let ended = outcome(customer, &project).await;
    if ended.state == State::Running {
        return ended;
    }
    assert!(ended.reason.is_some(), "an error has a reason for its owner");
    let retry = customer.asks(Method::POST, &format!("/api/projects/{}/retry", project.id));
    assert!(retry.send().await.expect("the API answers").status().is_success());
    customer.waits_until_running(&project).await
}

/// The project once it runs or has failed.
async fn outcome(customer: &Customer, project: &Project) -> Project {
    until(customer, project, |it| matches!(it.state, State::Running | State::Error)).await
}

/// The project once it is as `wanted`. The API itself may be among the killed: it is asked again.
async fn until(
    customer: &Customer,
    project: &Project,
    wanted: impl Fn(&Project) -> bool,
) -> Project {
    let deadline = SystemClock.now() + PROVISIONED_WITHIN;
    while SystemClock.now() < deadline {
        match customer.journey.project(&project.id).await {
            Ok(it) if wanted(&it) => return it,
            _ => SystemClock.sleep(Duration::from_millis(300)).await,
        }
    }
    panic!("`{}` is not what it should be after {PROVISIONED_WITHIN:?}", project.id);
}

/// The container that is the machine of the project's worker, as the execution names it.
async fn landing_worker(customer: &Customer, project: &Project) -> String {
    let environment = customer.journey.environment();
    let machine = machine_of(environment, &project.id, 1).await;
    container_of(&machine.expect("the execution says where it is"))
}

/// Every function process of this stack's engine, whatever it is at. Not those of another stack.
fn kill_functions() {
    run("pkill", &["-KILL", "-x", "bootstrap", "--parent", &pid("engine")]);
}

/// The process that the start script keeps under `name`.
fn pid(name: &str) -> String {
    let run: String = runtime::env::require("ONEMINS_RUN");
    let file = std::fs::read_to_string(format!("{run}/{name}.pid")).expect("it was started");
    file.split_whitespace().next().expect("the file holds a process id").to_owned()
}

fn run(program: &str, arguments: &[&str]) {
    Command::new(program).args(arguments).status().expect("procps is installed");
}

/// The start script keeps what runs and starts what does not.
fn bring_up() {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../scripts/up");
    let up = Command::new(script).status().expect("the script can be run");
    assert!(up.success(), "scripts/up failed");
}
