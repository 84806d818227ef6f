//! How an instance is doing, as its owner is shown.

use domain::{
    health::{Case, Resource, Standing, Trouble},
    project::{Project, State},
};
use serde::Serialize;
use utoipa::ToSchema;

#[derive(Serialize, ToSchema)]
pub(crate) struct HealthView {
    standing: HealthName,
    /// `null`: for longer than anybody remembers.
    #[schema(format = "date-time")]
    since: Option<String>,
    /// What is wrong with it, if anything is.
    why: Option<TroubleName>,
    /// What its plan gave too little of within the last day.
    short_of: Vec<ResourceName>,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum HealthName {
    Ok,
    Starting,
    /// It went down or hung, and is started again.
    Restarting,
    /// That did not help. We go on, and its owner got a letter.
    Unwell,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum TroubleName {
    /// It runs and does not answer.
    Silent,
    /// It does not run.
    Down,
    /// It ends as often as it is started.
    Crashing,
    /// It does not take its configuration.
    Refusing,
    /// Its machine has it no more.
    Gone,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ResourceName {
    Memory,
    Storage,
}

impl HealthView {
    /// `None` of what does not run: its state says why.
    pub(crate) fn of(project: &Project, case: Option<&Case>) -> Option<Self> {
        (project.state == State::Running).then(|| Self {
            standing: case.map_or(HealthName::Ok, |it| it.standing.into()),
            since: case.map(|it| it.since.to_string()),
            why: case.and_then(|it| it.trouble).map(Into::into),
            short_of: case
                .map(|it| it.short_of.iter().map(|it| it.resource.into()).collect())
                .unwrap_or_default(),
        })
    }
}

impl From<Standing> for HealthName {
    fn from(standing: Standing) -> Self {
        match standing {
            Standing::Ok => Self::Ok,
            Standing::Starting => Self::Starting,
            Standing::Restarting => Self::Restarting,
            Standing::Unwell => Self::Unwell,
        }
    }
}

impl From<Trouble> for TroubleName {
    fn from(trouble: Trouble) -> Self {
        match trouble {
            Trouble::Silent => Self::Silent,
            Trouble::Down => Self::Down,
            Trouble::Crashing => Self::Crashing,
            Trouble::Refusing => Self::Refusing,
            Trouble::Gone => Self::Gone,
        }
    }
}

impl From<Resource> for ResourceName {
    fn from(resource: Resource) -> Self {
        match resource {
            Resource::Memory => Self::Memory,
            Resource::Storage => Self::Storage,
        }
    }
}
