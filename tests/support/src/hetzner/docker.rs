//! Servers that are worker containers on this machine, with a Docker of their own inside.

use super::metal::{Metal, MetalError, Plan, Work};
use std::{collections::BTreeSet, net::Ipv4Addr, process::Stdio};
use tokio::{io::AsyncWriteExt, process::Command};

/// Which stand-in's servers they are: several may share one Docker.
const REALM_LABEL: &str = "1mins.hetzner.realm";
const NAME_LABEL: &str = "1mins.hetzner.server";
/// The inner daemon stops the tenants' containers first.
const STOP_TIMEOUT_S: &str = "25";
/// Runs as cloud-init does: once, in the background, with a log that people know where to find.
const RUN_USER_DATA: &str = "\
cat >/run/user-data && chmod 700 /run/user-data || exit
setsid /run/user-data >>/var/log/cloud-init-output.log 2>&1 </dev/null &";

#[derive(Clone, Debug)]
pub struct Docker {
    /// What every server is made from.
    pub image: String,
    /// What `docker run` needs so that a Docker can run inside.
    pub run_flags: Vec<String>,
    pub realm: String,
}

impl Docker {
    fn container(&self, name: &str) -> String {
        format!("hetzner-{}-{name}", self.realm)
    }

    fn mine(&self) -> String {
        format!("label={REALM_LABEL}={}", self.realm)
    }

    async fn create(&self, plan: &Plan) -> Result<(), MetalError> {
        let container = self.container(&plan.name);
        let realm = format!("{REALM_LABEL}={}", self.realm);
        let name = format!("{NAME_LABEL}={}", plan.name);
        let mut arguments = vec!["run", "-d", "--init", "--name", &container];
        arguments.extend(["--hostname", &plan.name, "--label", &realm, "--label", &name]);
        arguments.extend(self.run_flags.iter().map(String::as_str));
        arguments.push(&self.image);
        docker(&arguments, None).await.map(|_| ())
    }

    async fn address(&self, name: &str) -> Result<Ipv4Addr, MetalError> {
        let format = "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}";
        let container = self.container(name);
        let said = docker(&["inspect", "--format", format, &container], None).await?;
        said.trim().parse().map_err(|_| MetalError::Failed {
            command: "docker inspect".to_owned(),
            said: format!("`{said}` is no address"),
        })
    }

    /// Removes every server of this realm, and says how many there were.
    pub async fn purge(&self) -> Result<usize, MetalError> {
        let names = self.names().await?;
        for name in &names {
            self.scrap(name.clone()).await?;
        }
        Ok(names.len())
    }
}

impl Metal for Docker {
    fn boot(&self, plan: Plan) -> Work<'_, Ipv4Addr> {
        Box::pin(async move {
            self.create(&plan).await?;
            let container = self.container(&plan.name);
            // By standard input: there is an activation in it, which no argument list may show.
            let shell = ["exec", "-i", &container, "/bin/sh", "-c", RUN_USER_DATA];
            docker(&shell, Some(&plan.user_data)).await?;
            self.address(&plan.name).await
        })
    }

    fn power_on(&self, name: String) -> Work<'_, Ipv4Addr> {
        Box::pin(async move {
            docker(&["start", &self.container(&name)], None).await?;
            self.address(&name).await
        })
    }

    fn power_off(&self, name: String, at_once: bool) -> Work<'_, ()> {
        Box::pin(async move {
            let patience = if at_once { "0" } else { STOP_TIMEOUT_S };
            docker(&["stop", "-t", patience, &self.container(&name)], None).await.map(|_| ())
        })
    }

    fn scrap(&self, name: String) -> Work<'_, ()> {
        Box::pin(async move {
            if !self.names().await?.contains(&name) {
                return Ok(());
            }
            docker(&["rm", "-f", "-v", &self.container(&name)], None).await.map(|_| ())
        })
    }

    fn names(&self) -> Work<'_, BTreeSet<String>> {
        Box::pin(async move {
            let format = format!("{{{{.Label \"{NAME_LABEL}\"}}}}");
            let said =
                docker(&["ps", "-a", "--filter", &self.mine(), "--format", &format], None).await?;
            Ok(said.lines().map(str::to_owned).collect())
        })
    }
}

/// Runs the client, with `input` if there is any. Answers with what it said.
async fn docker(arguments: &[&str], input: Option<&str>) -> Result<String, MetalError> {
    let start = |source| MetalError::Start { program: "docker".to_owned(), source };
    let mut child = Command::new("docker")
        .args(arguments)
        .stdin(if input.is_some() { Stdio::piped() } else { Stdio::null() })
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(start)?;
    if let (Some(mut pipe), Some(input)) = (child.stdin.take(), input) {
        pipe.write_all(input.as_bytes()).await.map_err(start)?;
    }
    let output = child.wait_with_output().await.map_err(start)?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    Err(MetalError::Failed {
        command: format!("docker {}", arguments.first().unwrap_or(&"")),
        said: String::from_utf8_lossy(&output.stderr).trim().to_owned(),
    })
}
