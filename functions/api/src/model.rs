//! Which model a project's agent thinks with.

use crate::{
    caller::{Reader, TenantScope, Writer},
    configure::{NO_KEY, current, set},
    input::{Body, Fields, Input, ProjectPath},
    project::own,
    refusal::Refusal,
    view::{ModelBody, ModelView, ShelfView},
    world::{Api, World},
};
use axum::{Json, extract::State};
use domain::{
    configuration::Configuration,
    id::KeyId,
    model::{ModelChoice, ModelId, ModelProvider, ModelUse, Senseless},
};
use http::StatusCode;
use ports::keys::ProviderKeys;
use std::sync::Arc;

/// One model, as a body names it.
pub(crate) struct Use(ModelUse);

pub(crate) struct Choice {
    primary: ModelUse,
    fallback: Option<ModelUse>,
}

fn read_use(fields: &mut Fields) -> Option<ModelUse> {
    let (provider, model) = (fields.provider("provider"), fields.model("model"));
    let key_id = fields.optional("key_id", KeyId::try_from);
    Some(ModelUse { provider: provider?, model: model?, key_id: key_id.ok()? })
}

impl Input for Use {
    fn read(fields: &mut Fields) -> Option<Self> {
        read_use(fields).map(Self)
    }
}

impl Input for Choice {
    fn read(fields: &mut Fields) -> Option<Self> {
        let (primary, fallback) = (read_use(fields), fields.object::<Use>("fallback"));
        Some(Self { primary: primary?, fallback: fallback.ok()?.map(|Use(it)| it) })
    }
}

/// Every provider with the models that are offered for choice.
///
/// Of other providers any model may be named; of ours, these and no others.
#[utoipa::path(
    get, path = "/api/models", tag = "models",
    responses((status = 200, description = "The catalogue", body = Vec<ShelfView>))
)]
pub(crate) async fn catalogue<W: World>(State(api): State<Arc<Api<W>>>) -> Json<Vec<ShelfView>> {
    Json(api.settings.models.0.iter().map(ShelfView::of).collect())
}

/// What the project's agent thinks with, and whether it does already.
#[utoipa::path(
    get, path = "/api/projects/{id}/model", tag = "models", security(("session" = []), ("access_token" = ["read"])),
    params(("id" = String, Path)),
    responses((status = 200, description = "The choice", body = ModelView))
)]
pub(crate) async fn show<W: World>(
    State(api): State<Arc<Api<W>>>,
    Reader(scope): Reader,
    ProjectPath(id): ProjectPath,
) -> Result<Json<ModelView>, Refusal> {
    let project = own(&api, &scope, &id).await?;
    Ok(Json(view(&api, &current(&api, &project).await?)))
}

/// Chooses the model, and what to fall back to when it does not answer.
///
/// An instance that runs takes it over within seconds, without a restart: `applied_version` reaches
/// `version` then, or `failed` says why not. Choosing the same again changes nothing, unless it failed:
/// then it is tried again.
#[utoipa::path(
    put, path = "/api/projects/{id}/model", tag = "models", security(("session" = []), ("access_token" = ["write"])),
    params(("id" = String, Path)), request_body = ModelBody,
    responses((status = 202, description = "It is on its way", body = ModelView))
)]
pub(crate) async fn choose<W: World>(
    State(api): State<Arc<Api<W>>>,
    Writer(scope): Writer,
    ProjectPath(id): ProjectPath,
    Body(Choice { primary, fallback }): Body<Choice>,
) -> Result<(StatusCode, Json<ModelView>), Refusal> {
    let project = own(&api, &scope, &id).await?;
    let choice = sensible(&api, primary, fallback)?;
    let now = current(&api, &project).await?;
    ensure_usable(&api, &scope, &now, &choice).await?;
    let set = set(&api, &project, |before| before.with_model(choice.clone())).await?;
    Ok((StatusCode::ACCEPTED, Json(view(&api, &set))))
}

/// The choice, or which field of it makes no sense.
fn sensible<W: World>(
    api: &Api<W>,
    primary: ModelUse,
    fallback: Option<ModelUse>,
) -> Result<ModelChoice, Refusal> {
    let refuse = |field: &str, it: Senseless| Refusal::of_field(field, it.to_string());
    ModelChoice::new(primary.clone(), None).map_err(|it| refuse("key_id", it))?;
    let choice = ModelChoice::new(primary, fallback).map_err(|it| match it {
        Senseless::SameModel => refuse("fallback.model", it),
        Senseless::NoKey | Senseless::KeyOfOurs | Senseless::TwoKeys => {
            refuse("fallback.key_id", it)
        }
    })?;
    for (field, it) in ["model", "fallback.model"].into_iter().zip(choice.uses()) {
        let ours = it.provider == ModelProvider::Platform;
        let offered = api.settings.models.of(ModelProvider::Platform);
        if ours && offered.iter().all(|offer| offer.id != it.model) {
            return Err(Refusal::of_field(field, "is none of the platform's models"));
        }
    }
    Ok(choice)
}

/// A key is its owner's to use. What the project uses already, others may leave as it is.
async fn ensure_usable<W: World>(
    api: &Api<W>,
    scope: &TenantScope,
    now: &Configuration,
    choice: &ModelChoice,
) -> Result<(), Refusal> {
    for (field, it) in ["key_id", "fallback.key_id"].into_iter().zip(choice.uses()) {
        let Some(id) = &it.key_id else { continue };
        let key = api.provider_keys.find(scope.tenant(), id).await?;
        let usable = key.is_some_and(|key| {
            let mine = key.user == *scope.user() || now.keys().contains(id);
            mine && key.provider == it.provider
        });
        if !usable {
            return Err(Refusal::of_field(field, NO_KEY));
        }
    }
    Ok(())
}

fn view<W: World>(api: &Api<W>, configuration: &Configuration) -> ModelView {
    let offered = api.settings.models.of(ModelProvider::Platform).first();
    let ours = offered.map(|it| it.id.clone());
    ModelView::of(configuration, ours.as_ref().map_or("", ModelId::as_str))
}
