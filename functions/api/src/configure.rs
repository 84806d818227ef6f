//! A change of what an owner has set for a project, and its way to the instance.

use crate::{
    refusal::Refusal,
    world::{Api, World},
};
use contracts::configure::Saga;
use domain::{
    configuration::Configuration,
    project::{Project, State as Stage},
};
use ports::{
    configurations::{Configurations, ReplaceError},
    sagas::Sagas,
    tenant_projects::TenantProjects,
};

/// Who loses that many races in a row may as well ask again.
const MAX_ROUNDS: usize = 4;

/// What is set for `project` now.
pub(crate) async fn current<W: World>(
    api: &Api<W>,
    project: &Project,
) -> Result<Configuration, Refusal> {
    let found = api.configurations.find(&project.id).await?;
    let ours = found.filter(|it| it.tenant_id == project.tenant_id);
    Ok(ours.unwrap_or_else(|| Configuration::new(project.id.clone(), project.tenant_id.clone())))
}

/// Makes `change` the next version, unless it changes nothing, and has it brought to the instance.
///
/// A repetition changes nothing, and starts what the first request could not start any more.
pub(crate) async fn set<W: World>(
    api: &Api<W>,
    project: &Project,
    change: impl Fn(&Configuration) -> Configuration,
) -> Result<Configuration, Refusal> {
    for _ in 0..MAX_ROUNDS {
        let before = current(api, project).await?;
        let after = change(&before);
        if after.version != before.version {
            match api.configurations.replace(&before, &after).await {
                Ok(()) => (),
                Err(ReplaceError::LostRace) => continue,
                Err(error) => return Err(refuse(error)),
            }
        }
        bring(api, &after).await?;
        return Ok(after);
    }
    Err(Refusal::Busy { retry_after_s: 1 })
}

fn refuse(error: ReplaceError) -> Refusal {
    match error {
        ReplaceError::LostRace => Refusal::Busy { retry_after_s: 1 },
        ReplaceError::KeyGone => Refusal::of_field("key_id", NO_KEY),
        ReplaceError::BotTaken => {
            Refusal::Conflict("this bot speaks for another project: remove it there first")
        }
        ReplaceError::Unavailable(error) => error.into(),
    }
}

pub(crate) const NO_KEY: &str = "you have no such key for this provider";

/// Starts the execution of this version if the instance runs. If it does not run yet, its launch brings
/// the newest version, or looks for it when it has finished: so the project is read after the write.
async fn bring<W: World>(api: &Api<W>, configuration: &Configuration) -> Result<(), Refusal> {
    if configuration.version <= configuration.applied_version {
        return Ok(());
    }
    let project = api.projects.find(&configuration.tenant_id, &configuration.project_id).await?;
    if project.is_none_or(|it| it.state != Stage::Running) {
        return Ok(());
    }
    let saga = Saga::of(configuration);
    let input = serde_json::to_string(&saga).map_err(Refusal::internal)?;
    Ok(api.configures.ensure_started(&saga.execution_name(), &input).await?)
}
