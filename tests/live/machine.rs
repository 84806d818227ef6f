//! Workers from outside: each is a container of this machine, with a Docker of its own in it.

use std::process::Command;

/// The container that is the machine called `node_id`: the engine names the one after the other.
pub(crate) fn container_of(node_id: &str) -> String {
    docker(&["ps", "-q", "--filter", &format!("name={node_id}")]).unwrap_or_default()
}

/// What the worker's own Docker prints. `None`: it refuses.
pub(crate) fn docker_in(machine: &str, arguments: &[&str]) -> Option<String> {
    docker(&[&["exec", machine, "docker"], arguments].concat())
}

pub(crate) fn docker(arguments: &[&str]) -> Option<String> {
    let run = Command::new("docker").args(arguments).output().expect("docker is installed");
    let printed = String::from_utf8(run.stdout).expect("it prints text");
    run.status.success().then(|| printed.trim().to_owned())
}
