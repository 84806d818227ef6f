//! Whose call it is, and what opens the provider's door for it.

use crate::{
    call::Address,
    refusal::Refusal,
    world::{Ports, World},
};
use domain::{
    model::{ModelChoice, ModelProvider},
    project::{Project, State},
};
use ports::{
    configurations::Configurations,
    keys::ProviderKeys,
    projects::Projects,
    vault::{SecretKind, Vault},
};
use sha2::{Digest, Sha256};

/// The project, if `shown` is its key and its instance is on. Whatever is wrong is answered alike.
pub(crate) async fn admit<P: Ports>(
    world: &World<P>,
    address: &Address,
    shown: Option<&str>,
) -> Result<Project, Refusal> {
    let shown = shown.ok_or(Refusal::Unauthorized)?;
    let project = world.projects.find(&address.project).await?;
    let project = project.filter(|it| is_on(it.state)).ok_or(Refusal::Unauthorized)?;
    let sealed = world.projects.secrets(&project.id).await?.ok_or(Refusal::Unauthorized)?;
    let kind = SecretKind::ModelKey;
    let key = world.vault.open(&project.tenant_id, kind, &sealed.model_key).await?;
    // Of digests the time that a comparison takes tells nothing.
    let same = Sha256::digest(shown) == Sha256::digest(key);
    if same { Ok(project) } else { Err(Refusal::Unauthorized) }
}

/// One that comes to rest may have words on its lips. What does not run calls nobody, so whoever does has
/// got hold of a key.
fn is_on(state: State) -> bool {
    matches!(state, State::Provisioning | State::Running | State::Halting)
}

/// The key to the provider: the platform's, or the one that the owner has chosen for this project.
pub(crate) async fn open_key<P: Ports>(
    world: &World<P>,
    project: &Project,
    provider: ModelProvider,
) -> Result<String, Refusal> {
    if provider == ModelProvider::Platform {
        return Ok(world.settings.model_key.clone());
    }
    let tenant = &project.tenant_id;
    let configuration = world.configurations.find(&project.id).await?;
    let configuration = configuration.filter(|it| it.tenant_id == *tenant).ok_or(Refusal::NoKey)?;
    let mut uses = configuration.model.iter().flat_map(ModelChoice::uses);
    let key = uses.find(|it| it.provider == provider).and_then(|it| it.key_id.as_ref());
    let key = world.keys.find(tenant, key.ok_or(Refusal::NoKey)?).await?;
    let key = key.filter(|it| it.provider == provider).ok_or(Refusal::NoKey)?;
    Ok(world.vault.open(tenant, SecretKind::ProviderKey, &key.sealed).await?)
}
