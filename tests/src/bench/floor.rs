//! The floor under paid → running: the agent's container by hand, where the instances run.

use super::{Options, median, table::Table};
use std::process::Stdio;
use tokio::{io::AsyncWriteExt, process::Command};

const SCRIPT: &str = include_str!("floor.sh");

#[derive(Debug, thiserror::Error)]
pub(super) enum FloorError {
    #[error("docker cannot be run")]
    Docker(#[from] std::io::Error),
    #[error("the agent did not start by hand: {0}")]
    Failed(String),
}

pub(super) async fn measure(
    options: &Options,
    machine_id: Option<&str>,
) -> Result<String, FloorError> {
    let worker = match (&options.worker, machine_id) {
        (Some(worker), _) => Some(worker.clone()),
        (None, Some(machine_id)) => container_of(machine_id).await?,
        (None, None) => None,
    };
    let mut times_ms: Vec<u64> = Vec::new();
    for _ in 0..options.rounds {
        times_ms.push(run_once(worker.as_deref(), &options.agent_image).await?);
    }
    let place = worker.map_or("on the host".to_owned(), |it| format!("inside the worker {it}"));
    let title = format!("The floor: `docker run` by hand {place}");
    let mut table = Table::new(&title, &["", "ms"]);
    table.row(["median".to_owned(), figure(median(&times_ms))]);
    table.row(["best".to_owned(), figure(times_ms.iter().min().copied())]);
    table.row(["worst".to_owned(), figure(times_ms.iter().max().copied())]);
    Ok(table.markdown())
}

fn figure(ms: Option<u64>) -> String {
    ms.map_or("–".to_owned(), |it| it.to_string())
}

/// The container that plays this machine, if one does.
async fn container_of(machine_id: &str) -> Result<Option<String>, FloorError> {
    let filter = format!("name={machine_id}");
    let output = Command::new("docker")
        .args(["ps", "--filter", &filter, "--format", "{{.Names}}"])
        .output()
        .await?;
    Ok(String::from_utf8_lossy(&output.stdout).lines().next().map(str::to_owned))
}

async fn run_once(worker: Option<&str>, image: &str) -> Result<u64, FloorError> {
    let mut command = match worker {
        None => Command::new("bash"),
        Some(worker) => {
            let mut command = Command::new("docker");
            command.args(["exec", "-i", worker, "bash"]);
            command
        }
    };
    let mut child = command
        .args(["-c", SCRIPT, "floor", image])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()?;
    if let Some(mut stdin) = child.stdin.take() {
        stdin.shutdown().await?;
    }
    let output = child.wait_with_output().await?;
    let answer = String::from_utf8_lossy(&output.stdout).trim().parse();
    answer
        .map_err(|_| FloorError::Failed(String::from_utf8_lossy(&output.stderr).trim().to_owned()))
}
