//! How a stage buys servers.

use crate::user_data::OddSetting;
use ports::Unavailable;
use serde::Deserialize;
use std::collections::BTreeMap;

/// From JSON, which says where the token is and not what it is.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HetznerConfig {
    /// Of the API, with its version: `https://api.hetzner.cloud/v1`.
    pub url: String,
    /// The parameter that holds the token: of one project, allowed to write.
    pub token_parameter: String,
    /// Where to buy, the best first. All have to be of use to the edge.
    pub locations: Vec<String>,
    /// Name or number of the image: a stock Debian 12, or a snapshot of a worker.
    pub image: String,
    /// Name of a key for people. With none, Hetzner makes up a password and mails it to the owner
    /// of the project.
    #[serde(default)]
    pub ssh_key: Option<String>,
    #[serde(default)]
    pub firewall_id: Option<u64>,
    /// Name of the role that servers get when they join.
    pub node_role: String,
    /// What `/etc/1mins-worker.env` is to hold. No secrets: it travels in the user data.
    pub worker_settings: BTreeMap<String, String>,
}

/// A setting without which nothing can be bought.
#[derive(Debug, thiserror::Error)]
pub enum Misconfigured {
    #[error("`{0}` is not an address to which paths can be added")]
    Url(String),
    #[error("there is no location to buy in")]
    NoLocation,
    #[error(transparent)]
    Setting(#[from] Setting),
    #[error("the HTTP client cannot start")]
    Client(#[source] reqwest::Error),
    #[error("the token cannot be read")]
    Token(#[source] Unavailable),
}

/// Which of the worker's settings cannot be one.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub struct Setting(#[from] pub(super) OddSetting);
