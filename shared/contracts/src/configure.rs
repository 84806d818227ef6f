//! The saga that brings a new configuration to an instance that runs: its input, and what its steps
//! leave for the later ones.

use crate::provision::Caught;
use domain::{
    configuration::Configuration,
    id::{ProjectId, TenantId},
};
use serde::{Deserialize, Serialize};

/// The state of one execution: names and numbers, never a secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Saga {
    pub project_id: ProjectId,
    pub tenant_id: TenantId,
    /// The version that made somebody start it. What it brings is the newest one.
    pub version: u32,
    #[serde(rename = "Configure", default, skip_serializing_if = "Option::is_none")]
    pub configured: Option<Configured>,
    /// Why the saga unwinds, as the state machine caught it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<Caught>,
}

/// What became of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum Configured {
    /// The gateway has taken it over.
    Applied { version: u32 },
    /// The gateway does not want it, and keeps the one before. It is the owner's to change, and wakes
    /// nobody.
    Refused { version: u32 },
    /// Nothing runs that could take it over, and the next launch brings it; or something newer was
    /// faster.
    Passed,
}

impl Saga {
    pub fn of(configuration: &Configuration) -> Self {
        Self {
            project_id: configuration.project_id.clone(),
            tenant_id: configuration.tenant_id.clone(),
            version: configuration.version,
            configured: None,
            error: None,
        }
    }

    /// The execution's name, which is its idempotency key.
    pub fn execution_name(&self) -> String {
        format!("configure-{}-{}", self.project_id, self.version)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_outcome_reads_as_agreed() {
        let cases = [
            (Configured::Applied { version: 3 }, r#"{"outcome":"applied","version":3}"#),
            (Configured::Refused { version: 3 }, r#"{"outcome":"refused","version":3}"#),
            (Configured::Passed, r#"{"outcome":"passed"}"#),
        ];
        for (configured, wire) in cases {
            assert_eq!(serde_json::to_string(&configured).unwrap(), wire);
            assert_eq!(serde_json::from_str::<Configured>(wire).unwrap(), configured);
        }
    }

    #[test]
    fn a_saga_survives_the_state_machine_and_is_named_after_its_version() {
        let project = ProjectId::new("a").unwrap();
        let fresh = Configuration::new(project, TenantId::new("t").unwrap());
        let saga = Saga::of(&fresh.again());
        assert_eq!(saga.execution_name(), "configure-prj_a-1");
        let wire = r#"{"project_id":"prj_a","tenant_id":"ten_t","version":1}"#;
        assert_eq!(serde_json::to_string(&saga).unwrap(), wire);
        assert_eq!(serde_json::from_str::<Saga>(wire).unwrap(), saga);
    }
}
