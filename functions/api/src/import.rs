//! An owner brings along the state of an OpenClaw that ran elsewhere.
//!
//! The archive goes past us: to the store, by a link that takes it once it has the length that was said. Then
//! the saga `import` looks at it, and what came of that is read here.

use crate::{
    caller::{Reader, Writer},
    input::{Body, Fields, ImportPath, Input, ProjectPath},
    life::{not_running, require_arrived},
    project::own,
    random::{self, LONG_ID_LEN},
    refusal::Refusal,
    throttle,
    view::{ImportState, ImportTicketView, ImportView, NewImportBody},
    world::{Api, World},
};
use axum::{Json, extract::State};
use contracts::import::{MAX_BYTES, Saga};
use domain::{
    id::ImportId,
    project::{Project, State as Stage},
};
use http::StatusCode;
use ports::{
    clock::Clock,
    imports::{ImportLinks, ImportName},
    sagas::{Course, Sagas},
};
use std::sync::Arc;

pub(crate) struct NewImport {
    bytes: u32,
}

impl Input for NewImport {
    fn read(fields: &mut Fields) -> Option<Self> {
        let most = u32::try_from(MAX_BYTES).unwrap_or(u32::MAX);
        Some(Self { bytes: fields.integer("bytes", 1..=most)? })
    }
}

/// Where to put an archive of a `.openclaw` directory, packed by `tar -czf` while its OpenClaw was stopped.
///
/// With `PUT`, within a quarter of an hour, and with exactly as many bytes as was said. Nothing happens to it
/// before it is taken in.
#[utoipa::path(
    post, path = "/api/projects/{id}/imports", tag = "projects",
    security(("session" = []), ("access_token" = ["write"])),
    params(("id" = String, Path)), request_body = NewImportBody,
    responses((status = 201, description = "Where to put it", body = ImportTicketView))
)]
pub(crate) async fn create<W: World>(
    State(api): State<Arc<Api<W>>>,
    Writer(scope): Writer,
    ProjectPath(id): ProjectPath,
    Body(order): Body<NewImport>,
) -> Result<(StatusCode, Json<ImportTicketView>), Refusal> {
    let project = own(&api, &scope, &id).await?;
    require_replaceable(&project)?;
    throttle::count_import(&api, &project.id).await?;
    let import = ImportId::new(&random::id_body(LONG_ID_LEN)).map_err(Refusal::internal)?;
    let name = ImportName { project: project.id.clone(), id: import.clone() };
    let upload_url = api.imports.upload_link(&name, order.bytes.into()).await?;
    let view = ImportTicketView { id: import.into(), upload_url };
    Ok((StatusCode::CREATED, Json(view)))
}

/// Has what was uploaded looked at, and taken in if nothing is wrong with it. A repeat changes nothing.
///
/// A running instance is stopped then, with a last backup, and starts again from it; what is stopped, or has
/// failed, starts from it the next time. Configuration, tokens and keys are not taken: the platform writes its
/// own. An archive with anything wrong in it changes nothing.
#[utoipa::path(
    post, path = "/api/projects/{id}/imports/{import_id}", tag = "projects",
    security(("session" = []), ("access_token" = ["write"])),
    params(("id" = String, Path), ("import_id" = String, Path)),
    responses((status = 202, description = "It is being looked at", body = ImportView))
)]
pub(crate) async fn start<W: World>(
    State(api): State<Arc<Api<W>>>,
    Writer(scope): Writer,
    ImportPath(id, import): ImportPath,
) -> Result<(StatusCode, Json<ImportView>), Refusal> {
    let project = own(&api, &scope, &id).await?;
    let execution = Saga::execution_name(&project.id, &import);
    // Before anything is refused: a repeat finds the project changed by the first.
    if api.intakes.course(&execution).await?.is_none() {
        require_replaceable(&project)?;
        require_arrived(&api, &project).await?;
        let saga = Saga::of(&project, import, api.clock.now());
        let input = serde_json::to_string(&saga).map_err(Refusal::internal)?;
        api.intakes.ensure_started(&execution, &input).await?;
    }
    Ok((StatusCode::ACCEPTED, Json(ImportView::of(ImportState::Running))))
}

/// What became of an import: what was taken and what left out, or which entry was wrong.
#[utoipa::path(
    get, path = "/api/projects/{id}/imports/{import_id}", tag = "projects",
    security(("session" = []), ("access_token" = ["read"])),
    params(("id" = String, Path), ("import_id" = String, Path)),
    responses((status = 200, description = "How far it is", body = ImportView))
)]
pub(crate) async fn show<W: World>(
    State(api): State<Arc<Api<W>>>,
    Reader(scope): Reader,
    ImportPath(id, import): ImportPath,
) -> Result<Json<ImportView>, Refusal> {
    let project = own(&api, &scope, &id).await?;
    let execution = Saga::execution_name(&project.id, &import);
    match api.intakes.course(&execution).await? {
        None => return Err(Refusal::NotFound),
        Some(Course::Running) => return Ok(Json(ImportView::of(ImportState::Running))),
        Some(Course::Ended { .. } | Course::Stuck) => (),
    }
    let Some(state) = api.intakes.result(&execution).await? else {
        return Ok(Json(ImportView::of(ImportState::Failed)));
    };
    let saga: Saga = serde_json::from_str(&state).map_err(Refusal::internal)?;
    Ok(Json(ImportView::ended(saga)))
}

/// Something has to be there that gives way, and it has to stand still.
fn require_replaceable(project: &Project) -> Result<(), Refusal> {
    match project.state {
        Stage::Running | Stage::Stopped | Stage::Error => Ok(()),
        other => Err(not_running(other)),
    }
}
