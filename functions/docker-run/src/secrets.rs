//! Everything that is sealed for a tenant, opened for as long as one call takes.

use crate::{
    configuration::{Secrets, Settings},
    handler::{LaunchError, Ports, World},
};
use domain::{
    configuration::Configuration,
    model::{ModelChoice, ModelUse},
    project::Project,
};
use ports::{
    configurations::Configurations,
    keys::ProviderKeys,
    projects::Projects,
    vault::{SecretKind, Vault},
};

pub(crate) async fn open_secrets<P: Ports>(
    world: &World<'_, P>,
    project: &Project,
) -> Result<Secrets, LaunchError> {
    let sealed = world.projects.secrets(&project.id).await?.ok_or(LaunchError::NotOurs)?;
    let tenant = &project.tenant_id;
    let token = world.vault.open(tenant, SecretKind::GatewayToken, &sealed.gateway_token);
    let key = world.vault.open(tenant, SecretKind::ModelKey, &sealed.model_key);
    Ok(Secrets { gateway_token: token.await?, model_key: key.await? })
}

/// The newest version of what the owner has set, 0 if nothing.
pub(crate) async fn open_settings<P: Ports>(
    world: &World<'_, P>,
    project: &Project,
) -> Result<(u32, Settings), LaunchError> {
    let newest = world.configurations.find(&project.id).await?;
    let ours = |it: &Configuration| it.tenant_id == project.tenant_id;
    let Some(newest) = newest.filter(ours) else { return Ok((0, Settings::default())) };
    let mut settings = Settings { model: newest.model.clone(), ..Settings::default() };
    for it in newest.model.iter().flat_map(ModelChoice::uses) {
        if let Some(key) = open_key(world, project, it).await? {
            settings.keys.insert(it.provider, key);
        }
    }
    if let Some(telegram) = &newest.telegram {
        let (tenant, kind) = (&project.tenant_id, SecretKind::TelegramToken);
        settings.telegram_token = Some(world.vault.open(tenant, kind, &telegram.sealed).await?);
    }
    Ok((newest.version, settings))
}

async fn open_key<P: Ports>(
    world: &World<'_, P>,
    project: &Project,
    it: &ModelUse,
) -> Result<Option<String>, LaunchError> {
    let Some(id) = &it.key_id else { return Ok(None) };
    let tenant = &project.tenant_id;
    let key = world.keys.find(tenant, id).await?.filter(|key| key.provider == it.provider);
    let key = key.ok_or_else(|| LaunchError::NoKey(id.clone()))?;
    if world.config.platform.meters(it.provider) {
        // The meter opens it, call by call: no container has it.
        return Ok(Some(String::new()));
    }
    Ok(Some(world.vault.open(tenant, SecretKind::ProviderKey, &key.sealed).await?))
}
