//! A project's backups, and the way back to one of them.

use crate::{
    caller::{Reader, Writer},
    input::{Body, Fields, Input, ProjectPath},
    life::{accepted, halt, not_running, refuse},
    project::own,
    refusal::Refusal,
    view::{BackupView, ProjectView, RestoreBody},
    world::{Api, World},
};
use axum::{Json, extract::State};
use domain::{
    backup::{Choice, StoredBackup, as_of},
    id::ProjectId,
    project::{Purpose, State as Stage},
};
use http::StatusCode;
use jiff::Timestamp;
use ports::{backups::BackupLists, tenant_projects::TenantProjects};
use std::{cmp::Reverse, convert::Infallible, sync::Arc};

/// All backups of the project, newest first.
#[utoipa::path(
    get, path = "/api/projects/{id}/backups", tag = "projects",
    security(("session" = []), ("access_token" = ["read"])),
    params(("id" = String, Path)),
    responses((status = 200, description = "The backups that are kept", body = Vec<BackupView>))
)]
pub(crate) async fn list<W: World>(
    State(api): State<Arc<Api<W>>>,
    Reader(scope): Reader,
    ProjectPath(id): ProjectPath,
) -> Result<Json<Vec<BackupView>>, Refusal> {
    let project = own(&api, &scope, &id).await?;
    let mut stored = api.backups.list(&project.id).await?;
    stored.sort_by_key(|it| Reverse((it.stored_at, it.name.attempt, it.name.number)));
    let view = |it: &StoredBackup| BackupView::of(name(it), it);
    Ok(Json(stored.iter().map(view).collect()))
}

/// Which backup an owner goes back to.
pub(crate) enum Restore {
    Named(String),
    /// The newest one that was there by then.
    AsOf(Timestamp),
}

impl Input for Restore {
    fn read(fields: &mut Fields) -> Option<Self> {
        let named = fields.optional("backup_id", Ok::<_, Infallible>).ok()?;
        let time = fields.optional("time", |it| {
            it.parse().map_err(|_| "must be a moment like `2026-11-21T12:00:00Z`")
        });
        match (named, time.ok()?) {
            (Some(name), None) => Some(Self::Named(name)),
            (None, Some(time)) => Some(Self::AsOf(time)),
            (None, None) => fields.refuse("backup_id", "is required, or `time`"),
            (Some(_), Some(_)) => fields.refuse("time", "must be left out beside `backup_id`"),
        }
    }
}

/// Takes the project back to what it knew at one of its backups: a certain one, or the newest one that was
/// there at a time.
///
/// A running instance is stopped, with a last backup, and starts again from the chosen one. What is stopped,
/// or has failed, starts from it the next time.
#[utoipa::path(
    post, path = "/api/projects/{id}/restore", tag = "projects",
    security(("session" = []), ("access_token" = ["write"])),
    params(("id" = String, Path)),
    request_body = RestoreBody,
    responses((status = 202, description = "It goes back, at once or with its next start",
        body = ProjectView))
)]
pub(crate) async fn restore<W: World>(
    State(api): State<Arc<Api<W>>>,
    Writer(scope): Writer,
    ProjectPath(id): ProjectPath,
    Body(order): Body<Restore>,
) -> Result<(StatusCode, Json<ProjectView>), Refusal> {
    let project = own(&api, &scope, &id).await?;
    match project.state {
        Stage::Running => {
            let choice = find(&api, &id, &order).await?;
            halt(&api, &project, Purpose::Restore { choice }).await?;
            Ok(accepted(&api, project.into_project()))
        }
        Stage::Stopped | Stage::Asleep | Stage::Error => {
            let choice = find(&api, &id, &order).await?;
            let chosen = api.projects.choose_backup(&project, choice).await.map_err(refuse)?;
            Ok(accepted(&api, chosen))
        }
        other => Err(not_running(other)),
    }
}

/// Only what is listed for the project itself is found.
async fn find<W: World>(
    api: &Api<W>,
    project: &ProjectId,
    order: &Restore,
) -> Result<Choice, Refusal> {
    let stored = api.backups.list(project).await?;
    let (chosen, otherwise) = match order {
        Restore::Named(id) => (
            stored.iter().find(|it| name(it) == *id),
            Refusal::of_field("backup_id", "is no backup of this project"),
        ),
        Restore::AsOf(time) => (as_of(&stored, *time), too_early(&stored)),
    };
    chosen.map(StoredBackup::choice).ok_or(otherwise)
}

fn too_early(stored: &[StoredBackup]) -> Refusal {
    let why = match stored.iter().map(|it| it.stored_at).min() {
        Some(oldest) => format!("is before the oldest backup that is kept, of {oldest}"),
        None => "can be no moment yet: there is no backup".to_owned(),
    };
    Refusal::of_field("time", why)
}

/// Within its project.
fn name(backup: &StoredBackup) -> String {
    format!("{}-{}", backup.name.attempt, backup.name.number)
}
