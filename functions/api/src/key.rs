//! Customers' own keys to providers of models.
//!
//! A key goes in and never comes out: what is shown of it is its end. It belongs to one user within one
//! tenant; the project that uses it keeps it from being deleted.

use crate::{
    caller::{Person, TenantScope},
    configure::set,
    input::{Body, Fields, IdempotencyKey, Input, KeyPath, Which},
    project::own,
    random::{self, LONG_ID_LEN},
    refusal::Refusal,
    throttle,
    view::{AppliedView, ApplyBody, KeyView, NewKeyBody, SecretBody},
    world::{Api, World},
};
use axum::{Json, extract::State};
use domain::{
    configuration::Configuration,
    id::{KeyId, ProjectId},
    model::{ModelChoice, ModelId, ModelProvider, ModelUse, last4},
    project::Project,
};
use http::StatusCode;
use ports::{
    clock::Clock,
    keys::{ProviderKey, ProviderKeys},
    provider_check::{KeyVerdict, ProviderCheck},
    tenant_projects::TenantProjects,
    vault::{SecretKind, Vault},
};
use runtime::fault::chain;
use std::sync::Arc;

/// Of one user in one tenant. Counted before a key is made and not while: a few more do no harm.
const MAX_KEYS: usize = 50;
const MAX_LABEL_LEN: usize = 60;

const KEY_TAKEN: &str = "the Idempotency-Key was used for another request: choose another one";

pub(crate) struct NewKey {
    provider: ModelProvider,
    label: String,
    key: String,
    check: bool,
}

impl Input for NewKey {
    fn read(fields: &mut Fields) -> Option<Self> {
        let (provider, label) =
            (fields.provider("provider"), fields.text("label", |it| label(&it)));
        // Which keys are good depends on the provider; without one there is nothing to say of it.
        let key = fields.text("key", |it| {
            let key = it.trim().to_owned();
            provider.map_or(Ok(()), |it| it.check_key(&key)).map(|()| key)
        });
        let check = fields.flag("check");
        Some(Self { provider: provider?, label: label?, key: key?, check: check? })
    }
}

fn label(text: &str) -> Result<String, String> {
    let label = text.trim().to_owned();
    let fits = (1..=MAX_LABEL_LEN).contains(&label.chars().count());
    if fits && !label.chars().any(char::is_control) {
        Ok(label)
    } else {
        Err(format!("must have 1 to {MAX_LABEL_LEN} characters on one line"))
    }
}

pub(crate) struct NewSecret {
    key: String,
    check: bool,
}

impl Input for NewSecret {
    fn read(fields: &mut Fields) -> Option<Self> {
        let key = fields.text("key", |it| Ok::<_, String>(it.trim().to_owned()));
        let check = fields.flag("check");
        Some(Self { key: key?, check: check? })
    }
}

pub(crate) struct Application {
    projects: Which,
    model: ModelId,
}

impl Input for Application {
    fn read(fields: &mut Fields) -> Option<Self> {
        let (projects, model) = (fields.projects("projects"), fields.model("model"));
        Some(Self { projects: projects?, model: model? })
    }
}

/// One's own keys in this tenant, oldest first.
#[utoipa::path(
    get, path = "/api/keys", tag = "keys", security(("session" = [])),
    responses((status = 200, description = "All keys", body = Vec<KeyView>))
)]
pub(crate) async fn list<W: World>(
    State(api): State<Arc<Api<W>>>,
    Person(scope): Person,
) -> Result<Json<Vec<KeyView>>, Refusal> {
    let mine = mine(&api, &scope).await?;
    Ok(Json(mine.into_iter().map(KeyView::of).collect()))
}

