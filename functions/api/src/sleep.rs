//! Whether a project may fall asleep while nobody uses it.

use crate::{
    caller::Writer,
    input::{Body, Fields, Input, ProjectPath},
    life::refuse,
    project::own,
    refusal::Refusal,
    view::{KeepAwakeBody, ProjectView},
    world::{Api, World},
};
use axum::{Json, extract::State};
use domain::project::State as Stage;
use ports::tenant_projects::TenantProjects;
use std::sync::Arc;

const GONE: &str = "the project is deleted: make a new one";

pub(crate) struct KeepAwake {
    keep_awake: bool,
}

impl Input for KeepAwake {
    fn read(fields: &mut Fields) -> Option<Self> {
        Some(Self { keep_awake: fields.truth("keep_awake")? })
    }
}

/// Keeps the project awake also while nobody uses it, or lets it fall asleep as its plan has it.
///
/// One that sleeps and is to be awake from now on wakes within a minute.
#[utoipa::path(
    put, path = "/api/projects/{id}/keep-awake", tag = "projects",
    security(("session" = []), ("access_token" = ["write"])),
    params(("id" = String, Path)),
    request_body = KeepAwakeBody,
    responses((status = 200, description = "It is so from now on", body = ProjectView))
)]
pub(crate) async fn set<W: World>(
    State(api): State<Arc<Api<W>>>,
    Writer(scope): Writer,
    ProjectPath(id): ProjectPath,
    Body(order): Body<KeepAwake>,
) -> Result<Json<ProjectView>, Refusal> {
    let project = own(&api, &scope, &id).await?;
    if matches!(project.state, Stage::Deleting | Stage::Deleted) {
        return Err(Refusal::Conflict(GONE));
    }
    let changed = api.projects.set_keep_awake(&project, order.keep_awake).await.map_err(refuse)?;
    Ok(Json(ProjectView::of(changed, vec![], &api.settings)))
}
