//! What nobody owns is removed from a worker, and what stands beside it is not.

use crate::{
    customer::{Customer, PROVISIONED_WITHIN},
    machine::{container_of, docker_in},
    operator::invoke,
};
use adapters::clock::SystemClock;
use e2e::executions::machine_of;
use ports::clock::Clock;
use std::{collections::BTreeSet, time::Duration};

/// Of a project that there never was.
const NOBODYS: &str = "prj_nobodys000";

#[tokio::test]
#[ignore = "needs a running stack"]
async fn a_container_of_nobody_is_removed_and_its_neighbour_stays() {
    let ada = Customer::arrives().await;
    let project = ada.buys("neighbour").await;
    let project = ada.waits_until_running(&project).await;
    let machine = machine_of(ada.journey.environment(), &project.id, 1).await;
    let machine = container_of(&machine.expect("the execution says where it is"));
    let (stray, neighbour) = (format!("openclaw-{NOBODYS}"), format!("openclaw-{}", project.id));
    start_like_an_instance(&machine, &stray, &image_of(&machine, &neighbour));

    let deadline = SystemClock.now() + PROVISIONED_WITHIN;
    while containers(&machine).contains(&stray) {
        assert!(SystemClock.now() < deadline, "it is still there");
        // The reaper knows it from the next heartbeat on.
        SystemClock.sleep(Duration::from_secs(5)).await;
        invoke(ada.journey.environment(), "reaper").await;
    }
    assert!(containers(&machine).contains(&neighbour));
    ada.reaches(&project).await;
    ada.leaves().await;
}

/// It has the name and the labels by which a worker knows its instances.
fn start_like_an_instance(machine: &str, name: &str, image: &str) {
    let project = format!("in.1mins.project={NOBODYS}");
    let labels = [&project, "in.1mins.instance=ins_nobodys000", "in.1mins.generation=1"];
    let labels = labels.iter().flat_map(|it| ["--label", it]);
    let mut arguments = vec!["run", "-d", "--name", name, "--entrypoint", "sleep"];
    arguments.extend(labels.chain([image, "1h"]));
    docker_in(machine, &arguments).expect("the worker's Docker runs it");
}

fn image_of(machine: &str, container: &str) -> String {
    let image = docker_in(machine, &["inspect", "-f", "{{.Config.Image}}", container]);
    image.expect("the instance is there")
}

/// The names of all that run.
fn containers(machine: &str) -> BTreeSet<String> {
    let names = docker_in(machine, &["ps", "--format", "{{.Names}}"]);
    names.expect("the worker has a Docker").lines().map(str::to_owned).collect()
}