/// Keeps a key, encrypted for the tenant. Nobody is ever shown it again.
#[utoipa::path(
    post, path = "/api/keys", tag = "keys", security(("session" = [])),
    request_body = NewKeyBody,
    params(("Idempotency-Key" = Option<String>, Header,
        description = "Repeating a request under the same key keeps no second one")),
    responses((status = 201, description = "The new key", body = KeyView))
)]
pub(crate) async fn create<W: World>(
    State(api): State<Arc<Api<W>>>,
    Person(scope): Person,
    IdempotencyKey(repeat): IdempotencyKey,
    Body(new): Body<NewKey>,
) -> Result<(StatusCode, Json<KeyView>), Refusal> {
    let id = match repeat {
        Some(repeat) => random::derived_key_id(scope.tenant(), scope.user(), &repeat),
        None => KeyId::new(&random::id_body(LONG_ID_LEN)).map_err(Refusal::internal)?,
    };
    // Before the limit: a repeat must find what the first request made, be there room or not.
    let kept = match api.provider_keys.find(scope.tenant(), &id).await? {
        Some(kept) => kept,
        None => keep(&api, &scope, id, &new).await?,
    };
    let same = kept.provider == new.provider
        && kept.label == new.label
        && kept.last4 == last4(&new.key)
        && kept.user == *scope.user();
    if !same {
        return Err(Refusal::Conflict(KEY_TAKEN));
    }
    Ok((StatusCode::CREATED, Json(KeyView::of(kept))))
}

async fn keep<W: World>(
    api: &Api<W>,
    scope: &TenantScope,
    id: KeyId,
    new: &NewKey,
) -> Result<ProviderKey, Refusal> {
    if mine(api, scope).await?.len() >= MAX_KEYS {
        return Err(Refusal::Conflict("a user has at most 50 keys in a tenant"));
    }
    if new.check {
        ask_provider(api, scope, new.provider, &new.key).await?;
    }
    let key = ProviderKey {
        id,
        tenant: scope.tenant().clone(),
        user: scope.user().clone(),
        provider: new.provider,
        label: new.label.clone(),
        last4: last4(&new.key),
        sealed: api.vault.seal(scope.tenant(), SecretKind::ProviderKey, &new.key).await?,
        created_at: api.clock.now(),
        projects: vec![],
    };
    if api.provider_keys.create(&key).await? {
        return Ok(key);
    }
    // Under one Idempotency-Key another request was faster, and that one counts.
    let faster = api.provider_keys.find(scope.tenant(), &key.id).await?;
    faster.ok_or_else(|| Refusal::internal("a new key is not there"))
}

/// Puts another secret in the place of the key's, for every project that uses it. A repeat does so
/// again, and changes nothing by that.
#[utoipa::path(
    put, path = "/api/keys/{id}", tag = "keys", security(("session" = [])),
    params(("id" = String, Path)), request_body = SecretBody,
    responses((status = 200, description = "The key", body = KeyView))
)]
pub(crate) async fn replace<W: World>(
    State(api): State<Arc<Api<W>>>,
    Person(scope): Person,
    KeyPath(id): KeyPath,
    Body(new): Body<NewSecret>,
) -> Result<Json<KeyView>, Refusal> {
    let key = own_key(&api, &scope, &id).await?;
    let malformed = |it: domain::model::MalformedKey| Refusal::of_field("key", it.to_string());
    key.provider.check_key(&new.key).map_err(malformed)?;
    if new.check {
        ask_provider(&api, &scope, key.provider, &new.key).await?;
    }
    let sealed = api.vault.seal(scope.tenant(), SecretKind::ProviderKey, &new.key).await?;
    if !api.provider_keys.replace(scope.tenant(), &id, &sealed, &last4(&new.key)).await? {
        return Err(Refusal::NotFound);
    }
    // Read again: who chose the key a moment ago may have brought the old one to the instance.
    let key = own_key(&api, &scope, &id).await?;
    for project in &key.projects {
        let project = own(&api, &scope, project).await?;
        let uses = |it: &Configuration| it.keys().contains(&id);
        set(&api, &project, |it| if uses(it) { it.again() } else { it.clone() }).await?;
    }
    Ok(Json(KeyView::of(key)))
}

