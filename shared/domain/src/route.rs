//! From a host name to what answers it.

use crate::{id::ProjectId, project::ProjectName};
use serde::{Deserialize, Serialize};
use std::net::Ipv4Addr;

/// A full host name, `{name}-{id}.{domain}`, lower case.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct HostName(String);

impl HostName {
    /// The host of a project under the platform's `domain`.
    pub fn of_project(
        name: &ProjectName,
        id: &ProjectId,
        domain: &str,
    ) -> Result<Self, MalformedHost> {
        format!("{}-{}.{domain}", name.as_str(), id.body()).try_into()
    }

    /// Whose host it is, if [`HostName::of_project`] made it. Who was told the host by somebody else
    /// compares it with that of the project.
    pub fn project(&self) -> Option<ProjectId> {
        let (label, _) = self.0.split_once('.')?;
        let (_, body) = label.rsplit_once('-')?;
        ProjectId::new(body).ok()
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a lower-case host name")]
pub struct MalformedHost(String);

impl TryFrom<String> for HostName {
    type Error = MalformedHost;

    fn try_from(host: String) -> Result<Self, MalformedHost> {
        let label = |it: &str| {
            (1..=63).contains(&it.len())
                && !it.starts_with('-')
                && !it.ends_with('-')
                && it.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
        };
        if host.len() <= 253 && host.split('.').all(label) {
            Ok(Self(host))
        } else {
            Err(MalformedHost(host))
        }
    }
}

impl From<HostName> for String {
    fn from(host: HostName) -> String {
        host.0
    }
}

impl std::fmt::Display for HostName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// What answers a host.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Target {
    /// An instance on a worker.
    Upstream { address: Ipv4Addr, port: u16 },
    /// A page of the edge's own, since nothing runs.
    Page(Page),
}

/// Why nothing runs. Each has a page at the edge.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Page {
    Provisioning,
    Failed,
    Asleep,
    Stopped,
    Suspended,
}
