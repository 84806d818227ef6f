//! How the stand-in is started.

use super::{Docker, MetalError};
use crate::secret_file::{self, SecretFileError};
use std::{net::SocketAddr, path::PathBuf};

/// A stand-in for Hetzner Cloud. Its servers are worker containers on this machine.
///
/// Point the product at `http://ADDRESS/v1`. Making things go wrong: PUT `/_standin/modes` with any of
/// `{"sold_out": [{"server_type": "cpx22", "location": "fsn1"}], "quota": 0, "outage": true,
/// "lose_answers": 1, "slow_actions": 3, "deaf": true, "refuse": {"status": 409, "code": "conflict"},
/// "fail_action": {"command": "create_server", "code": "action_failed"}}`, where what is not named
/// goes off; PUT `/_standin/requests-left` with `{"requests": 0}`; POST
/// `/_standin/servers/{id}/vanish`.
#[derive(Debug, clap::Parser)]
#[command(name = "hetzner-standin", version)]
pub struct Options {
    /// Address to listen on.
    #[arg(long, env = "HETZNER_LISTEN", default_value = "127.0.0.1:4583")]
    pub listen: SocketAddr,
    /// File with the API token, or several.
    #[arg(long, env = "HETZNER_TOKEN_FILE", required_unless_present = "purge")]
    pub token_file: Option<PathBuf>,
    /// The image that every server is made from.
    #[arg(long, env = "HETZNER_WORKER_IMAGE", required_unless_present = "purge")]
    pub worker_image: Option<String>,
    /// File with the flags of `docker run` that let a Docker run inside, one a line.
    #[arg(long, env = "HETZNER_RUN_FLAGS", required_unless_present = "purge")]
    pub run_flags: Option<PathBuf>,
    /// Keeps apart the servers of several stand-ins that share a Docker.
    #[arg(long, env = "HETZNER_REALM", default_value = "local")]
    pub realm: String,
    /// Keeps servers and actions in this file across restarts.
    #[arg(long = "state", env = "HETZNER_STATE_FILE")]
    pub state_file: Option<PathBuf>,
    /// How many servers the project may have, until somebody says otherwise [default: any number]
    #[arg(long, env = "HETZNER_QUOTA")]
    pub quota: Option<usize>,
    /// Removes every server of this realm, and ends.
    #[arg(long)]
    pub purge: bool,
}

/// [`Options`] with the files read.
#[derive(Clone, Debug)]
pub struct Settings {
    pub tokens: Vec<String>,
    pub state_file: Option<PathBuf>,
    pub rate_limit: bool,
    pub quota: Option<usize>,
}

#[derive(Debug, thiserror::Error)]
pub enum OptionsError {
    #[error(transparent)]
    Secret(#[from] SecretFileError),
    #[error("cannot read `{}`", path.display())]
    File { path: PathBuf, source: std::io::Error },
    #[error("the state file `{}` is not one of ours; move it away", path.display())]
    State { path: PathBuf, source: serde_json::Error },
    #[error("cannot see which servers there are")]
    Metal(#[source] MetalError),
}

impl Options {
    /// Whose servers these are, and what they are made of.
    pub fn docker(&self) -> Result<Docker, OptionsError> {
        let run_flags = match &self.run_flags {
            None => Vec::new(),
            Some(path) => {
                let text = std::fs::read_to_string(path)
                    .map_err(|source| OptionsError::File { path: path.clone(), source })?;
                text.lines().map(str::to_owned).collect()
            }
        };
        let image = self.worker_image.clone().unwrap_or_default();
        Ok(Docker { image, run_flags, realm: self.realm.clone() })
    }

    pub fn settings(self) -> Result<Settings, OptionsError> {
        let tokens = match &self.token_file {
            Some(path) => secret_file::read(path)?,
            None => Vec::new(),
        };
        Ok(Settings { tokens, state_file: self.state_file, rate_limit: true, quota: self.quota })
    }
}

impl Settings {
    /// What a test needs: nothing that outlives it.
    pub fn for_tests(token: &str) -> Self {
        Self { tokens: vec![token.to_owned()], state_file: None, rate_limit: true, quota: None }
    }
}