/// Forgets the key, unless a project uses it.
#[utoipa::path(
    delete, path = "/api/keys/{id}", tag = "keys", security(("session" = [])),
    params(("id" = String, Path)),
    responses((status = 204, description = "It is gone"))
)]
pub(crate) async fn forget<W: World>(
    State(api): State<Arc<Api<W>>>,
    Person(scope): Person,
    KeyPath(id): KeyPath,
) -> Result<StatusCode, Refusal> {
    own_key(&api, &scope, &id).await?;
    if api.provider_keys.delete(scope.tenant(), &id).await? {
        return Ok(StatusCode::NO_CONTENT);
    }
    let users = api.provider_keys.find(scope.tenant(), &id).await?.map(|it| it.projects);
    Err(Refusal::InUse(users.unwrap_or_default()))
}

/// Has projects think with a model under this key. What they fall back to stays, where it still makes
/// sense.
#[utoipa::path(
    post, path = "/api/keys/{id}/apply", tag = "keys", security(("session" = [])),
    params(("id" = String, Path)), request_body = ApplyBody,
    responses((status = 202, description = "It is on its way", body = Vec<AppliedView>))
)]
pub(crate) async fn apply<W: World>(
    State(api): State<Arc<Api<W>>>,
    Person(scope): Person,
    KeyPath(id): KeyPath,
    Body(Application { projects, model }): Body<Application>,
) -> Result<(StatusCode, Json<Vec<AppliedView>>), Refusal> {
    let key = own_key(&api, &scope, &id).await?;
    let primary = ModelUse { provider: key.provider, model, key_id: Some(key.id) };
    // All of them are found before the first is changed.
    let projects = match projects {
        Which::All => api.projects.list(scope.tenant()).await?,
        Which::These(ids) => find_all(&api, &scope, &ids).await?,
    };
    let mut applied = vec![];
    for project in &projects {
        let set = set(&api, project, |before| before.with_model(under(&primary, before))).await?;
        applied.push(AppliedView { project_id: project.id.to_string(), version: set.version });
    }
    Ok((StatusCode::ACCEPTED, Json(applied)))
}

/// `primary`, with the fallback of `before` if the two go together.
fn under(primary: &ModelUse, before: &Configuration) -> ModelChoice {
    let fallback = before.model.as_ref().and_then(|it| it.fallback.clone());
    let alone = || ModelChoice { primary: primary.clone(), fallback: None };
    ModelChoice::new(primary.clone(), fallback).unwrap_or_else(|_| alone())
}

async fn find_all<W: World>(
    api: &Api<W>,
    scope: &TenantScope,
    ids: &[ProjectId],
) -> Result<Vec<Project>, Refusal> {
    let mut found = vec![];
    for id in ids {
        let project = own(api, scope, id).await.map_err(|error| match error {
            Refusal::NotFound => Refusal::of_field("projects", format!("there is no `{id}`")),
            other => other,
        });
        found.push(project?.into_project());
    }
    Ok(found)
}

/// The key called `id` if it is the user's own in this tenant.
async fn own_key<W: World>(
    api: &Api<W>,
    scope: &TenantScope,
    id: &KeyId,
) -> Result<ProviderKey, Refusal> {
    let key = api.provider_keys.find(scope.tenant(), id).await?;
    key.filter(|it| it.user == *scope.user()).ok_or(Refusal::NotFound)
}

async fn mine<W: World>(api: &Api<W>, scope: &TenantScope) -> Result<Vec<ProviderKey>, Refusal> {
    let all = api.provider_keys.list(scope.tenant()).await?;
    Ok(all.into_iter().filter(|it| it.user == *scope.user()).collect())
}

async fn ask_provider<W: World>(
    api: &Api<W>,
    scope: &TenantScope,
    provider: ModelProvider,
    key: &str,
) -> Result<(), Refusal> {
    throttle::count_key_check(api, scope.user()).await?;
    match api.provider_check.check(provider, key).await {
        Ok(KeyVerdict::Good) => Ok(()),
        Ok(KeyVerdict::Refused) => {
            Err(Refusal::of_field("key", format!("{provider} does not accept this key")))
        }
        Err(error) => {
            tracing::warn!(reason = %chain(&error), %provider, "a key could not be checked");
            Err(Refusal::ProviderAway)
        }
    }
}
