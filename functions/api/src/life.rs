//! A project's life in its owner's hands: stopped, started, woken, restarted.
//!
//! Each act is an execution whose name says which one it is, so that a second click starts nothing.

use crate::{
    caller::Writer,
    input::ProjectPath,
    project::own,
    refusal::Refusal,
    subscription::paying,
    view::ProjectView,
    world::{Api, World},
};
use axum::{Json, extract::State};
use contracts::{halt, provision, restart};
use domain::project::{Project, Purpose, State as Stage};
use http::StatusCode;
use ports::{
    clock::Clock,
    projects::ChangeError,
    sagas::{Course, Sagas},
    tenant_projects::{Owned, TenantProjects},
};
use std::sync::Arc;

/// A halt takes a minute or two.
const HALT_RETRY_AFTER_S: u32 = 10;

const GONE: &str = "the project is deleted: make a new one";
const IS_STARTING: &str = "the instance is starting: wait until it runs, and repeat";
const SLEEPS: &str = "the instance is asleep: wake it by a start, and repeat";
const HAS_FAILED: &str = "the last attempt failed, so nothing runs: let the project try again";

type Taken = Result<(StatusCode, Json<ProjectView>), Refusal>;

/// Stops a running instance: its data is kept in a backup, its place is given back.
#[utoipa::path(
    post, path = "/api/projects/{id}/stop", tag = "projects",
    security(("session" = []), ("access_token" = ["write"])),
    params(("id" = String, Path)),
    responses((status = 202, description = "It comes to rest, or rests already", body = ProjectView))
)]
pub(crate) async fn stop<W: World>(
    State(api): State<Arc<Api<W>>>,
    Writer(scope): Writer,
    ProjectPath(id): ProjectPath,
) -> Taken {
    let project = own(&api, &scope, &id).await?;
    match project.state {
        Stage::Running => halt(&api, &project, Purpose::Stop).await?,
        Stage::Stopped => (),
        other => return Err(not_running(other)),
    }
    Ok(accepted(&api, project.into_project()))
}

/// Starts a stopped instance from its backup, or wakes one that is asleep.
#[utoipa::path(
    post, path = "/api/projects/{id}/start", tag = "projects",
    security(("session" = []), ("access_token" = ["write"])),
    params(("id" = String, Path)),
    responses((status = 202, description = "It is on its way, or runs already", body = ProjectView))
)]
pub(crate) async fn start<W: World>(
    State(api): State<Arc<Api<W>>>,
    Writer(scope): Writer,
    ProjectPath(id): ProjectPath,
) -> Taken {
    let project = own(&api, &scope, &id).await?;
    match project.state {
        Stage::Stopped | Stage::Asleep | Stage::Pending => {
            Ok(accepted(&api, provision(&api, &project).await?))
        }
        Stage::Provisioning | Stage::Running => Ok(accepted(&api, project.into_project())),
        Stage::Halting => Err(busy()),
        Stage::Error => Err(Refusal::Conflict(HAS_FAILED)),
        Stage::PendingPayment | Stage::Suspended => Err(Refusal::PaymentNeeded),
        Stage::Deleting | Stage::Deleted => Err(Refusal::Conflict(GONE)),
    }
}

/// Restarts a running instance where it is. It answers nobody for some seconds, and loses nothing.
#[utoipa::path(
    post, path = "/api/projects/{id}/restart", tag = "projects",
    security(("session" = []), ("access_token" = ["write"])),
    params(("id" = String, Path)),
    responses((status = 202, description = "It restarts", body = ProjectView))
)]
pub(crate) async fn restart<W: World>(
    State(api): State<Arc<Api<W>>>,
    Writer(scope): Writer,
    ProjectPath(id): ProjectPath,
) -> Taken {
    let project = own(&api, &scope, &id).await?;
    if project.state != Stage::Running {
        return Err(match project.state {
            Stage::Stopped => Refusal::Conflict("the instance is stopped: start it"),
            other => not_running(other),
        });
    }
    let saga = restart::Saga::of(&project, api.clock.now());
    let input = serde_json::to_string(&saga).map_err(Refusal::internal)?;
    api.restarts.ensure_started(&saga.execution_name(), &input).await?;
    Ok(accepted(&api, project.into_project()))
}

/// Has the instance of `project` halted. A halt that is under way for something else goes on as it is.
///
/// Not before the saga that brought it there has ended: until then it may take everything back, and the
/// halt's undo would put back what is gone.
pub(crate) async fn halt<W: World>(
    api: &Api<W>,
    project: &Project,
    purpose: Purpose,
) -> Result<(), Refusal> {
    require_arrived(api, project).await?;
    let saga = halt::Saga::of(project, purpose);
    let input = serde_json::to_string(&saga).map_err(Refusal::internal)?;
    Ok(api.halts.ensure_started(&saga.execution_name(), &input).await?)
}

/// Whether the saga that brought `project` where it is has ended.
pub(crate) async fn require_arrived<W: World>(
    api: &Api<W>,
    project: &Project,
) -> Result<(), Refusal> {
    let arrival = provision::Saga::execution_name(&project.id, project.attempt);
    let arrives = api.sagas.course(&arrival).await? == Some(Course::Running);
    if arrives { Err(busy()) } else { Ok(()) }
}

/// The attempt is counted before its execution is started, as with a retry.
async fn provision<W: World>(api: &Api<W>, project: &Owned) -> Result<Project, Refusal> {
    let record = paying(api, project).await?;
    if !record.is_some_and(|it| it.standing(api.clock.now()).entitles()) {
        return Err(Refusal::PaymentNeeded);
    }
    let started = api.projects.request_start(project).await.map_err(refuse)?;
    let input = serde_json::to_string(&provision::Saga::of(&started)).map_err(Refusal::internal)?;
    let name = provision::Saga::execution_name(&started.id, started.attempt);
    api.sagas.ensure_started(&name, &input).await?;
    Ok(started)
}

pub(crate) fn accepted<W: World>(
    api: &Api<W>,
    project: Project,
) -> (StatusCode, Json<ProjectView>) {
    (StatusCode::ACCEPTED, Json(ProjectView::of(project, vec![], &api.settings)))
}

/// Why nothing can be done to an instance that is not there, and what can be done instead.
pub(crate) fn not_running(state: Stage) -> Refusal {
    match state {
        Stage::Halting => busy(),
        Stage::Pending | Stage::Provisioning => Refusal::Conflict(IS_STARTING),
        Stage::Error => Refusal::Conflict(HAS_FAILED),
        Stage::Asleep => Refusal::Conflict(SLEEPS),
        Stage::PendingPayment | Stage::Suspended => Refusal::PaymentNeeded,
        Stage::Deleting | Stage::Deleted => Refusal::Conflict(GONE),
        Stage::Running | Stage::Stopped => Refusal::internal("a state that was served before"),
    }
}

/// It comes to rest, for whatever reason: what is possible then shows when it does.
fn busy() -> Refusal {
    Refusal::Busy { retry_after_s: HALT_RETRY_AFTER_S }
}

/// Of a change that somebody else's was faster than.
pub(crate) fn refuse(error: ChangeError) -> Refusal {
    match error {
        ChangeError::Unknown(_) => Refusal::NotFound,
        ChangeError::Illegal(_) | ChangeError::Fenced { .. } | ChangeError::LostRace => {
            Refusal::Busy { retry_after_s: 1 }
        }
        ChangeError::Unavailable(error) => error.into(),
        never @ ChangeError::OtherSubscription => Refusal::internal(never),
    }
}
